"""Tangents of what had none: of tensors that are written to, of sums of gradients, and of operators by PyTorch's own rules."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import Shape, complexes, floats, same_shape

LAYOUTS = st.sampled_from(["as it is", "transposed"])
WRITES = [
    "add_",
    "sub_",
    "mul_",
    "div_",
    "pow_",
    "atan2_",
    "hypot_",
    "fmod_",
    "lerp_",
    "addcmul_",
    "addcdiv_",
    "xlogy_",
]
SMALL: list[Shape] = [(), (1,), (3,), (0,), (2, 3), (1, 1), (2, 1)]


def _laid_out(x, how):
    return x.t().clone() if how == "transposed" else x


@case(requires=["forward_ad", "in_place"])
def written_tensor_begins_with_zeros(
    torch,
    xyt: same_shape(3, min_dims=2, max_dims=2, values="special", empty=False),
    name: st.sampled_from(WRITES),
    layout: LAYOUTS,
    other: LAYOUTS,
    grad: st.booleans(),
):
    """A tensor without a tangent that is written with a dual begins with zeros for a tangent."""
    x, y, t = xyt
    x = _laid_out(x, layout)
    y = _laid_out(y, layout).clone() if layout == other else _laid_out(y, layout).t().clone().t()
    y.requires_grad_(grad)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(y, _laid_out(t, layout))
        further = (dual.detach(),) if name in ("lerp_", "addcmul_", "addcdiv_") else ()
        getattr(x, name)(dual, *further)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(x)


@case(requires=["forward_ad", "in_place"])
def filled_or_copied_tensor_has_its_own_tangent(
    torch,
    shape: st.sampled_from(SMALL),
    name: st.sampled_from(["fill_", "copy_", "masked_fill_", "item assignment"]),
    had: st.booleans(),
    grad: st.booleans(),
):
    """A 0-d dual fills zeros for a tangent; copied, its own tangent is expanded."""
    x, t = torch.ones(shape), torch.tensor(3.0).requires_grad_(grad)
    with torch.autograd.forward_ad.dual_level():
        x = torch.autograd.forward_ad.make_dual(x, torch.ones(shape)) if had else x
        value = torch.autograd.forward_ad.make_dual(torch.tensor(2.0), t)
        if name == "item assignment":
            x[...] = value
        elif name == "masked_fill_":
            x.masked_fill_(torch.ones(shape, dtype=torch.bool), value)
        else:
            getattr(x, name)(value)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(x)


@case(requires=["forward_ad"])
def sum_with_what_has_no_tangent_copies_the_other(
    torch,
    shape: st.sampled_from(SMALL),
    further: st.sampled_from([(), (1,), (1, 1), (1, 1, 1), (0,)]),
    name: st.sampled_from(["add", "sub", "rsub"]),
    first: st.booleans(),
    turned: st.booleans(),
):
    """The tangent of a sum is a copy of the expanded tangent, that of a difference is negated."""
    x = torch.ones(shape)
    x = x.movedim(0, -1) if turned and len(shape) else x
    y = torch.ones(further)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, x + 1)
        out = getattr(torch, name)(dual, y) if first else getattr(torch, name)(y, dual)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(out)


@case(requires=["forward_ad", "views"])
def empty_tangent_is_laid_out_as_its_primal(torch, way: st.integers(0, 3), given: st.integers(0, 2)):
    """A tangent of nothing is copied to the strides of a primal that is a window into memory."""
    source = torch.ones(2, 3, 4)
    x = [source[:0], source[:0].movedim(0, 1), source[:0].transpose(0, 2), source[:0, ::2]][way]
    with torch.autograd.forward_ad.dual_level():
        t = [x.contiguous(), x + 1, torch.zeros_like(x)][given]
        dual = torch.autograd.forward_ad.make_dual(x, t)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(dual)


@case(requires=["forward_ad", "backward"])
def summed_gradient_may_get_its_tangent_late(
    torch,
    shape: st.sampled_from(SMALL),
    name: st.sampled_from(["sin of sin", "sum of functions", "product", "leaky_relu"]),
    layout: LAYOUTS,
    of: st.sampled_from(["tangent", "primal"]),
):
    """A gradient is added to in place, and so is its tangent if it has one already."""
    x = torch.full(shape, 0.5)
    x = (_laid_out(x, layout) if len(shape) == 2 else x).requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones_like(x))
        y = {
            "sin of sin": lambda: dual.sin().sin(),
            "sum of functions": lambda: dual.exp() + dual.sin() + dual.tanh(),
            "product": lambda: dual * dual * dual,
            "leaky_relu": lambda: torch.nn.functional.leaky_relu(dual).asinh().atanh(),
        }[name]()
        primal, tangent = torch.autograd.forward_ad.unpack_dual(y)
        out = tangent if of == "tangent" else primal
        (g,) = torch.autograd.grad(out, x, torch.ones_like(out), allow_unused=True)
        first, second = torch.autograd.forward_ad.unpack_dual(g)


@case(requires=["forward_ad", "backward"])
def tangent_of_a_choice_is_chosen_likewise(
    torch,
    xt: same_shape(2, min_dims=2, max_dims=2, dtype="float64", empty=False),
    name: st.sampled_from(["cummax", "cummin", "frexp", "nextafter", "nll_loss", "prelu", "glu", "logcumsumexp"]),
    grad: st.booleans(),
    of_tangent: st.booleans(),
    back: st.booleans(),
):
    """The tangent of a choice is recorded as what PyTorch computes it by, and so is that of its gradient."""
    x, t = xt
    x.requires_grad_(grad)
    t.requires_grad_(of_tangent)
    functions = torch.nn.functional
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(torch.cat([x, x]), torch.cat([t, t]))
        rows = torch.zeros(2 * x.shape[0], dtype=torch.int64)
        y = {
            "cummax": lambda: torch.cummax(dual, -1)[0],
            "cummin": lambda: torch.cummin(dual, 0)[0],
            "frexp": lambda: torch.frexp(dual)[0],
            "nextafter": lambda: torch.nextafter(dual, dual.detach() + 1),
            "nll_loss": lambda: functions.nll_loss(dual, rows),
            "prelu": lambda: functions.prelu(dual, torch.tensor(0.25, dtype=torch.float64)),
            "glu": lambda: functions.glu(dual, 0),
            "logcumsumexp": lambda: torch.logcumsumexp(dual, 0),
        }[name]()
        primal, tangent = torch.autograd.forward_ad.unpack_dual(y)
        if back and grad:
            (g,) = torch.autograd.grad(y, dual, torch.ones_like(y), create_graph=True, allow_unused=True)
            torch.autograd.forward_ad.unpack_dual(g)


@case(requires=["func.jac"])
def jacfwd_of_logcumsumexp_leads_to_its_input(torch, x: floats("float64", min_dims=1, max_dims=2, empty=False)):
    """Where weights are multiplied by a batch of tangents the graph leads on to the input."""
    x.requires_grad_()
    torch.func.jacfwd(lambda a: torch.logcumsumexp(a, 0))(x)


@case(requires=["indexing"])
def index_fill_of_a_number_fills_it(torch, x: floats(shape=()), count: st.integers(0, 2), inplace: st.booleans()):
    """index_fill takes a 0-d tensor for one of a single slice."""
    index = torch.zeros(count, dtype=torch.int64)
    y = x.index_fill_(0, index, 2.0) if inplace else x.index_fill(0, index, 2.0)


@case(requires=["forward_ad", "in_place"])
def written_dual_saves_its_tangent(
    torch,
    xyt: same_shape(3, min_dims=1, values="smooth", dtype="float64", empty=False),
    name: st.sampled_from(["mul_", "div_", "pow_", "atan2_", "hypot_", "fmod_", "copysign_", "sin_", "exp_", "log1p_"]),
    of: st.sampled_from(["primal", "tangent"]),
):
    """What an in-place operator saves of its operand has the operand's tangent."""
    x, y, t = xyt
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        out = dual * 1
        getattr(out, name)(*(() if name in ("sin_", "exp_", "log1p_") else (y + 2,)))
        primal, tangent = torch.autograd.forward_ad.unpack_dual(out)
        root = tangent if of == "tangent" else primal
        (g,) = torch.autograd.grad(root, x, torch.ones_like(root), allow_unused=True)
        torch.autograd.forward_ad.unpack_dual(g)


