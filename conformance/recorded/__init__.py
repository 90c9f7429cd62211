"""The recorded oracle: programs and PyTorch's traces of them in one file, so that a verdict needs no PyTorch."""
