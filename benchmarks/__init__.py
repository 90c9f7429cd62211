"""How fast numtorch is beside PyTorch, MyGrad and HIPS autograd."""