@case(requires=["forward_ad", "nn", "create_graph"])
def gradient_of_softmax_has_the_tangent_of_its_steps(
    torch,
    xt: same_shape(2, min_dims=1, values="smooth", dtype="float64", empty=False),
    name: st.sampled_from(["softmax", "log_softmax"]),
    graph: st.booleans(),
):
    """Within a level the gradient of softmax is taken apart for its tangent."""
    x, t = xt
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        y = getattr(torch.nn.functional, name)(torch.autograd.forward_ad.make_dual(x, t), -1)
        (g,) = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=graph)
        torch.autograd.forward_ad.unpack_dual(g)


@case(requires=["func.vjp_jvp"])
def pullback_of_a_product_divides_later(
    torch,
    x: floats("float64", min_dims=1, max_dims=2, empty=False),
    name: st.sampled_from(["prod", "cumprod", "prod_dim"]),
):
    """When its level is over, the pullback of a product looks for zeros."""
    x.requires_grad_()
    function = {
        "prod": torch.prod,
        "cumprod": lambda a: torch.cumprod(a, 0),
        "prod_dim": lambda a: torch.prod(a, 0),
    }[name]
    y, pull = torch.func.vjp(function, x)
    pull(torch.ones_like(y))


@case(requires=["complex", "not_implemented"])
def result_type_is_refused_before_complex_numbers(
    torch,
    name: st.sampled_from(["atan2", "hypot", "fmod", "remainder", "nextafter", "copysign", "floor_divide"]),
    dtype: st.sampled_from(["int64", "float32", "bool", "complex64"]),
):
    """out= is refused for complex numbers before the operator itself is."""
    x = torch.ones(2, dtype=torch.complex64)
    getattr(torch, name)(x, x, out=torch.zeros(2, dtype=getattr(torch, dtype)))


