"""Steps of training without modules or optimizers: forward, backward, update."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import smooth

RATE = st.sampled_from([0.1, 0.01, 0.5])


@case(lecture="training", requires=["backward", "no_grad", "matmul", "tanh"], covers=["inp.leaf_no_grad"])
def two_layer_network_learns(
    torch,
    w1: smooth(shape=(3, 2), dtype="float32"),
    w2: smooth(shape=(1, 3), dtype="float32"),
    x: smooth(shape=(4, 2), dtype="float32"),
    eta: RATE,
):
    """A network of two layers moves its weights along the gradient of its loss."""
    parameters = [w1.requires_grad_(), w2.requires_grad_()]
    for _ in range(2):
        loss = (torch.tanh(x @ parameters[0].t()) @ parameters[1].t() - 1).pow(2).mean()
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= eta * p.grad
                p.grad = None


@case(lecture="training", requires=["backward", "no_grad", "in_place"], covers=["acc.leaf_mutated_between"])
def momentum_is_kept_in_plain_tensors(torch, w: smooth(shape=(3,), dtype="float32"), eta: RATE):
    """Momentum accumulates gradients in a tensor that does not require grad."""
    w.requires_grad_()
    velocity = torch.zeros_like(w)
    for _ in range(3):
        (w * w).sum().backward()
        with torch.no_grad():
            velocity.mul_(0.9).add_(w.grad)
            w.sub_(velocity, alpha=eta)
        w.grad.zero_()


@case(lecture="training", requires=["backward", "detach", "in_place"], covers=["leaf.data"])
def parameters_are_updated_through_data(torch, w: smooth(shape=(2,), dtype="float32"), eta: RATE):
    """An update through .data leaves the leaf a leaf, and its version as it was."""
    w.requires_grad_()
    for _ in range(2):
        w.grad = None
        w.exp().sum().backward()
        w.data -= eta * w.grad


@case(lecture="training", requires=["backward"], covers=["leaf.becomes_nonleaf"])
def update_outside_of_no_grad_loses_the_leaf(torch, w: smooth(shape=(2,), dtype="float32"), eta: RATE):
    """A parameter that is replaced by its update is a leaf no more, and gets no further grad."""
    w.requires_grad_().pow(2).sum().backward()
    moved = w - eta * w.grad
    moved.pow(2).sum().backward()
    moved.is_leaf
    w.grad


@case(lecture="training", requires=["backward", "no_grad"], covers=["mode.no_grad"])
def evaluation_leaves_no_graph(torch, w: smooth(shape=(2,), dtype="float32"), x: smooth(shape=(3, 2), dtype="float32")):
    """A loss evaluated under no_grad changes nothing for the next step of training."""
    w.requires_grad_()
    (x @ w).pow(2).mean().backward()
    with torch.no_grad():
        (x @ w).pow(2).mean().item()
    (x @ w).pow(2).mean().backward()


@case(lecture="training", requires=["backward", "no_grad"], covers=["acc.sum"])
def gradients_pile_up_if_not_reset(torch, w: smooth(shape=(2,), dtype="float32"), eta: RATE):
    """Without a reset every step uses the sum of all gradients so far."""
    w.requires_grad_()
    for _ in range(3):
        (w * w).sum().backward()
        with torch.no_grad():
            w -= eta * w.grad


@case(lecture="training", requires=["backward", "no_grad", "norm"], covers=["acc.leaf_mutated_between"])
def gradients_are_clipped_in_place(torch, w: smooth(shape=(3,), dtype="float32"), limit: st.sampled_from([0.1, 1.0])):
    """A gradient that is scaled down in place is what the update uses."""
    w.requires_grad_().pow(3).sum().backward()
    w.grad.mul_(limit / w.grad.norm())
    with torch.no_grad():
        w -= w.grad


@case(lecture="training", requires=["grad", "no_grad"], covers=["call.return_tuple"])
def update_without_grad_fields(
    torch, w: smooth(shape=(2, 2), dtype="float32"), b: smooth(shape=(2,), dtype="float32"), eta: RATE
):
    """An update with the result of autograd.grad leaves every grad None."""
    w.requires_grad_(), b.requires_grad_()
    loss = (w @ b).tanh().pow(2).sum()
    dw, db = torch.autograd.grad(loss, (w, b))
    with torch.no_grad():
        w -= eta * dw
        b -= eta * db
    w.grad
