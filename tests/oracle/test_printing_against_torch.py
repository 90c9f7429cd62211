"""Every tensor, under every option, prints in numtorch as in PyTorch."""

import math

import pytest
from hypothesis import given, settings, strategies as st

from numtorch import printing

torch = pytest.importorskip("torch")

options = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.sampled_from([0, 1, 2, 4, 8]),
        "threshold": st.sampled_from([0, 5, 30, 1000, math.inf]),
        "edgeitems": st.integers(0, 5),
        "linewidth": st.sampled_from([1, 10, 40, 80, 120]),
        "profile": st.sampled_from(["default", "short", "full", "SHORT"]),
        "sci_mode": st.sampled_from([True, False, None]),
    },
)

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
COMPLEX = [torch.complex64, torch.complex128]
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool]

telling = st.sampled_from(
    [0.0, -0.0, 1.0, -1.0, 2.0, 1000.0, 1001.0, 1e8, 1.0001e8, 1e-4, 9.99e-5, 0.5, 1 / 3, 1e-30, 12345.678, 1e38]
    + [math.nan, math.inf, -math.inf]
)


@st.composite
def tensors(draw):
    """A tensor of a few different numbers, of any dtype and history."""
    dtype = draw(st.sampled_from(FLOATS + COMPLEX + INTEGERS))
    shape = draw(
        st.lists(st.sampled_from([0, 1, 2, 3, 7, 8, 20, 40]), max_size=4).filter(lambda s: math.prod(s) < 5000)
    )
    wide = st.one_of(telling, st.integers(-9, 9).map(float), st.floats(-1e5, 1e5))
    pool = draw(st.lists(st.integers(0, 100).map(float) if dtype in INTEGERS else wide, min_size=1, max_size=5))
    count = math.prod(shape)
    values = torch.tensor(pool, dtype=torch.float64).repeat(count // len(pool) + 1)[:count]
    if dtype in COMPLEX:
        values = torch.complex(values, values.roll(1))
    tensor = values.to(dtype).reshape(shape)
    if dtype not in INTEGERS:
        history = draw(st.sampled_from(["none", "leaf", "result"]))
        tensor.requires_grad_(history != "none")
        if history == "result":
            tensor = tensor * 1
    return tensor


class Tensor:
    """A PyTorch tensor behind the attributes that printing reads."""

    def __init__(self, tensor):
        self.tensor = tensor
        self.shape, self.dtype, self.requires_grad = tensor.shape, tensor.dtype, tensor.requires_grad
        self.grad_fn = tensor.grad_fn

    def _numpy(self):
        plain = self.tensor.detach()
        return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()


@settings(max_examples=400, deadline=None)
@given(tensors(), options)
def test_repr_agrees(tensor, options):
    try:
        torch.set_printoptions(**options)
        printing.set_printoptions(**options)
        assert printing.get_printoptions() == torch._tensor_str.get_printoptions()
        assert printing.tensor_repr(Tensor(tensor)) == repr(tensor)
    finally:
        torch.set_printoptions(profile="default")
        printing.set_printoptions(profile="default")


@settings(max_examples=100, deadline=None)
@given(tensors())
def test_a_dual_tensor_agrees(tensor):
    from torch.autograd import forward_ad

    if tensor.dtype in INTEGERS:
        return
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(tensor, torch.ones_like(tensor))
        primal, tangent = forward_ad.unpack_dual(dual)
        subject = Tensor(primal.detach())
        subject.requires_grad, subject.grad_fn = dual.requires_grad, dual.grad_fn
        assert printing.tensor_repr(subject, Tensor(tangent)) == repr(dual)


@pytest.mark.parametrize("default", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("dtype", FLOATS + COMPLEX + INTEGERS)
@pytest.mark.parametrize("shape", [(2,), (0,)])
def test_what_the_default_dtype_leaves_unsaid_agrees(monkeypatch, default, dtype, shape):
    tensor = torch.ones(shape, dtype=dtype)
    monkeypatch.setattr(printing, "get_default_dtype", lambda: default)
    before = torch.get_default_dtype()
    torch.set_default_dtype(default)
    try:
        assert printing.tensor_repr(Tensor(tensor)) == repr(tensor)
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("spec", ["", ".3f", "d", "05d", ">30", "e", "s", "x"])
@pytest.mark.parametrize("value", [1.5, 3, True, 1 + 2j, [1.5]])
def test_format_agrees(value, spec):
    tensor = torch.tensor(value)

    def outcome(call):
        try:
            return call()
        except Exception as error:
            return type(error), str(error)

    if spec or not tensor.dim():
        assert outcome(lambda: printing.tensor_format(Tensor(tensor), spec)) == outcome(lambda: format(tensor, spec))
