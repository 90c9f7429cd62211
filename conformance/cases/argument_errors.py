"""Arguments that do not fit: what the parser of arguments says before an operator begins."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("argument_checks",)

FUNCTIONS = ("square", "reshape", "select", "squeeze", "nonzero", "movedim", "isclose", "broadcast_to", "repeat_interleave",
             "ones_like", "flip", "roll", "gather", "masked_fill", "lerp", "addcmul", "addcdiv", "clamp_max")  # fmt: skip
WITH_TENSORS = (
    "isclose",
    "lerp",
    "addcmul",
    "addcdiv",
    "fmod",
    "masked_fill",
    "index_select",
    "view_as",
    "dist",
    "kron",
)


@case()
def none_for_a_tensor_is_refused_by_name(torch, x: floats(), names: st.lists(st.sampled_from(FUNCTIONS), min_size=1)):
    """A function of None names the argument, or tells all its overloads."""
    for name in names:
        function = getattr(torch, name)
        function(x.grad)
        function()
        function(x.grad, 0, 1)


@case()
def method_refuses_what_is_no_tensor(
    torch,
    x: floats(),
    names: st.lists(st.sampled_from(WITH_TENSORS), min_size=1),
    word: st.sampled_from(["mean", None]),
):
    """A method that says which argument is wrong does not count the tensor that it belongs to."""
    for name in names:
        method = getattr(x, name)
        method(word)
        method(x, word)
        method()


@case()
def list_of_tensors_names_the_element_that_is_none(torch, x: floats(min_dims=1), before: st.integers(0, 2)):
    """Functions of a list say which element is no tensor, counted from zero."""
    torch.hstack([x] * before + [x.grad])
    torch.column_stack([x] * before + [x.grad, x])
    torch.dstack(x.grad)


@case()
def arithmetic_with_nothing(
    torch, x: floats(), name: st.sampled_from(["add", "sub", "mul", "div", "pow", "true_divide"])
):
    """A method counts its arguments without the tensor, an operator leaves its refusal to Python."""
    getattr(x, name)(x.grad)
    getattr(x, name + "_")(x.grad)
    getattr(torch, name)(x, x.grad)
    x + x.grad
    x.grad / x
    x -= x.grad


@case()
def divergence_looks_at_its_arguments_before_their_types(
    torch,
    kinds: st.sampled_from(
        [("complex64", "float32"), ("float32", "complex64"), ("int64", "float32"), ("int64", "complex64")]
    ),
    nothing: st.sampled_from([0, 1, 2]),
    reduction: st.sampled_from(["mean", "batchmean", "none", "other"]),
):
    """kl_div refuses an unknown reduction, then what is no tensor, then complex numbers, then integers."""
    given = [torch.ones(2, dtype=getattr(torch, kind)) for kind in kinds] + [None]
    if nothing < 2:
        given[nothing] = 1
    torch.nn.functional.kl_div(given[0], given[1], reduction=reduction)


@case()
def index_of_several_dimensions_fills_nothing(torch, as_tensor: st.booleans(), tracked: st.booleans()):
    """index_fill() wants a vector as index."""
    x = torch.ones(2, 2).requires_grad_(tracked) * 1
    value = torch.ones(()) if as_tensor else 1.0
    x.index_fill(0, torch.zeros((1, 1), dtype=torch.int64), value)
    x.index_fill_(0, torch.zeros((1, 1), dtype=torch.int64), value)


_NAMED = {"add_": {"alpha": 2}, "sub_": {"alpha": 0.5}, "div_": {"rounding_mode": "trunc"}}
_OF_TWO = (*_NAMED, "mul_", "copysign_", "fill_", "floor_divide_", "fmod_", "remainder_", "xlogy_", "dot", "mv", "mm", "bmm",
           "matmul")  # fmt: skip


@case(requires=["backward"])
def operand_that_does_not_exist_is_refused(
    torch, x: floats("float32", min_dims=1), name: st.sampled_from(_OF_TWO), named: st.booleans()
):
    """An operand that is None, as .grad is before a pass, or left out is refused with the overloads."""
    given = _NAMED.get(name, {}) if named else {}
    getattr(x, name)(x.grad, **given)
    getattr(x, name)(**given)


@case()
def generator_of_another_type_is_refused(
    torch, x: floats("float32", min_dims=1), name: st.sampled_from(["normal_", "uniform_", "bernoulli_", "random_"])
):
    """What is no generator of random numbers is refused by its type."""
    getattr(x, name)(generator=3)
    torch.rand_like(x, generator=3)
    torch.multinomial(torch.ones(2), 1, generator=3)


_SIZES = st.sampled_from(
    [(2,), ((2,),), (2, 3), (), (2.5,), ("a",), (-1,), (2, "a"), (2, 1.5), ((2, None),), (2, True)]
)
_OPTIONS = st.sampled_from(
    [{}, {"generator": 3}, {"generator": None}, {"dtype": 3}, {"size": (2,)}, {"size": 2}, {"foo": 1}]
)


@case()
def new_random_numbers_say_what_they_take(
    torch, name: st.sampled_from(["rand", "randn"]), size: _SIZES, given: _OPTIONS
):
    """rand() and randn() name their overloads for arguments that fit none."""
    getattr(torch, name)(*size, **given)


@case()
def new_random_integers_say_what_they_take(
    torch,
    numbers: st.sampled_from([(3,), (0, 3), (), ("a",), (2.5,), (1, 2.5), (1.5, 3), (None, 3)]),
    size: st.sampled_from([((2,),), ([2],), (2,), ()]),
    given: st.sampled_from([{}, {"generator": 3}, {"generator": None}, {"dtype": 3}, {"foo": 1}]),
):
    """randint() and randperm() name their overloads for arguments that fit none."""
    torch.randint(*numbers, *size, **given)
    torch.randperm(*numbers, **given)


@case()
def bounds_of_random_integers_are_ints(torch, x: floats(min_dims=1), bound: st.sampled_from([3, 2.5, "a", None])):
    """randint() takes no bounds but ints, and randint_like() a 0-d tensor for the upper one alone."""
    torch.randint(low=bound, high=5, size=(1,))
    torch.randint(high=bound, size=(1,))
    torch.randint_like(x, bound)
    torch.randint_like(x, 0, bound)
    torch.randint_like(x, torch.tensor([2]))


@case()
def switch_is_a_bool(
    torch,
    m: floats("float32", shape=(2, 2), values="finite"),
    name: st.sampled_from(["qr", "svd", "max", "min"]),
    switch: st.sampled_from([True, False, 0, 1, 2.5, "a"]),
    named: st.booleans(),
):
    """What chooses between two ways is a bool, and neither a number nor a tensor."""
    dims = () if name in ("qr", "svd") else (0,)
    keyword = "keepdim" if dims else "some"
    function = getattr(torch, name)
    if named:
        function(m, *dims, **{keyword: switch})
        function(m, *dims, **{keyword: torch.tensor(1)})
    else:
        function(m, *dims, switch)
        getattr(m, name)(*dims, torch.tensor(1))


@case()
def larger_of_two_tensors_keeps_no_dimension(
    torch, x: floats("float32", min_dims=1), name: st.sampled_from(["max", "min"]), switch: st.sampled_from([0, True])
):
    """Two tensors are compared without a dimension, so that there is none to keep."""
    getattr(torch, name)(x, x, x)
    getattr(torch, name)(x, x, switch)
    getattr(x, name)(x, keepdim=True)
    getattr(x, name)(keepdim=True)


_LOSSES = {
    "binary_cross_entropy": 2,
    "binary_cross_entropy_with_logits": 2,
    "cosine_embedding_loss": 3,
    "gaussian_nll_loss": 3,
    "hinge_embedding_loss": 2,
    "margin_ranking_loss": 3,
    "poisson_nll_loss": 2,
    "triplet_margin_loss": 3,
}


@case()
def loss_of_nothing_names_what_is_missing(
    torch,
    x: floats("float32", shape=(2,), values="finite"),
    name: st.sampled_from(sorted(_LOSSES)),
    which: st.integers(0, 2),
):
    """A loss of a .grad that is still None is refused as PyTorch's Python or its parser finds it."""
    count = _LOSSES[name]
    operands = [x.grad if i == which % count else x.sigmoid() for i in range(count)]
    getattr(torch.nn.functional, name)(*operands)


