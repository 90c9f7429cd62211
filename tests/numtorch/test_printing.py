"""numtorch prints tensors as PyTorch does, character for character.

The expected texts were recorded from PyTorch 2.13.0; tests/oracle/test_printing_against_torch.py compares with a live
one. A tensor is here whatever has the few attributes that printing reads.
"""

import numpy as np
import pytest

import numtorch
from numtorch import printing
from numtorch.printing import get_printoptions, printoptions, set_printoptions, tensor_format, tensor_repr

NAN, INF = float("nan"), float("inf")


class Tensor:
    def __init__(self, values, dtype=None, requires_grad=False, grad_fn=None):
        self.array = np.asarray(values, dtype=dtype or (np.float32 if dtype is None else None))
        self.shape = self.array.shape
        self.dtype = f"torch.{self.array.dtype.name}"
        self.requires_grad = requires_grad
        self.grad_fn = grad_fn

    def _numpy(self):
        return self.array


class Parameter(Tensor):
    pass


class MulBackward0:
    pass


class MyFunctionBackward:
    pass


@pytest.fixture(autouse=True)
def default_options():
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (1.5, "tensor(1.5000)"),
        (3.0, "tensor(3.)"),
        (-0.0, "tensor(-0.)"),
        (NAN, "tensor(nan)"),
        (1e-5, "tensor(1.0000e-05)"),
        (1e-4, "tensor(1.0000e-04)"),
        (123456789.0, "tensor(1.2346e+08)"),
        ([1.0, 2.0], "tensor([1., 2.])"),
        ([1.0, -2.0], "tensor([ 1., -2.])"),
        ([0.0, NAN], "tensor([0., nan])"),
        ([1.0, NAN, -0.0], "tensor([1., nan, -0.])"),
        ([1.5, NAN, -INF], "tensor([1.5000,    nan,   -inf])"),
        ([1e10, 1.0], "tensor([1.0000e+10, 1.0000e+00])"),
        ([1.0, 1000.0], "tensor([   1., 1000.])"),
        ([1.0, 1001.0], "tensor([1.0000e+00, 1.0010e+03])"),
        ([0.5, 501.0], "tensor([5.0000e-01, 5.0100e+02])"),
        ([1 / 3, 100.0], "tensor([  0.3333, 100.0000])"),
        ([[1.0, 2.0], [3.0, 4.5]], "tensor([[1.0000, 2.0000],\n        [3.0000, 4.5000]])"),
        (np.zeros((2, 1, 2)), "tensor([[[0., 0.]],\n\n        [[0., 0.]]])"),
        (np.zeros((1, 2, 1, 1)), "tensor([[[[0.]],\n\n         [[0.]]]])"),
    ],
)
def test_float32(values, expected):
    assert tensor_repr(Tensor(values)) == expected


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, -20], "int64", "tensor([  1, -20])"),
        (7, "int64", "tensor(7)"),
        ([1], "int32", "tensor([1], dtype=torch.int32)"),
        ([0, 255], "uint8", "tensor([  0, 255], dtype=torch.uint8)"),
        ([True, False], "bool", "tensor([ True, False])"),
        (True, "bool", "tensor(True)"),
        ([1.5], "float64", "tensor([1.5000], dtype=torch.float64)"),
        ([0.1], "float16", "tensor([0.1000], dtype=torch.float16)"),
        ([1 + 2j, -3.5 - 1j], "complex64", "tensor([ 1.0000+2.j, -3.5000-1.j])"),
        (1j, "complex64", "tensor(0.+1.j)"),
        ([complex(NAN, 1)], "complex128", "tensor([nan+1.j], dtype=torch.complex128)"),
    ],
)
def test_other_dtypes(values, dtype, expected):
    assert tensor_repr(Tensor(values, dtype)) == expected


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((0,), "float32", "tensor([])"),
        ((0, 3), "float32", "tensor([], size=(0, 3))"),
        ((2, 0, 4), "float32", "tensor([], size=(2, 0, 4))"),
        ((0,), "int64", "tensor([], dtype=torch.int64)"),
        ((0,), "bool", "tensor([], dtype=torch.bool)"),
        ((0,), "complex64", "tensor([], dtype=torch.complex64)"),
        ((2, 0), "float64", "tensor([], size=(2, 0), dtype=torch.float64)"),
    ],
)
def test_no_elements(shape, dtype, expected):
    assert tensor_repr(Tensor(np.zeros(shape), dtype)) == expected


def test_more_than_a_thousand_elements_are_summarised():
    assert tensor_repr(Tensor(np.arange(1000), "int64")).count("\n") > 10
    assert tensor_repr(Tensor(np.arange(1001), "int64")) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"


def test_only_what_a_summary_shows_decides_the_format():
    values = np.arange(1001.0)
    values[500] = 0.123
    assert tensor_repr(Tensor(values)) == "tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.])"


def test_a_matrix_is_summarised_in_both_directions():
    with printoptions(threshold=10, edgeitems=1):
        text = tensor_repr(Tensor(np.arange(12.0).reshape(4, 3)))
    assert text == "tensor([[ 0.,  ...,  2.],\n        ...,\n        [ 9.,  ..., 11.]])"


def test_no_edge_items_leave_the_size():
    with printoptions(edgeitems=0):
        assert tensor_repr(Tensor(np.zeros(2000))) == "tensor([...], size=(2000,))"
        assert tensor_repr(Tensor([1.0])) == "tensor([1.], size=(1,))"
        assert tensor_repr(Tensor(np.zeros((0, 2)))) == "tensor([], size=(0, 2))"


def test_rows_wrap_at_the_line_width():
    expected = (
        "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
        "        14., 15., 16., 17., 18., 19.])"
    )
    assert tensor_repr(Tensor(np.arange(20.0))) == expected