@case(requires=["nn"])
def soft_margin_loss_has_the_shape_of_its_input(
    torch, first: st.sampled_from([(), (1,), (2,), (2, 1)]), second: st.sampled_from([(), (1,), (2,), (1, 1)])
):
    """soft_margin_loss broadcasts its target, and never its input."""
    torch.nn.functional.soft_margin_loss(torch.ones(first), torch.ones(second))


@case(requires=["forward_mode", "complex"])
def tangent_is_seen_through_the_bits_of_its_primal(
    torch,
    z: complexes(shape=(3,)),
    t: complexes(shape=(3,)),
    primal: st.sampled_from([lambda z: z.conj(), lambda z: z * 1, lambda z: z.conj().imag]),
    tangent: st.sampled_from([lambda t: t.conj(), lambda t: t * 1, lambda t: t.conj().imag]),
):
    """A tangent is copied, in its primal's type, where only one is a conjugate or a negative."""
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(primal(z), tangent(t))
        primal_, tangent_ = torch.autograd.forward_ad.unpack_dual(dual)
        tangent_.is_conj()
        tangent_.is_neg()


@case(requires=["forward_mode", "complex"])
def tangent_of_complex_solve_from_the_right_is_a_conjugate(
    torch, a: complexes(shape=(2, 2)), b: complexes(shape=(1, 2)), left: st.booleans()
):
    """What complex matrices solve from the right is a lazy conjugate, and so is its tangent."""
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(b.t().contiguous() if left else b, b.t().sin() if left else b.sin())
        x = torch.linalg.solve(a + 7 * torch.eye(2), dual, left=left)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(x)
        tangent.is_conj()


