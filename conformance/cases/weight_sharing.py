"""A network in which one weight is used twice: its gradient gathers both uses."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, smooth


@case(lecture="weight_sharing", requires=["backward", "matmul"], covers=["acc.self_use", "graph.dot"])
def shared_weight_gathers_both_gradients(
    torch,
    w1: smooth(shape=(3, 3), dtype="float32"),
    w2: smooth(shape=(3, 3), dtype="float32"),
    x0: smooth(shape=(3, 1), dtype="float32"),
    g: lambda x0: cotangent(x0),
):
    """A network that uses one weight twice and skips a layer has its gradients by backward()."""
    w1.requires_grad_(), w2.requires_grad_()
    x1 = w1 @ x0
    x2 = x0 + w2 @ x1
    x3 = w1 @ (x1 + x2)
    x3.backward(g)


@case(lecture="weight_sharing", requires=["backward", "matmul", "norm", "random"])
def shared_weight_with_random_data(torch):
    """A network with a shared weight, on data drawn from the generator, has the gradients of PyTorch."""
    torch.manual_seed(1)
    w1, w2 = torch.rand(5, 5).requires_grad_(), torch.rand(5, 5).requires_grad_()
    start = torch.randn(5)
    middle = w1 @ start
    end = w1 @ (middle + start + w2 @ middle)
    end.norm().backward()


@case(lecture="weight_sharing", requires=["grad", "matmul", "clone"])
def both_uses_can_be_told_apart(
    torch, w: floats(shape=(2, 2), dtype="float32", values="finite"), x: floats(shape=(2, 1), dtype="float32")
):
    """The gradient of a shared weight is the sum of the gradients of its clones."""
    w.requires_grad_()
    a, b = w.clone(), w.clone()
    y = (a @ (b @ x)).sum()
    torch.autograd.grad(y, (a, b, w))


@case(lecture="weight_sharing", requires=["backward", "matmul"], covers=["acc.self_use"])
def weight_stands_on_both_sides_of_a_product(
    torch, w: floats(shape=(2, 2), dtype="float32", values="finite"), x: smooth(shape=(2, 2), dtype="float32")
):
    """A weight that is the left and the right operand of products gathers both gradients."""
    w.requires_grad_()
    (x @ (w @ w) @ w).sum().backward()


@case(lecture="weight_sharing", requires=["backward", "matmul", "tanh"])
def recurrence_uses_its_weight_at_every_step(
    torch, w: smooth(shape=(2, 2), dtype="float32"), x: smooth(shape=(2, 2), dtype="float32"), rows: st.booleans()
):
    """A recurrent network gathers in its weight the gradients of all its steps."""
    w.requires_grad_()
    state = x
    for _ in range(3):
        state = ((state @ w if rows else w @ state) + x).tanh()
    state.sum().backward()


@case(lecture="weight_sharing", requires=["backward", "matmul", "transpose"])
def transposed_use_of_a_weight_counts(
    torch, w: floats(shape=(2, 3), dtype="float32", values="finite"), x: floats(shape=(3, 2), dtype="float32")
):
    """A weight that is used transposed as well, as in an autoencoder, gathers both gradients."""
    w.requires_grad_()
    code = w @ x
    (w.t() @ code).sum().backward()
