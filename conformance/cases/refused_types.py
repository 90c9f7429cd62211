"""Types that an operator has no kernel for, and what it does with those of its operands that differ."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("argument_checks",)

ROUNDING = ("abs", "neg", "floor", "ceil", "trunc", "round", "frac", "sign", "sgn")
PAIRS = ("logaddexp", "logaddexp2", "nextafter")
LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss", "kl_div")
COMPARISONS = ("lt_", "le_", "gt_", "ge_", "eq_", "ne_")


@case()
def bools_are_not_rounded(torch, x: floats(values="finite"), name: st.sampled_from(ROUNDING)):
    """Operators that round or change a sign refuse bools, in place too."""
    mask = x > 0
    getattr(mask, name)()
    getattr(mask, name + "_")()
    getattr(mask.long(), name)()


@case()
def integers_have_no_logaddexp(torch, x: floats(values="finite"), name: st.sampled_from(PAIRS)):
    """Operators of two floating tensors refuse two of integers, and leave them as they were."""
    whole = (x * 2).long()
    getattr(whole, name)(whole)
    getattr(torch, name)(x, whole)
    whole.nextafter_(whole)


@case()
def losses_of_integers_take_the_other_type(
    torch, x: floats(values="finite"), name: st.sampled_from(LOSSES), to: st.sampled_from(["long", "bool"])
):
    """A loss takes integers beside floats where its result may have the floating type, and not alone."""
    loss = getattr(torch.nn.functional, name)
    whole = getattr(x, to)()
    loss(x.requires_grad_(), whole)
    loss(whole, x.detach())
    loss(whole, whole)
    loss(x.grad, x)


@case(requires=["in_place"])
def comparison_in_place_writes_any_type(
    torch, x: floats(values="finite"), name: st.sampled_from(COMPARISONS), k: st.sampled_from([0, 1.5])
):
    """A comparison in place writes into integers and bools what it found about floats."""
    whole = x.long()
    getattr(whole, name)(x)
    getattr(whole, name)(k)
    getattr(x > 0, name)(x)


@case(requires=["in_place"])
def scattering_a_tensor_into_itself_is_refused(torch, x: floats(min_dims=1, max_dims=1)):
    """Operators that put slices or elements in place refuse a source that shares the memory written."""
    at = torch.zeros(x.shape, dtype=torch.int64)
    x.index_add_(0, at, x)
    x.index_copy_(0, at, x)
    x.scatter_(0, at, x)
    x.scatter_add_(0, at, x)
    x.scatter_reduce_(0, at, x, "mean")


@case()
def none_has_no_operator_with_a_tensor(torch, x: floats(values="finite")):
    """Python says that None has no remainder and no quotient with a tensor."""
    x.grad % x
    x.grad // x
    y = x.grad
    y %= x


@case(requires=["elementwise"])
def inverse_error_function_of_nan_is_nan(torch, x: floats()):
    """erfinv is nan outside [-1, 1] and for nan, and infinite at the ends."""
    torch.erfinv(x)
    x.erfinv()
    x.erfinv_()


@case(requires=["tensor"])
def convolutions_say_which_types_differ(
    torch,
    kinds: st.lists(
        st.sampled_from(["float32", "float64", "complex64", "complex128", "int64", "bool"]), min_size=3, max_size=3
    ),
    name: st.sampled_from(["conv1d", "conv2d", "conv_transpose1d", "conv_transpose3d"]),
    ranks: st.sampled_from(["fitting", "number"]),
):
    """A convolution compares the type of its bias before shapes; a complex one all types."""
    x, w, b = [torch.ones(1, 1, 1, 1, 1, dtype=getattr(torch, kind)) for kind in kinds]
    ndim = int(name[-2]) + 2
    shape = (1,) * ndim
    weight = w.reshape(shape) if ranks == "fitting" else w.reshape(())
    getattr(torch.nn.functional, name)(x.reshape(shape), weight)
    getattr(torch.nn.functional, name)(x.reshape(shape), weight, b.reshape(1))


@case(requires=["in_place", "backward"])
def whole_numbers_with_a_history_take_no_gradient(
    torch,
    kind: st.sampled_from(["bool", "int64", "uint8"]),
    how: st.sampled_from(["fill_", "item", "items"]),
    use: st.sampled_from(["itself", "product", "grad"]),
):
    """Whole numbers overwritten by what requires grad have a history, which no gradient goes along."""
    x = torch.tensor(1.0, requires_grad=True)
    y = torch.ones(2, dtype=getattr(torch, kind))
    if how == "fill_":
        y.fill_(x)
    elif how == "item":
        y[...] = x
    else:
        y[torch.tensor([True, False])] = x
    y.requires_grad
    if use == "itself":
        y.backward(torch.ones(2))
    elif use == "product":
        (y * 2.0).sum().backward()
    else:
        torch.autograd.grad((y * 2.0).sum(), y)


KINDS = st.sampled_from(["float32", "float64", "complex64", "int64", "uint8", "bool"])
WRITES = ("fmod_", "remainder_", "nextafter_", "hypot_", "igamma_", "igammac_", "atan2_", "copysign_", "floor_divide_")
INTEGERS = ("bitwise_and", "bitwise_or", "bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm")


@case()
def what_is_written_is_refused_in_the_type_that_both_have(
    torch, one: KINDS, other: KINDS, name: st.sampled_from(WRITES)
):
    """A write of two dtypes is computed in the one that holds both, and refused in its name."""
    x, y = torch.ones(2).to(getattr(torch, one)), torch.ones(2).to(getattr(torch, other))
    getattr(x, name)(y)


@case()
def integer_operators_refuse_the_type_that_both_have(
    torch, one: KINDS, other: KINDS, shape: st.sampled_from([(2,), (), (3,)]), name: st.sampled_from(INTEGERS)
):
    """An operator of integers complains of shapes first, then of what cannot be written, then of types."""
    x, y = torch.ones(2).to(getattr(torch, one)), torch.ones(shape).to(getattr(torch, other))
    getattr(x, name)(y)
    getattr(x, name + "_")(y)


@case()
def logical_answers_of_complex_numbers_are_cast(
    torch,
    kind: KINDS,
    size: st.sampled_from([0, 2]),
    name: st.sampled_from(["logical_and_", "logical_or_", "logical_xor_"]),
):
    """A logical operator writes its answer by way of the common type, which warns of complex operands."""
    x = torch.ones(size).to(getattr(torch, kind))
    getattr(x, name)(torch.ones(size, dtype=torch.complex64))


@case()
def slopes_are_drawn_for_reals_only(torch, x: floats("float32", values="finite"), training: st.booleans()):
    """rrelu refuses complex numbers in words that tell whether it draws its slopes."""
    torch.nn.functional.rrelu(torch.complex(x, x), training=training)


@case(requires=["elementwise"])
def complex_numbers_have_no_cosine_and_no_variance(
    torch, kinds: st.tuples(*[st.sampled_from(["complex64", "float32"])] * 3)
):
    """cosine_similarity() refuses complex operands, and gaussian_nll_loss() a complex variance."""
    x, y, v = [torch.ones(2, 2, dtype=getattr(torch, kind)) for kind in kinds]
    torch.cosine_similarity(x, y)
    torch.nn.functional.gaussian_nll_loss(x, y, v)


@case(requires=["elementwise"])
def halves_have_no_random_slopes(
    torch, kind: st.sampled_from(["float16", "complex64", "int64"]), training: st.booleans()
):
    """rrelu() draws slopes for neither halves nor complex numbers nor integers."""
    torch.nn.functional.rrelu(torch.ones(2, dtype=getattr(torch, kind)), training=training)


@case(requires=["elementwise"])
def integers_are_refused_by_name(
    torch,
    kind: st.sampled_from(["bool", "int8", "uint8", "int32", "int64"]),
    turned: st.booleans(),
    size: st.integers(1, 2),
):
    """A transposed convolution, pooled means, normalization and means of bools name what they lack."""
    F = torch.nn.functional
    x = torch.ones(size, 2, 3, dtype=getattr(torch, kind))
    y = x.transpose(1, 2) if turned else x
    F.conv_transpose1d(y, x[:1].transpose(0, 1))
    F.conv_transpose1d(y, torch.ones(2, 1, 1))
    F.adaptive_avg_pool1d(y, 2)
    F.adaptive_avg_pool1d(y[:0], 2)
    F.batch_norm(y, None, None, training=True)
    F.hardtanh(y, -0.5, 1)
    F.hardtanh(y)
    at = torch.zeros(size, dtype=torch.int64)
    x[:, 0, 0].scatter_reduce(0, at, x[:, 1, 1], "mean")
    x[:, 0, 0].index_reduce(0, at, x[:, 1, 1], "mean")


@case(requires=["backward"])
def first_parameter_decides_how_batch_norm_refuses_integers(
    torch,
    kind: st.sampled_from(["int64", "uint8", "bool"]),
    of: st.sampled_from(["none", "float", "own", "bias"]),
    lies: st.sampled_from(["row", "expanded", "turned", "channels"]),
    training: st.booleans(),
):
    """Integers that do not lie row by row have no mean, unless a parameter of another type comes first."""
    x = torch.ones(3, 2, 2, 2, dtype=getattr(torch, kind))
    if lies == "expanded":
        x = x[:1].expand(3, 2, 2, 2)
    elif lies == "turned":
        x = x.transpose(0, 3)
    elif lies == "channels":
        x = x.contiguous(memory_format=torch.channels_last)
    weight = {"float": torch.ones(2), "own": x[0, :, 0, 0]}.get(of)
    running = (torch.zeros(2), torch.ones(2)) if not training else (None, None)
    bias = torch.ones(2) if of == "bias" else None
    torch.nn.functional.batch_norm(x, *running, weight, bias, training=training)


REFUSED = {
    "deg2rad": lambda torch, v: torch.deg2rad(v),
    "neg": lambda torch, v: torch.relu(v),
    "floor": lambda torch, v: v.floor(),
    "add": lambda torch, v: v + torch.ones(5),
    "mul": lambda torch, v: torch.ones(5) * v,
    "matmul": lambda torch, v: v @ torch.ones(5),
    "max": lambda torch, v: v.amax(7),
    "cumsum": lambda torch, v: v.cumsum(7),
    "atan2": lambda torch, v: torch.atan2(v, v),
    "lerp": lambda torch, v: torch.lerp(v, torch.ones(3, dtype=torch.float64), 0.5),
    "where": lambda torch, v: torch.where(torch.ones(5).bool(), v, v),
    "gather": lambda torch, v: v.gather(0, torch.tensor([9])),
    "eq": lambda torch, v: v == torch.ones(5),
    "lt": lambda torch, v: v < 1,
}


@case(requires=["views", "in_place", "complex"])
def view_that_cannot_be_derived_anew_is_refused_before_a_type_or_shape(
    torch,
    name: st.sampled_from(sorted(REFUSED)),
    dtype: st.sampled_from(["complex64", "float32"]),
    how: st.sampled_from(["no_grad", "unbind", "neither"]),
):
    """A node is asked of a stale view before a kernel looks at types and shapes, if there is a gradient."""
    base = torch.ones(3, dtype=getattr(torch, dtype), requires_grad=True) * 1
    if how == "no_grad":
        with torch.no_grad():
            view = base.view(3)
    else:
        view = base.view(1, 3).unbind()[0] if how == "unbind" else base.view(3)
    base.mul_(2)
    REFUSED[name](torch, view)


@case(requires=["backward"])
def bools_have_no_distance_to_go(torch, w: floats("float32", shape=()), lone: st.booleans(), other: st.booleans()):
    """A weight between two bools has no gradient, since bools are not subtracted."""
    x = torch.tensor([True, False])
    x = x[0] if lone else x
    y = torch.lerp(x, x.float() if other else x, w.requires_grad_())
    y.sum().backward()


@case(requires=["argument_checks"])
def alpha_is_looked_at_when_all_else_fits(
    torch,
    name: st.sampled_from(["add", "sub", "rsub", "add_", "sub_"]),
    dtype: st.sampled_from(["bool", "int64", "float32"]),
    other: st.sampled_from(["bool", "int64", "float32", "complex64", "longer", "number", "flag"]),
    alpha: st.sampled_from([2, 0.5, True, 1j]),
):
    """A sum or difference refuses its operands before the number that the second is multiplied by."""
    x = torch.ones(2, dtype=getattr(torch, dtype))
    if other in ("number", "flag"):
        y = 1 if other == "number" else True
    else:
        y = torch.ones(3) if other == "longer" else torch.ones(2, dtype=getattr(torch, other))
    if name == "rsub":
        torch.rsub(x, y, alpha=alpha)
    else:
        getattr(x, name)(y, alpha=alpha)
    x.sub()
    x.sub(None)


@case(requires=["nn"])
def prelu_takes_no_integers(
    torch, kind: st.sampled_from(["bool", "uint8", "int64", "float64", "complex64"]), n: st.sampled_from([0, 1, 3])
):
    """prelu refuses whole and complex numbers, also where there are none."""
    x = torch.ones(n, 3).to(getattr(torch, kind))
    torch.nn.functional.prelu(x, x.new_ones(1))
    torch.nn.functional.prelu(x, x.new_ones(3))


OF_TWO = {
    "trapezoid": lambda torch, x, y: torch.trapezoid(x, y),
    "cumulative_trapezoid": lambda torch, x, y: torch.cumulative_trapezoid(x, y),
    "meshgrid": lambda torch, x, y: torch.meshgrid(x, y, indexing="ij"),
    "cartesian_prod": lambda torch, x, y: torch.cartesian_prod(x, y),
    "tensor_split": lambda torch, x, y: torch.tensor_split(x, y),
    "take_along_dim": lambda torch, x, y: torch.take_along_dim(x, y),
    "repeat_interleave": lambda torch, x, y: torch.repeat_interleave(y),
    "isin": lambda torch, x, y: torch.isin(x, y),
    "searchsorted": lambda torch, x, y: torch.searchsorted(x, y),
    "bucketize": lambda torch, x, y: torch.bucketize(y, x),
    "isposinf": lambda torch, x, y: torch.isposinf(x),
    "margin_ranking_loss": lambda torch, x, y: torch.nn.functional.margin_ranking_loss(x, x, y),
    "mvlgamma": lambda torch, x, y: torch.mvlgamma(x, 1),
    "xlogy": lambda torch, x, y: x.xlogy_(1),
    "copysign": lambda torch, x, y: x.copysign_(2),
    "matrix_exp": lambda torch, x, y: torch.linalg.matrix_exp(x.outer(x).to(y.dtype)).sum(),
    "cholesky_inverse": lambda torch, x, y: torch.cholesky_inverse(y.view(1, -1)[:, :1]),
    "combinations": lambda torch, x, y: torch.combinations(x, 0),
    "lu_solve": lambda torch, x, y: torch.linalg.lu_solve(
        x.view(-1, 1), torch.ones(2, dtype=torch.int32), y.view(-1, 1)
    ),
}


@case(requires=["argument_checks"])
def types_of_operands_are_refused_or_promoted(
    torch,
    name: st.sampled_from(sorted(OF_TWO)),
    kinds: st.tuples(*[st.sampled_from(["bool", "int32", "int64", "float32", "complex64"])] * 2),
    n: st.sampled_from([0, 2]),
):
    """Functions of whole numbers, of reals or of one type refuse others; two types are promoted."""
    x, y = [torch.ones(n).to(getattr(torch, kind)) for kind in kinds]
    OF_TWO[name](torch, x, y)


@case(requires=["backward", "custom_function", "in_place"])
def passes_refuse_whole_numbers(
    torch,
    v: floats(shape=(), values="finite"),
    kind: st.sampled_from(["int64", "bool", "uint8"]),
    given: st.sampled_from(["same", "float32"]),
    more: st.booleans(),
):
    """Whole numbers that a tensor was written into have a node, to which no gradient leads."""
    v.requires_grad_()
    whole = torch.zeros(2, dtype=getattr(torch, kind)).fill_(v)

    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 1.5

        @staticmethod
        def backward(ctx, grad):
            return grad.to(getattr(torch, kind)) if given == "same" else grad

    seed = torch.ones(2, dtype=getattr(torch, kind if given == "same" else given))
    whole.requires_grad
    torch.autograd.grad(whole, v, seed, create_graph=more, retain_graph=True)
    whole.backward(seed, retain_graph=True)
    Scaled.apply(whole).sum().backward(create_graph=more, retain_graph=True)
    (whole * 1.5).sum().backward(create_graph=more)
    whole.grad_fn(seed)