@case(requires=["forward_mode"])
def copied_tangent_has_the_type_of_its_primal(
    torch,
    primal: st.sampled_from(["float16", "float32", "float64", "complex64"]),
    tangent: st.sampled_from(["float16", "float32", "float64", "complex64"]),
    layout: st.sampled_from([lambda t: t, lambda t: t.t().contiguous().t()]),
):
    """A tangent of another type is kept as it is, and has its primal's type once it is copied."""
    x = torch.arange(6.0).reshape(2, 3)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(
            x.to(getattr(torch, primal)), layout(x.to(getattr(torch, tangent)) + 1)
        )
        p, t = torch.autograd.forward_ad.unpack_dual(dual)


@case(requires=["forward_mode"])
def number_leaves_tangents_of_half_precision_as_they_are(
    torch,
    kind: st.sampled_from(["float16", "bfloat16", "float32"]),
    shape: st.sampled_from([(), (2,)]),
    number: st.sampled_from([0.5, 2, True]),
    name: st.sampled_from(["mul", "div", "add", "sub"]),
):
    """The tangent of a product or a quotient with a number has the type of the primal, also of a scalar."""
    x = torch.ones(shape, dtype=getattr(torch, kind))
    with torch.autograd.forward_ad.dual_level():
        y = getattr(torch.autograd.forward_ad.make_dual(x, x), name)(number)
        p, t = torch.autograd.forward_ad.unpack_dual(y)


