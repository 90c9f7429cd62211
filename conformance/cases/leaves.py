"""Rules of leaves that are met at their edges: out, as_tensor, leaves that are none any more."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape

REQUIRES = ("tape",)


@case(requires=["out"], covers=["leaf.out_variant"])
def out_takes_no_part_in_autograd(torch, xyo: same_shape(3), which: st.sampled_from(["operand", "out"])):
    """out raises where an operand or itself requires grad, and is written under no_grad."""
    x, y, out = xyo
    (x if which == "operand" else out).requires_grad_()
    torch.add(x, y, out=out)
    torch.mul(x, 2, out=out)
    torch.sin(x, out=out)
    with torch.no_grad():
        torch.add(x, y, out=out)
    out.is_leaf
    out._version


@case(requires=["out"], covers=["leaf.out_variant"])
def out_is_returned(torch, xy: same_shape(2, dtype=("float32", "float64"))):
    """An operation returns the tensor given as out, which keeps its dtype."""
    x, y = xy
    out = torch.zeros_like(x)
    torch.mul(x, y, out=out)
    torch.add(x, y, out=torch.zeros_like(x, dtype=torch.float64))
    torch.add(x, y, out=torch.zeros_like(x, dtype=torch.int64))


@case(requires=["factories"], covers=["leaf.as_tensor"])
def as_tensor_returns_its_argument(torch, x: floats()):
    """as_tensor() returns the very tensor, graph included, unless the dtype differs."""
    torch.as_tensor(x)
    y = x.requires_grad_() * 2
    torch.as_tensor(y)
    torch.as_tensor(y, dtype=x.dtype)
    torch.as_tensor(y, dtype=torch.float16).sum().backward()
    torch.as_tensor(2.5)
    torch.as_tensor([1, 2])


@case(requires=["in_place", "backward"], covers=["leaf.interior_error", "leaf.becomes_nonleaf"])
def leaf_that_became_interior_takes_no_gradient(torch, xw: same_shape(2)):
    """A leaf that was overwritten with what requires grad raises in the pass of its old graph."""
    x, w = xw
    y = x.requires_grad_() * 2
    node = y.grad_fn.next_functions[0][0]
    x.requires_grad_(False)
    x.add_(w.requires_grad_())
    node.variable
    y.sum().backward()
    x.sum().backward()


@case(requires=["backward"], covers=["acc.grad_stride0_arg", "acc.layout_contract"])
def gradient_is_returned_as_it_comes(torch, x: floats(min_dims=1, empty=False)):
    """autograd.grad returns an expanded gradient as it is, while backward() makes it dense."""
    x.requires_grad_()
    (g,) = torch.autograd.grad(x.sum(), x)
    g.stride()
    x.sum().backward()
    x.grad.stride()
    seed = torch.ones((), dtype=x.dtype).expand_as(x)
    (h,) = torch.autograd.grad(x.clone(), x, seed)
    h.stride()
    x.grad = None
    x.clone().backward(seed)
    x.grad.stride()
    x.grad = None
    x.backward(seed)
    x.grad.stride()


@case(requires=["comparison", "in_place", "backward"], covers=["inp.inplace_nondiff"])
def comparison_in_place_is_tracked(
    torch, xw: same_shape(2), name: st.sampled_from(["gt_", "lt_", "ge_", "le_", "eq_", "ne_"])
):
    """A comparison in place leaves zeros and ones, and a node with a gradient of zero."""
    x, w = xw
    y = x.requires_grad_() * 2
    getattr(y, name)(1)
    y.grad_fn.name()
    z = x * 3
    getattr(z, name)(w.requires_grad_())
    z.grad_fn.name()
    (y + z).sum().backward()
    getattr(x, name)(0)


@case(requires=["comparison", "in_place", "views", "backward"], covers=["inp.inplace_nondiff"])
def comparison_in_place_goes_through_views(torch, x: floats(shape=(2, 3))):
    """A comparison written into a view cuts the gradient of the elements that it overwrites."""
    y = x.requires_grad_() * 2
    y[0].gt_(0)
    y.grad_fn.name()
    y.sum().backward()


@case(requires=["saved_tensors_hooks", "in_place", "backward"], covers=["inp.allow_mutation"])
def saved_values_may_be_overwritten_in_a_context(
    torch, x: floats(shape=(2, 3)), w: lambda x: floats(x.dtype, shape=(3,))
):
    """In allow_mutation_on_saved_tensors backward() uses the values as they were saved."""
    x.requires_grad_()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * 2
        z = y.sin() * y
        y[0].mul_(w)
        y.zero_()
        z.sum().backward()


@case(requires=["saved_tensors_hooks", "in_place", "backward"], covers=["inp.allow_mutation"])
def saved_results_and_constants_may_be_overwritten_in_a_context(torch, xw: same_shape(2)):
    """In allow_mutation_on_saved_tensors a saved result may be overwritten, and a saved constant."""
    x, w = xw
    x.requires_grad_()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = x.exp()
        z = y * w
        y.mul_(3)
        w.add_(1)
        z.sum().backward()


@case(requires=["saved_tensors_hooks", "in_place", "backward"], covers=["inp.allow_mutation"])
def graph_stays_in_the_context_that_recorded_it(torch, x: floats(shape=(3,)), again: st.booleans()):
    """A graph recorded in allow_mutation_on_saved_tensors cannot be used outside of that context."""
    x.requires_grad_()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * 2
        z = y.sin()
        y.zero_()
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            y.add_(1)
    if again:
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            z.sum().backward()
    z.sum().backward()


@case(requires=["detach", "graph"], covers=["leaf.grad_fn_assign_none"])
def graph_behind_a_tensor_can_be_let_go(torch, x: floats(values="finite")):
    """_grad_fn can be set to None and to nothing else, and that detaches in place."""
    y = x.requires_grad_() * 2
    y._grad_fn
    y._grad_fn = 3
    y._grad_fn = y.grad_fn
    del y._grad_fn
    y._grad_fn = None
    y.requires_grad
    y.is_leaf
    view = (x * 2).view(-1)
    view._grad_fn = None
    x._grad_fn = None
    x.requires_grad
