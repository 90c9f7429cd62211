"""What becomes of tangents that are saved, written, or taken by a transform."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape

OF_ONE_TYPE = {
    "dot": lambda torch, x, y: x[0].dot(y[0]),
    "vdot": lambda torch, x, y: x[0].vdot(y[0]),
    "mv": lambda torch, x, y: x.mv(y[0]),
    "mm": lambda torch, x, y: x.mm(y),
    "bmm": lambda torch, x, y: x[None].bmm(y[None]),
    "baddbmm": lambda torch, x, y: torch.baddbmm(x[None], x[None], y[None]),
    "cross": lambda torch, x, y: torch.linalg.cross(x, y),
    "scatter": lambda torch, x, y: x.scatter(0, torch.tensor([[0, 1, 0]]), y),
    "scatter_add": lambda torch, x, y: x.scatter_add(0, torch.tensor([[0, 1, 0]]), y),
    "scatter_reduce": lambda torch, x, y: x.scatter_reduce(0, torch.tensor([[0, 1, 0]]), y, "mean"),
    "index_add": lambda torch, x, y: x.index_add(0, torch.tensor([1, 0, 0]), y, alpha=2),
    "index_copy": lambda torch, x, y: x.index_copy(0, torch.tensor([1, 0, 2]), y),
    "index_put": lambda torch, x, y: x.index_put((torch.tensor([1, 0, 2]),), y),
    "put": lambda torch, x, y: x.put(torch.tensor([4, 0, 2]), y[0]),
    "masked_scatter": lambda torch, x, y: x.masked_scatter(x > 0, y),
    "lerp": lambda torch, x, y: x.lerp(y, 0.25),
    "lerp by a tensor": lambda torch, x, y: x.lerp(x, y),
    "complex": lambda torch, x, y: torch.complex(x.double(), y),
    "conv1d": lambda torch, x, y: torch.nn.functional.conv1d(x, y[None]),
    "of no sample": lambda torch, x, y: torch.nn.functional.conv1d(x[None][:0], y[None]),
    "huber_loss": lambda torch, x, y: torch.nn.functional.huber_loss(x, y),
    "det": lambda torch, x, y: (x + 5 * torch.eye(3, dtype=x.dtype)).det(),
    "cumprod": lambda torch, x, y: x.cumprod(0) * y,
    "cumprod of a number": lambda torch, x, y: x[0, 0].cumprod(0),
    "mish": lambda torch, x, y: torch.nn.functional.mish(x),
}
"""Operators of operands of one type, and three whose tangent has the type of the primal, whatever it was."""


@case(requires=["forward_ad", "func"])
def tangent_of_another_type_is_an_operand_of_another_type(
    torch,
    x: floats(shape=(3, 3), values="smooth"),
    y: floats(shape=(3, 3), values="smooth"),
    name: st.sampled_from(sorted(OF_ONE_TYPE)),
    to: st.sampled_from(["double", "half"]),
    both: st.booleans(),
    graph: st.booleans(),
):
    """Operators that take operands of one type refuse a tangent of another type than its primal."""
    x, y = getattr(x, to)(), getattr(y, to)()
    f = OF_ONE_TYPE[name]
    with torch.set_grad_enabled(graph):
        if both:
            torch.func.jvp(lambda a, b: f(torch, a, b), (x, y), (x.float(), y.float()))
        else:
            torch.func.jvp(lambda a: f(torch, a, y), (x,), (x.float(),))
            torch.func.jvp(lambda b: f(torch, x, b), (y,), (y.float(),))


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


@case(requires=["forward_ad"], covers=["fw.zero_tangent"])
def dual_of_inference_tensors_is_never_looked_at(
    torch, xyt: same_shape(3, min_dims=1, values="smooth"), tangent_too: st.booleans(), inside: st.booleans()
):
    """Operators take tangents along only if one of their operands is not of inference mode."""
    x, y, t = xyt
    with torch.inference_mode():
        primal = x * 1
        tangent = t * 1
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(primal, tangent if tangent_too else t)
        of_dual = torch.autograd.forward_ad.unpack_dual(dual)
        with torch.inference_mode(inside):
            alone = torch.autograd.forward_ad.unpack_dual(dual.reciprocal())
            beside = torch.autograd.forward_ad.unpack_dual(dual * y)
            shown = torch.autograd.forward_ad.unpack_dual(dual[0])


@case(requires=["forward_ad"], covers=["fw.inplace"])
def write_of_a_dual_to_itself_takes_the_tangent_twice(
    torch, xt: same_shape(2, min_dims=1, values="smooth"), name: st.sampled_from(["add_", "mul_", "sub_", "div_"])
):
    """Of x.add_(x) the tangent that is written is saved before, and that of the operand is not."""
    x, t = xt
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t) * 1
        getattr(dual, name)(dual)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(dual)
        tangent.backward(torch.ones_like(tangent))


@case(requires=["func", "sgn"], covers=["func.jac"])
def derivative_of_a_sign_is_the_same_for_a_whole_batch(
    torch,
    x: floats("float64", shape=(3,), values="smooth"),
    way: st.sampled_from(["jacrev", "jacfwd", "hessian", "vmap"]),
    name: st.sampled_from(["exp", "sin", "square", "sum", "mean", "max", "norm"]),
    before: st.booleans(),
):
    """Zeros of a sign are no batch within a transform, whose result repeats them."""

    def f(a):
        if before:
            return getattr(a.sgn() * 2, name)()
        return getattr(a, name)().sgn()

    def loss(a):
        return (f(a).sum() * a).sum()

    if way == "hessian":
        torch.func.hessian(loss)(x)
    elif way == "vmap":
        torch.func.vmap(torch.func.grad(loss))(torch.stack([x, x * 2]))
    else:
        getattr(torch.func, way)(f)(x)


@case(requires=["func"], covers=["func.jac"])
def gradient_of_gelu_repeats_what_is_no_batch(torch, x: floats("float64", min_dims=0, values="smooth")):
    """Where a vmap meets the gradient of gelu, an operand without a batch is expanded to one."""
    x.requires_grad_()
    out = torch.func.jacrev(lambda a: (torch.nn.functional.gelu(a) * a).sum())(x)
    out.sum().backward()


@case(requires=["forward_ad", "backward"], covers=["fw.grad_over"])
def watched_gradients_under_a_level_are_added_out_of_place(torch, xt: same_shape(2, min_dims=1, values="smooth")):
    """Where writes are watched, gradients are added out of place under a dual level, too."""
    x, t = xt
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level(), torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * x
        y.backward(t)


@case(requires=["func", "inference_mode"], covers=["func.grad", "func.vjp_jvp"])
def transform_within_inference_mode_records(
    torch,
    xt: same_shape(2, min_dims=1, values="smooth"),
    name: st.sampled_from(["exp", "sum", "mean", "abs", "cummax", "amax"]),
    way: st.sampled_from(["vjp", "jvp", "grad_and_value", "vmap"]),
    inside: st.booleans(),
):
    """Inference mode is off within a transform; a kernel that is made of steps counts them in its result."""

    def f(a):
        out = getattr(a * a, name)(*([0] if name == "cummax" else []))
        return out[0] if name == "cummax" else out

    x, t = xt
    with torch.inference_mode():
        given = x * 1 if inside else x
        if way == "vjp":
            value, pull = torch.func.vjp(f, given)
            pull(torch.ones_like(value))
        elif way == "jvp":
            value, moved = torch.func.jvp(f, (given,), (t,))
        elif way == "grad_and_value":
            gradient, value = torch.func.grad_and_value(lambda a: f(a).sum())(given)
        else:
            torch.func.vmap(f)(torch.stack([given, given]))


@case(requires=["inference_mode"])
def writes_of_steps_over_inference_tensors_are_counted(
    torch,
    x: floats("float64", shape=(2, 2), values="smooth"),
    name: st.sampled_from(["mv", "scatter", "scatter_add", "index_fill", "index_copy"]),
    all_of_them: st.booleans(),
):
    """Over inference tensors alone an operator counts the steps in which its kernel writes the result."""
    index = torch.tensor([[0, 1], [1, 0]])
    with torch.inference_mode():
        y = x * 1
        if all_of_them:
            index = index * 1
    if name == "mv":
        out = y.mv(y[0])
    elif name == "index_fill":
        out = y.index_fill(0, index[0], 1.0)
    elif name == "index_copy":
        out = y.index_copy(0, index[0], y)
    else:
        out = getattr(y, name)(0, index, y)


@case(requires=["forward_ad"], covers=["fw.zero_tangent"])
def bool_beside_a_dual_has_zeros_for_a_tangent(
    torch,
    xt: same_shape(2, min_dims=1, values="smooth"),
    name: st.sampled_from(["div", "mul", "add", "atan2", "maximum", "remainder"]),
    first: st.booleans(),
):
    """The zeros that stand for the tangent of bools are of bools, and may be subtracted all the same."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        pair = (x > 0, dual) if first else (dual, x > 0)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(getattr(torch, name)(*pair))