@case(requires=["forward_mode"])
def kernels_of_gradients_refuse_complex_tangents(
    torch,
    name: st.sampled_from(
        ["celu", "elu", "selu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "relu", "relu6"]
        + ["softplus", "softshrink", "logit", "gelu"]
    ),
    tracked: st.booleans(),
):
    """A tangent that is complex beside a real primal is refused by kernels that have no complex numbers."""
    x = torch.full((), 0.5)
    with torch.autograd.forward_ad.dual_level(), torch.set_grad_enabled(tracked):
        dual = torch.autograd.forward_ad.make_dual(x, torch.complex(x, x))
        (torch.logit if name == "logit" else getattr(torch.nn.functional, name))(dual)


@case(requires=["forward_mode", "graph"])
def constant_that_fills_a_dual_fills_its_tangent(
    torch, x: floats("float32", shape=(2,), values="positive"), value: st.sampled_from([1.5, 2]), how: st.integers(0, 2)
):
    """A 0-d tensor without a tangent fills the tangent of a dual with one that is zero."""
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        y = torch.autograd.forward_ad.make_dual(x, torch.ones(2)).rsqrt()
        p, t = torch.autograd.forward_ad.unpack_dual(y)
        if how == 0:
            y[...] = value
        else:
            y.fill_(torch.tensor(value) if how == 1 else value)
        t.grad_fn


@case(requires=["forward_ad"])
def tangents_of_gates_have_the_type_of_the_numbers(
    torch,
    kinds: st.tuples(*[st.sampled_from(["float32", "float64", "float16", "bfloat16", "complex64"])] * 2),
    name: st.sampled_from(["glu", "logsigmoid"]),
):
    """glu() and logsigmoid() refuse a tangent of another type than their input."""
    forward = torch.autograd.forward_ad
    primal, tangent = [torch.ones(4, dtype=getattr(torch, kind)) for kind in kinds]
    with forward.dual_level():
        y = getattr(torch.nn.functional, name)(forward.make_dual(primal, tangent))
        forward.unpack_dual(y)


@case(requires=["forward_ad"])
def tangent_of_a_reduced_loss_is_copied_to_memory_like_its_own(
    torch,
    xy: same_shape(2, min_dims=1, max_dims=2, values="positive", dtype="float32", empty=False),
    name: st.sampled_from(
        ["mse_loss", "smooth_l1_loss", "binary_cross_entropy", "soft_margin_loss", "l1_loss", "huber_loss"]
    ),
    reduction: st.sampled_from(["mean", "sum", "none"]),
):
    """A loss that is reduced within memory for all elements stays there, and so its tangent is a copy."""
    x, y = (t.sigmoid() for t in xy)
    loss = getattr(torch.nn.functional, name)(x, y, reduction=reduction)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(loss, torch.ones_like(loss))
        torch.autograd.forward_ad.unpack_dual(dual)


@case(requires=["forward_ad"])
def tangent_of_another_shape_is_not_permuted(
    torch, x: floats("float32", shape=(2, 3)), t: floats("float32", shape=(2, 3))
):
    """A tangent that got a dimension meanwhile does not fit the permutation of its primal."""
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        t.unsqueeze_(0)
        dual.permute(1, 0)


@case(requires=["forward_ad", "in_place"])
def whole_numbers_take_no_tangent(
    torch,
    x: floats("float32", shape=()),
    how: st.sampled_from(["fill_", "masked_fill_", "index_fill_", "copy_", "slice", "add_"]),
    dual: st.booleans(),
    leaf: st.booleans(),
):
    """Whole numbers that are filled with a tensor are refused its tangent, and its history they take."""
    with torch.autograd.forward_ad.dual_level():
        value = x.requires_grad_(leaf)
        if dual:
            value = torch.autograd.forward_ad.make_dual(value, torch.ones_like(x))
        n = torch.tensor([1, 2])
        at, mask = torch.tensor([0]), torch.tensor([True, False])
        if how == "slice":
            n[:1] = value
        else:
            getattr(n, how)(*{"masked_fill_": [mask], "index_fill_": [0, at]}.get(how, []), value)
        n.grad_fn


@case(requires=["forward_ad", "in_place"])
def tangent_with_a_tangent_gives_none(
    torch,
    xyt: same_shape(3, min_dims=1, values="smooth", empty=False),
    name: st.sampled_from(
        [
            "sin",
            "floor",
            "t",
            "view",
            "hardsigmoid",
            "asin_",
            "exp_",
            "zero_",
            "t_",
            "add_",
            "copy_",
            "copysign_",
            "gt_",
            "mul",
            "div",
        ]
    ),
    rounding_mode: st.sampled_from([None, "floor"]),
    grad: st.booleans(),
    whose: st.sampled_from(["self", "other"]),
):
    """Of a tangent that was written with a dual nothing gets one, after whatever else is refused."""
    x, y, t = xyt
    x.requires_grad_(grad)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        t.copy_(dual)
        u, v = (dual, y) if whose == "self" else (y, dual)
        if name == "hardsigmoid":
            out = torch.nn.functional.hardsigmoid(u)
        elif name == "view":
            out = u.view(-1)
        elif name in ("t", "t_"):
            out = getattr(u, "transpose" if name == "t" else "transpose_")(0, -1)
        elif name == "div":
            out = u.div(v, rounding_mode=rounding_mode)
        elif name in ("add_", "copy_", "copysign_", "gt_", "mul"):
            out = getattr(u, name)(v)
        else:
            out = getattr(u, name)()
        primal, tangent = torch.autograd.forward_ad.unpack_dual(u)


@case(requires=["forward_mode", "backward", "no_grad", "in_place"])
def primal_that_a_tangent_saved_is_derived_anew(
    torch,
    x: floats("float32", shape=(2,), values="positive"),
    name: st.sampled_from(["log", "sin", "exp", "square", "sqrt"]),
    write: st.sampled_from(["mul_", "set_", "unsqueeze_", "none"]),
    what: st.sampled_from(["tangent", "primal"]),
):
    """A tangent saves a view of the primal, and the complaint about a write names its new node."""
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones(2))
        primal, tangent = torch.autograd.forward_ad.unpack_dual(getattr(dual, name)())
    with torch.no_grad():
        if write == "mul_":
            x.mul_(2)
        elif write == "set_":
            x.set_()
        elif write == "unsqueeze_":
            x.unsqueeze_(0)
    (tangent if what == "tangent" else primal).sum().backward()