@case()
def layer_of_nothing_names_what_is_missing(torch, x: floats("float32"), p: st.sampled_from([0.0, 0.5])):
    """A layer refuses a .grad that is still None as PyTorch's Python or its parser finds it."""
    F = torch.nn.functional
    F.interpolate(x.grad, scale_factor=2)
    F.interpolate(x.grad, size=(2, 2), mode="bilinear")
    F.upsample(x.grad, 2)
    F.dropout(x.grad, p)
    F.alpha_dropout(x.grad, p, True)
    F.feature_alpha_dropout(x.grad, p, True)
    F.one_hot(x.grad, 3)
    F.glu(x.grad)
    F.selu(x.grad)
    F.gumbel_softmax(x.grad)


@case()
def operands_that_are_multiplied_are_tensors(torch, x: floats("float32", max_dims=1)):
    """addcmul() and addcdiv() refuse a number in the place of a tensor, in place, too."""
    torch.addcmul(x, 1, 1)
    torch.addcdiv(x, x, 2)
    x.addcmul_(1, 1)
    x.addcdiv_(x, 2)


@case(requires=["products"])
def shapes_are_compared_with_what_is_written_to(torch, x: floats("float32", shape=(0, 2)), size: st.integers(2, 3)):
    """masked_fill_() names the tensor's size before the mask's; baddbmm() expands before it counts."""
    mask = torch.ones(size, dtype=torch.bool)
    x[:, 0].masked_fill_(mask, 2.0)
    x.baddbmm(x, torch.ones(1, 1, size))
    x.addbmm(x, torch.ones(1, 1, size))


