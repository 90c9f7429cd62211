"""Every row of the table of error codes is provoked on the live PyTorch, and says what the row says it says."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest

from conformance.errors import (
    CODES,
    OTHER,
    TABLE,
    Row,
    as_python_3_11,
    code_of,
    is_traceback,
    raised,
    without_addresses,
    without_frames,
)

torch = pytest.importorskip("torch")


def function(forward: Any = None, backward: Any = None) -> Any:
    """A subclass of autograd.Function called Twice, with these methods if they are not None."""
    members = {"forward": forward, "backward": backward}
    return type(torch.autograd.Function)(
        "Twice", (torch.autograd.Function,), {k: staticmethod(v) for k, v in members.items() if v is not None}
    )


def identity(ctx: Any, grad: Any) -> Any:
    return grad


PROVOKED: dict[str, str] = {
    "graph_freed": "y = x.pow(2).sum(); y.backward(); y.backward()",
    "version_mismatch": "y = x * 2; z = y.pow(2); y.add_(1); z.sum().backward()",
    "saved_detached": "y = x * 2; z = y.pow(2); y.detach_(); z.sum().backward()",
    "inference_saved": "with torch.inference_mode(): v = T([1., 1.])\nx.mul(v)",
    "view_leaf_inplace": "x[0] = 1.",
    "leaf_inplace": "x.add_(1)",
    "multi_output_view_inplace": "a, b = (x * 2).unbind(); a.add_(1)",
    "custom_function_view_inplace": "function(lambda ctx, a: a.view_as(a), identity).apply(x * 2).add_(1)",
    "no_grad_view_inplace": "y = x * 1\nwith torch.no_grad(): v = y.view(2)\nv.add_(x)",
    "inference_inplace": "with torch.inference_mode(): v = T([1.])\nv.add_(1)",
    "inference_version": "with torch.inference_mode(): v = T([1.])\nv._version",
    "detach_view_inplace": "x.mul(2).view(2).detach_()",
    "memory_overlap": "T([1., 2.]).expand(2, 2).add_(1)",
    "out_requires_grad": "torch.add(x, x, out=T([1., 2.]))",
    "resize_requires_grad": "x.resize_(3)",
    "nonscalar_backward": "x.mul(2).backward()",
    "int_requires_grad": "torch.tensor([1, 2], requires_grad=True)",
    "input_without_grad": "grad(x.sum(), T([1.]))",
    "no_grad_root": "T([1.]).backward()",
    "unused_input": "grad(x.sum(), T([1.], requires_grad=True))",
    "empty_inputs": "grad(x.sum(), [])",
    "materialize_unused": "grad(x.sum(), x, allow_unused=False, materialize_grads=True)",
    "grad_count": "torch.autograd.backward([x.sum(), x.sum()], [T(1.)])",
    "grad_dtype": "x.mul(2).backward(T([1j, 1j]))",
    "grad_shape": "x.mul(2).backward(T([1.]))",
    "grad_type": "x.mul(2).backward('a')",
    "not_differentiable": "(x // 1).sum().backward()",
    "nan_gradient": "with torch.autograd.detect_anomaly(): (T(0., requires_grad=True).sqrt() * 0).backward()",
    "nonleaf_requires_grad_off": "x.mul(2).requires_grad_(False)",
    "retain_grad": "T([1.]).retain_grad()",
    "nonleaf_deepcopy": "copy.deepcopy(x * 2)",
    "numpy_requires_grad": "x.numpy()",
    "data_dtype": "x.data = T([1, 2])",
    "flag_type": "x.requires_grad = 1",
    "hook_type": "x.register_hook(lambda g: 'a'); x.sum().backward()",
    "hook_no_grad": "T([1.]).register_hook(identity)",
    "hooks_disabled": "with torch.autograd.graph.disable_saved_tensors_hooks('saved tensors hooks are disabled here'):\n"
    "    torch.autograd.graph.saved_tensors_hooks(identity, identity).__enter__()",
    "function_gradients_count": "function(lambda ctx, a: a * 2, lambda ctx, g: (g, g)).apply(x).sum().backward()",
    "function_gradient_type": "function(lambda ctx, a: a * 2, lambda ctx, g: 5).apply(x).sum().backward()",
    "function_missing_method": "function().apply(x)",
    "function_legacy": "function()()(x)",
    "save_for_backward_type": "function(lambda ctx, a: ctx.save_for_backward(3), identity).apply(x)",
    "no_dual_level": "torch.autograd.forward_ad.make_dual(x, x)",
    "functional_scalar": "torch.autograd.functional.vjp(lambda a: a * 2, x)",
    "gradcheck_failed": "torch.autograd.gradcheck(lambda a: a.detach() * 2 + a, T([1.]).double().requires_grad_())",
    "gradcheck_no_input": "torch.autograd.gradcheck(lambda a: a, T([1.]))",
    "dim_out_of_range": "T([1., 2.]).sum(5)",
    "index_out_of_range": "T([1., 2.])[5]",
    "dtype_mismatch": "torch.ones(2, 2) @ torch.ones(2, 2).double()",
    "cast": "T([1]).add_(1.5)",
    "dtype_unsupported": "T([1, 2]).mean()",
    "shape_mismatch": "torch.ones(2, 3) @ torch.ones(2, 3)",
    "not_one_element": "x.item()",
    "zero_dimensional": "list(T(1.))",
    "empty_reduction": "torch.ones(0).max()",
    "singular": "T([[1., 2.], [2., 4.]]).inverse()",
    "read_only": "x.is_leaf = True",
    "IndexError": "torch.nn.functional.nll_loss(torch.zeros(2, 3), T([5, 1]))",
    "division_by_zero": "T([1, 2]) // 0",
    "bad_argument": "torch.sin(5)",
}
"""Code, and what provokes it."""


def key(row: Row) -> str:
    return "IndexError" if row.type == "IndexError" else row.code


def provoked(source: str) -> BaseException:
    names = {
        "torch": torch,
        "T": torch.tensor,
        "grad": torch.autograd.grad,
        "copy": copy,
        "function": function,
        "identity": identity,
        "x": torch.tensor([1.0, 2.0], requires_grad=True),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(source, names)
        except BaseException as error:
            return error
    raise AssertionError(f"nothing was raised by: {source}")


@pytest.mark.parametrize("row", TABLE, ids=key)
def test_a_row_is_what_pytorch_says(row: Row) -> None:
    error = provoked(PROVOKED[key(row)])
    assert raised(error).code == row.code
    assert str(error).startswith(row.example) or row.example in str(error)


@pytest.mark.parametrize("row", TABLE, ids=key)
def test_an_example_is_found_by_its_own_row(row: Row) -> None:
    name = row.type if row.type.isidentifier() else "RuntimeError"
    assert code_of(name, row.example) == row.code


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("x.view(2).add_(1)", "view_leaf_inplace"),
        ("y = x.exp(); y.add_(1); y.sum().backward()", "version_mismatch"),
        ("y = x.pow(2); f = y.grad_fn; y.sum().backward(); f._saved_self", "graph_freed"),
        ("with torch.no_grad(): v = x.view(2)\nv.add_(1)", "no_grad_view_inplace"),
        ("y = x * 2; a, b = y.unbind(); y.add_(1); a.sum()", "multi_output_view_inplace"),
        ("T([1]).requires_grad_()", "int_requires_grad"),
        ("T([1]).requires_grad = True", "int_requires_grad"),
        ("T([1j], requires_grad=True).sum().backward()", "nonscalar_backward"),
        ("x.grad = T([1.])", "grad_shape"),
        ("x.grad = T([1., 2.]).double()", "grad_dtype"),
        ("x.grad = 5", "grad_type"),
        ("x.register_hook(lambda g: T([1.])); x.sum().backward()", "grad_shape"),
        ("x.register_hook(lambda g: g.double()); x.sum().backward()", "grad_dtype"),
        ("torch.ones(2) + torch.ones(3)", "shape_mismatch"),
        ("torch.ones(2).add_(torch.ones(2, 2))", "shape_mismatch"),
        ("torch.ones(2, 3).view(4)", "shape_mismatch"),
        ("torch.ones(2, 3).expand(3, 3)", "shape_mismatch"),
        ("torch.cat([torch.ones(2, 3), torch.ones(3, 2)])", "shape_mismatch"),
        ("torch.ones(3).dot(torch.ones(2))", "shape_mismatch"),
        ("torch.ones(1, 2, 3).bmm(torch.ones(1, 2, 3))", "shape_mismatch"),
        ("torch.ones(2)[0, 0]", "index_out_of_range"),
        ("T(1.)[0]", "index_out_of_range"),
        ("bool(x)", "not_one_element"),
        ("-T([True])", "dtype_unsupported"),
        ("1 / 0", OTHER),
    ],
)
def test_other_wordings_have_their_code(source: str, code: str) -> None:
    assert raised(provoked(source)).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("backward through the graph a second time", "graph_freed"),
        ("Trying to backward: the graph has already been freed", "graph_freed"),
        ("a leaf tensor that requires grad is being used in an in-place operation", "leaf_inplace"),
        ("index 7 is out of bounds for axis 0 with size 2", "index_out_of_range"),
        ("operands could not be broadcast together with shapes (2,) (3,)", "shape_mismatch"),
        ("shapes (2,3) and (2,3) not aligned: 3 (dim 1) != 2 (dim 0)", "shape_mismatch"),
        ("axis 5 is out of bounds for array of dimension 1", "dim_out_of_range"),
    ],
)
def test_a_similar_sentence_of_another_framework_has_the_same_code(text: str, code: str) -> None:
    assert code_of("ValueError", text) == code


def test_codes_are_those_of_the_table() -> None:
    assert {row.code for row in TABLE} | {OTHER} == CODES


def test_addresses_are_not_kept() -> None:
    assert without_addresses("<object at 0x7f00deadbeef>") == "<object at 0x…>"


def test_an_exception_that_cannot_be_shown_is_still_an_error() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert raised(Broken()).type == "Broken"


FRAMES = '  File "a.py", line 3, in f\n    x = 1 / 0\n        ~~^~~\n  File "b.py", line 4, in <module>\n    f()\n'


def test_frames_of_a_traceback_are_not_kept() -> None:
    assert without_frames(f"It failed:\n{FRAMES}\nAfter.") == "It failed:\n  ...\n\nAfter."


def test_a_traceback_is_a_list_of_frames() -> None:
    assert is_traceback(['  File "a.py", line 3, in f\n    x\n'])
    assert not is_traceback([])
    assert not is_traceback(["a", "b"])


@pytest.mark.parametrize("method", ["method 'go'", "methods 'come', 'go'"])
def test_a_newer_python_s_words_are_those_of_the_recorded_one(method: str) -> None:
    newer = f"Can't instantiate abstract class Node without an implementation for abstract {method}"
    assert as_python_3_11(newer) == "Can't instantiate abstract class Node with abstract " + method.replace("'", "")
    assert as_python_3_11("another 'text'") == "another 'text'"
