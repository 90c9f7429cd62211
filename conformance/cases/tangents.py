"""What becomes of tangents that are saved, written, or taken by a transform."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape


@case(requires=["forward_ad", "hooks"], covers=["fw.grad_over"])
def saved_tensor_keeps_its_tangent_through_hooks(
    torch,
    xt: same_shape(2, min_dims=1, values="smooth"),
    name: st.sampled_from(["exp", "sin", "square", "tanh", "hardswish"]),
    way: st.sampled_from(["save_on_cpu", "detached", "doubled"]),
):
    """What hooks unpack has the tangent of what was packed, operands and results alike."""
    x, t = xt
    x.requires_grad_()
    if way == "save_on_cpu":
        hooks = torch.autograd.graph.save_on_cpu()
    elif way == "detached":
        hooks = torch.autograd.graph.saved_tensors_hooks(lambda a: a.detach(), lambda a: a)
    else:
        hooks = torch.autograd.graph.saved_tensors_hooks(lambda a: a * 2, lambda a: a)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        with hooks:
            y = getattr(torch.nn.functional if name == "hardswish" else torch, name)(dual) * dual
        (g,) = torch.autograd.grad(y.sum(), x)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(g)


@case(requires=["forward_ad"], covers=["fw.notimpl"])
def write_without_a_tangent_happens_before_it_is_refused(
    torch,
    xt: same_shape(2, min_dims=1, values="positive"),
    name: st.sampled_from(["igamma_", "igammac_", "acosh_", "asinh_", "atanh_", "set_", "rrelu", "resize_"]),
):
    """A write of which PyTorch has no forward formula raises when it has been done and counted."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        if name == "rrelu":
            torch.nn.functional.rrelu(dual, inplace=True)
        elif name == "resize_":
            dual.resize_(1)
        elif name in ("igamma_", "igammac_", "set_"):
            getattr(dual, name)(t.clone())
        else:
            getattr(dual, name)()
        primal, tangent = torch.autograd.forward_ad.unpack_dual(dual)


@case(requires=["forward_ad"], covers=["fw.inplace"])
def write_by_a_formula_of_its_own_writes_the_tangent(
    torch, xt: same_shape(2, min_dims=1, values="positive"), name: st.sampled_from(["polygamma_", "threshold_"])
):
    """polygamma_ multiplies the tangent in place, and threshold_ copies to it."""
    x, t = xt
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t).clone()
        if name == "polygamma_":
            dual.polygamma_(1)
        else:
            torch.nn.functional.threshold_(dual, 0.5, -1.0)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(dual)
        torch.autograd.grad(tangent.sum(), x, allow_unused=True)


@case(requires=["func"], covers=["func.vjp_jvp", "func.jac"])
def function_may_write_its_argument_in_forward_mode(
    torch,
    xt: same_shape(2, min_dims=0, values="finite"),
    write: st.sampled_from(["zero_", "fill_", "mul_", "copy_", "exp_"]),
    way: st.sampled_from(["jvp", "jacfwd", "vmap"]),
):
    """jvp and jacfwd let a function write to its argument, primal and tangent alike."""
    x, t = xt

    def f(a):
        if write == "copy_":
            a.copy_(a * 3)
        elif write in ("fill_", "mul_"):
            getattr(a, write)(2.0)
        else:
            getattr(a, write)()
        return a

    if way == "jvp":
        value, moved = torch.func.jvp(f, (x,), (t,))
    elif way == "jacfwd":
        torch.func.jacfwd(f)(x)
    else:
        torch.func.vmap(lambda row: torch.func.jvp(f, (row,), (row.cos(),)))(torch.stack([x, t]))


@case(requires=["func"], covers=["func.vjp_jvp"])
def decomposition_has_a_tangent_within_a_transform(torch, x: floats("float64", shape=(3, 3), values="smooth")):
    """jvp lays the tangent of a matrix exponential, a part of a larger matrix, out as the result."""
    value, moved = torch.func.jvp(torch.linalg.matrix_exp, (x / 4,), (x.cos(),))
