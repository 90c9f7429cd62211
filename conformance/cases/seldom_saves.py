"""What seldom happens to saved values: written to between a first and a second backward, detached in place, packed, read."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)
Vector = floats(shape=(3,), values="positive", dtype=("float32",))


@case(requires=["create_graph", "in_place", "custom_function"])
def result_is_written_to_before_the_second_backward(torch, x: Vector, number: st.booleans(), written: st.booleans()):
    """A saved result that was written to between two backwards is refused by the second."""

    class Exponential(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            y, sign = a.exp(), a.sign()
            ctx.save_for_backward(y, sign)
            ctx.mark_non_differentiable(sign)
            return y, sign

        @staticmethod
        def backward(ctx, grad, other):
            y, sign = ctx.saved_tensors
            return grad * y * sign

    x = x[0].clone() if number else x
    x.requires_grad_()
    for f in (
        torch.exp,
        torch.tanh,
        torch.sigmoid,
        torch.sqrt,
        torch.reciprocal,
        lambda a: a.softmax(0),
        lambda a: Exponential.apply(a)[0],
    ):
        y = f(x)
        (grad,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        if written:
            with torch.no_grad():
                y.add_(1)
        torch.autograd.grad(grad.sum(), x)


@case(requires=["backward", "in_place", "detach"])
def detached_in_place_and_used_again(torch, x: Vector, graphed: st.booleans(), between: st.booleans()):
    """What is computed of a tensor after it was detached in place is not refused, and what was before is."""
    y = x.requires_grad_() * 2
    z = y * y if between else x
    y.detach_()
    y.requires_grad_()
    (y * y + y.exp()).sum().backward(create_graph=graphed)
    z.sum().backward(create_graph=graphed)


@case(requires=["in_place", "backward"])
def indices_that_were_saved_are_written_to(torch, x: Vector, kind: st.integers(0, 3)):
    """Indices that were saved and written to are not said to be the output of a node."""
    x.requires_grad_()
    values, indices = [lambda: x.max(0), lambda: x.sort(0), lambda: x.topk(2), lambda: x.mode(0)][kind]()
    indices.add_(1)
    values.sum().backward()


@case(requires=["graph"])
def saved_values_that_there_are_not(torch, x: Vector, w: Vector, needs: st.booleans()):
    """A value that a node did not save is shown as None, and so is a dimension that nobody named."""
    x.requires_grad_()
    w.requires_grad_(needs)
    x.pow(w).grad_fn._saved_result
    (x / w).grad_fn._saved_self
    (x * w).grad_fn._saved_self
    x.var().grad_fn._saved_dim
    x.std().grad_fn._saved_dim
    torch.aminmax(x)[0].grad_fn._saved_dim
    torch.linalg.vector_norm(x).grad_fn._saved_dim
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = x.pow(w) * x.pow(w.detach())
    y.sum().backward()


@case(requires=["saved_tensors_hooks", "indexing", "backward"])
def unpack_hook_asks_where_it_is(torch, x: Vector, kind: st.integers(0, 4)):
    """An unpack hook runs within the pass, without grad mode."""

    def unpack(packed):
        torch.is_grad_enabled()
        return packed

    x.requires_grad_()
    at = torch.tensor([0, 2])
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, unpack):
        y = [
            lambda: x[at],
            lambda: x.exp(),
            lambda: x * x,
            lambda: x.index_put((at,), x[:2]),
            lambda: x.gather(0, at),
        ][kind]()
    y.sum().backward()


@case(requires=["saved_tensors_hooks"])
def hooks_on_saved_tensors_that_are_no_functions(torch, x: Vector, first: st.booleans()):
    """A pair of hooks on saved tensors is refused where one is no function, or hooks are disabled."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(*((1, lambda t: t) if first else (lambda t: t, 1))):
        x * x
    disabled = torch.autograd.graph.disable_saved_tensors_hooks("not here")
    with disabled, torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        x * x
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t * 2, lambda t: t):
        y = x * x
    y.sum().backward()
    (x * x).grad_fn._raw_saved_self.missing


@case(requires=["backward", "nn"])
def class_changed_behind_a_loss_is_looked_at_again(
    torch,
    x: floats("float32", shape=(2, 3)),
    reduction: st.sampled_from(["mean", "sum", "none"]),
    several: st.booleans(),
):
    """The gradient of nll_loss refuses a class that its target was given since."""
    target = torch.tensor([1, 0]) if several and reduction != "none" else torch.tensor(1)
    given = x if target.dim() else x[0]
    loss = torch.nn.functional.nll_loss(given.requires_grad_(), target, reduction=reduction)
    target.data.fill_(7)
    loss.sum().backward()


REFUSED = {
    "erf": lambda torch, x: torch.erf(x),
    "maximum": lambda torch, x: torch.maximum(x, x),
    "elu": lambda torch, x: torch.nn.functional.elu(x),
    "product": lambda torch, x: x.mm(x),
    "solve": lambda torch, x: torch.linalg.solve(x, x),
    "gather": lambda torch, x: x.gather(0, torch.tensor([[7]])),
    "written": lambda torch, x: (x + 0).erfinv_(),
}


@case(requires=["saved_tensors_hooks", "func", "complex"])
def what_a_transform_cannot_compute_is_packed_outside(
    torch,
    name: st.sampled_from(sorted(REFUSED)),
    levels: st.integers(0, 2),
    kind: st.sampled_from(["float32", "complex64"]),
):
    """Operands of a kernel that refuses them are packed by then, at the level that they require grad at."""
    x = torch.ones(2, 3, dtype=getattr(torch, kind))
    tangent = x.clone()
    x.requires_grad_()

    def compute(given):
        return REFUSED[name](torch, given)

    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        if levels == 0:
            compute(x)
        elif levels == 1:
            torch.func.jvp(compute, (x,), (tangent,))
        else:
            torch.func.jvp(lambda a: torch.func.jvp(compute, (a,), (a,)), (x,), (tangent,))


ONCE = {
    "huber_loss": lambda torch, x: torch.nn.functional.huber_loss(x, x),
    "smooth_l1_loss": lambda torch, x: torch.nn.functional.smooth_l1_loss(x, x),
    "clip": lambda torch, x: x.clip(),
    "clamp": lambda torch, x: torch.clamp(x, x, x.detach()),
    "clamp_": lambda torch, x: (x + 0).clamp_(x.detach().double()),
    "lerp": lambda torch, x: torch.lerp(x, x, x.detach().double()),
    "ldexp": lambda torch, x: torch.ldexp(x, x > 0),
    "masked_fill": lambda torch, x: x.masked_fill(x, x[0]),
}


@case(requires=["saved_tensors_hooks", "complex"])
def operands_of_what_raises_are_packed_once(
    torch, name: st.sampled_from(sorted(ONCE)), kind: st.sampled_from(["float32", "float16", "complex64"])
):
    """What an operator would save is packed before its kernel refuses it, once, also under another name."""
    x = torch.ones(2, dtype=getattr(torch, kind)).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        ONCE[name](torch, x)