@case(requires=["func", "hooks"], covers=["func.jac"])
def writes_within_a_transform_are_watched(
    torch,
    x: floats("float64", shape=(3,), values="smooth"),
    way: st.sampled_from(["jacfwd", "jacrev", "jvp"]),
    name: st.sampled_from(["norm", "std", "add_"]),
):
    """allow_mutation_on_saved_tensors looks at writes of a transform below it."""

    def f(a):
        return (a * 2).add_(1) if name == "add_" else getattr(a * 2, name)()

    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        if way == "jvp":
            value, moved = torch.func.jvp(f, (x,), (x,))
        else:
            getattr(torch.func, way)(f)(x)


@case(requires=["forward_ad"], covers=["fw.notimpl"])
def floor_division_refuses_duals_before_anything_else(
    torch,
    xt: same_shape(2, min_dims=1, values="smooth"),
    other: st.sampled_from(["real", "complex", "number", "shape"]),
    swapped: st.booleans(),
):
    """floor_divide refuses a dual before it looks at types and shapes."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        if other == "real":
            y = t
        elif other == "complex":
            y = torch.complex(t, t)
        else:
            y = 2 if other == "number" else torch.ones(3, 7)
        if swapped and other != "number":
            torch.floor_divide(y, dual)
        else:
            dual // y
            torch.floor_divide(dual, y)
