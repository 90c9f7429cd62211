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


_SIZES = st.sampled_from([(2,), ((2,),), (2, 3), (), (2.5,), ("a",), (-1,)])
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
    numbers: st.sampled_from([(3,), (0, 3), (), ("a",)]),
    size: st.sampled_from([((2,),), ([2],), (2,), ()]),
    given: st.sampled_from([{}, {"generator": 3}, {"generator": None}, {"dtype": 3}, {"foo": 1}]),
):
    """randint() and randperm() name their overloads for arguments that fit none."""
    torch.randint(*numbers, *size, **given)
    torch.randperm(*numbers, **given)