THREE: list[tuple[int, ...]] = [(), (2,), (3,), (1,), (3, 2), (2, 1), (2, 3), (0,)]


@case(requires=["out"])
def operand_that_is_written_to_keeps_its_shape(
    torch,
    name: st.sampled_from(["add", "atan2", "maximum", "pow", "logical_and", "lt", "addcmul", "lerp", "where", "clamp"]),
    shape: st.sampled_from(THREE),
    other: st.sampled_from(THREE),
    third: st.sampled_from(THREE),
    place: st.integers(0, 2),
):
    """Operands are broadcast in their order, and one that is out= as well is not made anew."""
    given = [torch.ones(shape), torch.ones(other), torch.ones(third)]
    if name == "where":
        given[0] = given[0] > 0
    if name not in ("addcmul", "lerp", "where", "clamp"):
        given = given[:2]
    out = getattr(torch, name)(*given)
    written = getattr(torch, name)(*given, out=given[place % len(given)])


@case(requires=["inference_mode"])
def save_is_refused_before_shapes_and_types_are(
    torch,
    name: st.sampled_from(["lerp", "addcmul", "clamp", "mul", "masked_fill"]),
    kind: st.sampled_from(["float32", "float64"]),
    shape: st.sampled_from([(2,), (3,)]),
    inside: st.booleans(),
):
    """That an inference tensor cannot be saved is said before the operator looks at what it is given."""
    with torch.inference_mode(inside):
        x = torch.ones(2)
    weight = torch.ones(shape, dtype=getattr(torch, kind)).requires_grad_()
    if name == "mul":
        y = x.mul(weight)
    elif name == "masked_fill":
        y = torch.ones(2, dtype=torch.int64).masked_fill(torch.ones(2) > 0, weight[0])
    else:
        y = getattr(x, name)(torch.ones(2), weight)


@case(requires=["forward_ad"])
def named_tuple_where_a_tensor_is_wanted(
    torch, x: floats(shape=(2, 3)), kind: st.sampled_from(["max", "sort", "median"])
):
    """A named tuple that stands where a tensor is wanted is refused by its name and module."""
    several = getattr(x, kind)(0)
    with torch.autograd.forward_ad.dual_level():
        torch.autograd.forward_ad.unpack_dual(several)
    x.copy_(several)
    torch.exp(x, out=several)


@case(requires=["elementwise"])
def where_of_a_tensor_tells_what_it_wants(torch, x: floats(), count: st.integers(0, 2)):
    """The method where() without its arguments, or with others, lists its forms."""
    x.where(*[x.gt(0), None][:count])


@case(requires=["views"])
def window_takes_no_truth_values(torch, x: floats(shape=(3,)), size: st.booleans(), step: st.booleans()):
    """as_strided() refuses True and False where it wants ints, and index_put() None among its indices."""
    x.as_strided((size or 1,), (step or 1,))
    torch.as_strided(x, (2, size), (1, step))
    x.as_strided((2,), (1,), step)
    x.as_strided((2,), (1.5,))
    x.reshape(1, 3).index_put((None, torch.tensor([0])), torch.ones(1))
    x.index_put_((None,), torch.ones(1))