def test_a_leaf_shows_requires_grad_and_a_result_its_node():
    assert tensor_repr(Tensor(1.0, requires_grad=True)) == "tensor(1., requires_grad=True)"
    result = Tensor(2.0, requires_grad=True, grad_fn=MulBackward0())
    assert tensor_repr(result) == "tensor(2., grad_fn=<MulBackward0>)"
    custom = Tensor(2.0, requires_grad=True, grad_fn=MyFunctionBackward())
    assert tensor_repr(custom) == "tensor(2., grad_fn=<MyFunctionBackward>)"


def test_a_history_that_cannot_be_told_is_invalid():
    class Tensor:
        shape, dtype, requires_grad = (), "torch.float32", True

        def _numpy(self):
            return np.float32(2).reshape(())

        @property
        def grad_fn(self):
            raise RuntimeError("Output 0 of UnbindBackward0 is a view ...")

    assert tensor_repr(Tensor()) == "tensor(2., grad_fn=<Invalid>)"


def test_suffixes_keep_their_order():
    tensor = Tensor(np.zeros((0, 2)), "float64", requires_grad=True)
    assert tensor_repr(tensor) == "tensor([], size=(0, 2), dtype=torch.float64, requires_grad=True)"


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (6, "tensor([0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000], requires_grad=True)"),
        (7, "tensor([0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000],\n       requires_grad=True)"),
    ],
)
def test_a_suffix_that_does_not_fit_begins_a_line(count, expected):
    assert tensor_repr(Tensor([0.5] * count, requires_grad=True)) == expected


def test_a_parameter_says_so_first():
    class Weight(numtorch.nn.Parameter):
        pass

    parameter = numtorch.nn.Parameter(numtorch.ones(1))
    assert repr(parameter) == "Parameter containing:\ntensor([1.], requires_grad=True)"
    assert repr(Weight(numtorch.ones(1))) == "Parameter containing:\nWeight([1.], requires_grad=True)"


def test_a_subclass_shows_its_own_name():
    class Masked(Tensor):
        pass

    assert tensor_repr(Masked([1.0, 2.0])) == "Masked([1., 2.])"


def test_a_dual_tensor_shows_its_tangent():
    assert tensor_repr(Tensor([1.0, 2.0]), Tensor([3.0, 4.0])) == "tensor([1., 2.], tangent=tensor([3., 4.]))"
    assert tensor_repr(Tensor(1.0), Tensor(3.0)) == "tensor(1., tangent=3.0)"
    long = tensor_repr(Tensor([1.0, 2.0], "float64"), Tensor([3.0, 4.0], "float64"))
    expected = "tensor([1., 2.], dtype=torch.float64,\n       tangent=tensor([3., 4.], dtype=torch.float64))"
    assert long == expected


@pytest.mark.parametrize(
    ("changes", "values", "expected"),
    [
        ({"precision": 2}, [1.234], "tensor([1.23])"),
        ({"precision": 0}, [1.6], "tensor([2])"),
        ({"sci_mode": True}, [1.0, 2.0, NAN], "tensor([1.0000e+00, 2.0000e+00,        nan])"),
        ({"sci_mode": True}, [0.0, NAN], "tensor([0., nan])"),
        ({"sci_mode": False}, [1e10, 1.0, NAN], "tensor([10000000000.,           1.,          nan])"),
        ({"sci_mode": False}, [1e-6, NAN], "tensor([0.0000,    nan])"),
        ({"linewidth": 20}, [1.5, 2.5], "tensor([1.5000,\n        2.5000])"),
    ],
)
def test_options(changes, values, expected):
    with printoptions(**changes):
        assert tensor_repr(Tensor(values)) == expected


def test_profiles_set_all_but_are_overruled_by_what_is_named():
    set_printoptions(precision=7, linewidth=33, sci_mode=True)
    set_printoptions(profile="short", edgeitems=7)
    expected = {"precision": 2, "threshold": 1000, "edgeitems": 7, "linewidth": 80, "sci_mode": None}
    assert get_printoptions() == expected


def test_an_unknown_profile_changes_nothing_but_sci_mode():
    set_printoptions(precision=7, sci_mode=True)
    set_printoptions(profile="SHORT")
    assert get_printoptions()["precision"] == 7
    assert get_printoptions()["sci_mode"] is None


def test_printoptions_come_back_after_an_exception():
    with pytest.raises(ZeroDivisionError), printoptions(precision=9):
        1 / 0
    assert get_printoptions()["precision"] == 4


def test_the_default_dtype_goes_without_saying(monkeypatch):
    monkeypatch.setattr(printing, "get_default_dtype", lambda: "torch.float64")
    assert tensor_repr(Tensor([1.5], "float64")) == "tensor([1.5000])"
    assert tensor_repr(Tensor([1j], "complex128")) == "tensor([0.+1.j])"
    assert tensor_repr(Tensor([1.5])) == "tensor([1.5000], dtype=torch.float32)"


def test_a_plain_scalar_is_formatted_as_its_number():
    assert tensor_format(Tensor(1.5), ".3f") == "1.500"
    assert tensor_format(Tensor(1.1), "") == "1.100000023841858"
    assert tensor_format(Tensor(3, "int64"), "05d") == "00003"
    assert tensor_format(Tensor(True, "bool"), "") == "True"
    with pytest.raises(ValueError, match="Unknown format code 'd' for object of type 'float'"):
        tensor_format(Tensor(1.5), "d")


def test_anything_but_a_plain_scalar_takes_no_format():
    with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor\.__format__"):
        tensor_format(Tensor([1.5]), ".2f")
    with pytest.raises(TypeError, match=r"unsupported format string passed to Parameter\.__format__"):
        tensor_format(Parameter(1.5), ".2f")
