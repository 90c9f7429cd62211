"""The table of error codes: which rule an error says was broken, whatever its wording.

Nearly all of PyTorch's errors are RuntimeError, so the type says little; and texts differ between libraries and releases. The
code is what both sides are held to at level `required`; type and exact text are compared as well, at level `exact`.

Rows are tried in order, the first that fits wins: special rules stand before general ones. A row's pattern is searched in the
text without regard to case, and is looser than PyTorch's wording, so that a similar sentence of another framework fits too.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from msgspec.structs import replace

from conformance.trace import Raised, StepTrace

OTHER = "other"
"""The code of an error that no row fits."""


class Row(NamedTuple):
    """One way to be told that something is wrong."""

    code: str
    type: str
    """A pattern for the whole name of the exception's class."""
    text: str
    """A pattern searched in the message."""
    example: str
    """What PyTorch 2.13.0 says, or how it begins. The tests provoke every one of them."""


_ANY = r"\w*"

TABLE: tuple[Row, ...] = (
    # --- saved values and the graph's lifetime
    Row(
        "graph_freed",
        _ANY,
        r"backward through the graph a second time|saved (tensors|intermediate).*freed|graph (has )?(already )?been freed",
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed).",
    ),
    Row(
        "version_mismatch",
        _ANY,
        r"modified by an in-?place operation|is at version \d+.*expected version",
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[torch.FloatTensor [2]], which is output 0 of Add, is at version 1; expected version 0 instead.",
    ),
    Row(
        "saved_detached",
        _ANY,
        r"saved tensor that has been detached in-?place",
        "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().",
    ),
    Row(
        "inference_saved",
        _ANY,
        r"inference tensors cannot be saved",
        "Inference tensors cannot be saved for backward.",
    ),
    # --- writing in place
    Row(
        "view_leaf_inplace",
        _ANY,
        r"a view of a leaf.*(in-?place|requires grad)",
        "a view of a leaf Variable that requires grad is being used in an in-place operation.",
    ),
    Row(
        "leaf_inplace",
        _ANY,
        r"\ba leaf .*requires.grad.*(in-?place)|in-?place.*leaf.*requires.grad",
        "a leaf Variable that requires grad is being used in an in-place operation.",
    ),
    Row(
        "multi_output_view_inplace",
        _ANY,
        r"output of a function that returns multiple views",
        "Output 0 of Unbind is a view and is being modified inplace. This view is the output of a function that returns "
        "multiple views.",
    ),
    Row(
        "custom_function_view_inplace",
        _ANY,
        r"view was created inside a custom Function",
        "Output 0 of Twice is a view and is being modified inplace. This view was created inside a custom Function",
    ),
    Row(
        "no_grad_view_inplace",
        _ANY,
        r"view was created in (the )?(no_grad|inference)",
        "A view was created in no_grad mode and is being modified inplace with grad mode enabled.",
    ),
    Row(
        "inference_inplace",
        _ANY,
        r"(in-?place update|requires_grad=True|setting requires_grad).*inference tensor",
        "Inplace update to inference tensor outside InferenceMode is not allowed.",
    ),
    Row(
        "inference_version",
        _ANY,
        r"inference tensors do not track version",
        "Inference tensors do not track version counter.",
    ),
    Row(
        "detach_view_inplace",
        _ANY,
        r"can't detach views in-?place",
        "Can't detach views in-place. Use detach() instead.",
    ),
    Row(
        "memory_overlap",
        _ANY,
        r"refer(s)? to a single memory location|overlapping memory",
        "unsupported operation: more than one element of the written-to tensor refers to a single memory location.",
    ),
    Row(
        "out_requires_grad",
        _ANY,
        r"out=.* don't support automatic differentiation",
        "add(): functions with out=... arguments don't support automatic differentiation, but one of the arguments "
        "requires grad.",
    ),
    Row(
        "resize_requires_grad",
        _ANY,
        r"cannot resize .*require",
        "cannot resize variables that require grad",
    ),
    # --- asking for gradients
    Row(
        "nonscalar_backward",
        _ANY,
        r"implicitly created only for (real )?scalar|only be .*(called|implicit).*scalar|must be (a )?scalar",
        "grad can be implicitly created only for scalar outputs",
    ),
    Row(
        "int_requires_grad",
        _ANY,
        r"only tensors of floating.point.*(can )?require|integ(er|ral).*require.*grad",
        "Only Tensors of floating point and complex dtype can require gradients",
    ),
    Row(
        "input_without_grad",
        _ANY,
        r"differentiated tensors does not require grad",
        "One of the differentiated Tensors does not require grad",
    ),
    Row(
        "no_grad_root",
        _ANY,
        r"does(n't| not) require grad(ient)?s?( and|[. ]|$).*(grad_fn|graph|backward)|element \d+ of tensors does not",
        "element 0 of tensors does not require grad and does not have a grad_fn",
    ),
    Row(
        "unused_input",
        _ANY,
        r"appears? to not have been used|not (been )?used in the graph",
        "The differentiated Tensor at index 0 appears to not have been used in the graph.",
    ),
    Row(
        "empty_inputs",
        _ANY,
        r"inputs.*cannot be empty",
        "`inputs` argument to `grad()` cannot be empty.",
    ),
    Row(
        "materialize_unused",
        _ANY,
        r"allow_unused.*materialize_grads",
        "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.",
    ),
    Row(
        "grad_count",
        _ANY,
        r"got \d+ tensors and \d+ gradients",
        "got 2 tensors and 1 gradients",
    ),
    Row(
        "grad_dtype",
        _ANY,
        r"mismatch in dtype: grad|gradient with dtype|changed the type of value|gradient.*(wrong|different) dtype",
        "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
        "grad_output[0]",
    ),
    Row(
        "grad_shape",
        _ANY,
        r"mismatch in shape: grad|gradient of size|invalid gradient at index|changed the size of value"
        r"|gradient.*(wrong|different|mismatch).*shape",
        "Mismatch in shape: grad_output[0] has a shape of torch.Size([1]) and output[0] has a shape of torch.Size([2]).",
    ),
    Row(
        "grad_type",
        _ANY,
        r"gradients can be either tensors or none|assigned grad expected to be a tensor|as its own grad",
        "gradients can be either Tensors or None, but got str",
    ),
    Row(
        "not_differentiable",
        _ANY,
        r"derivative for .* is not implemented",
        "derivative for aten::floor_divide is not implemented",
    ),
    Row(
        "nan_gradient",
        _ANY,
        r"returned nan values in its",
        "Function 'SqrtBackward0' returned nan values in its 0th output.",
    ),
    # --- flags of a tensor
    Row(
        "nonleaf_requires_grad_off",
        _ANY,
        r"change requires_grad flags? of leaf",
        "you can only change requires_grad flags of leaf variables.",
    ),
    Row(
        "retain_grad",
        _ANY,
        r"can't retain_grad",
        "can't retain_grad on Tensor that has requires_grad=False",
    ),
    Row(
        "nonleaf_deepcopy",
        _ANY,
        r"graph leaves.*deepcopy|deepcopy.*(non-?leaf|graph leaves)",
        "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.",
    ),
    Row(
        "numpy_requires_grad",
        _ANY,
        r"can't call numpy\(\) on tensor that requires.grad",
        "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
    ),
    Row(
        "data_dtype",
        _ANY,
        r"data set to a tensor that requires gradients",
        "data set to a tensor that requires gradients must be floating point or complex dtype",
    ),
    Row(
        "flag_type",
        _ANY,
        r"requires_grad must be a bool",
        "requires_grad must be a bool",
    ),
    # --- hooks and custom functions
    Row(
        "hook_type",
        _ANY,
        r"hook returned|(un)?pack_hook expected to be a tensor|hook.*must return",
        "expected Variable, but hook returned 'str'",
    ),
    Row(
        "hook_no_grad",
        _ANY,
        r"cannot register a hook on a tensor that|hooks cannot be registered on non-leaf",
        "cannot register a hook on a tensor that doesn't require gradient",
    ),
    Row(
        "hooks_disabled",
        _ANY,
        r"^saved_tensors_hooks .*disabled|saved tensors? hooks are disabled",
        "saved tensors hooks are disabled here",
    ),
    Row(
        "function_gradients_count",
        _ANY,
        r"incorrect number of gradients",
        "function TwiceBackward returned an incorrect number of gradients (expected 1, got 2)",
    ),
    Row(
        "function_gradient_type",
        _ANY,
        r"expected variable or none",
        "expected Variable or None (got int)",
    ),
    Row(
        "function_missing_method",
        _ANY,
        r"must implement (either )?the (forward|backward)",
        "You must implement the forward function for custom autograd.Function.",
    ),
    Row(
        "function_legacy",
        _ANY,
        r"legacy autograd function",
        "Legacy autograd function with non-static forward method is deprecated.",
    ),
    Row(
        "save_for_backward_type",
        _ANY,
        r"save_for_backward can only save",
        "save_for_backward can only save variables, but argument 0 is of type int",
    ),
    # --- forward mode, functional, gradcheck
    Row(
        "no_dual_level",
        _ANY,
        r"no level exists|dual level must be a positive|nested (forward mode|levels)",
        "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first.",
    ),
    Row(
        "functional_scalar",
        _ANY,
        r"return a scalar tensor|single tensor with a single element",
        "The vector v can only be None if the user-provided function returns a single Tensor with a single element.",
    ),
    Row(
        "gradcheck_failed",
        _ANY,
        r"jacobian mismatch",
        "Jacobian mismatch for output 0 with respect to input 0,",
    ),
    Row(
        "gradcheck_no_input",
        _ANY,
        r"gradcheck expects at least one",
        "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True.",
    ),
    # --- shapes, dtypes, indices
    Row(
        "dim_out_of_range",
        _ANY,
        r"dim(ension)?( .*)? out of range|axis \d+ is out of bounds",
        "Dimension out of range (expected to be in range of [-1, 0], but got 5)",
    ),
    Row(
        "index_out_of_range",
        _ANY,
        r"index -?\d+ is out of bounds|index out of range|too many indices|invalid index of a 0-dim|exceeds dimension size"
        r"|target -?\d+ is out of bounds",
        "index 5 is out of bounds for dimension 0 with size 2",
    ),
    Row(
        "dtype_mismatch",
        _ANY,
        r"to have (the )?same dtype|expected .* (the )?same dtype|expected scalar type|should be the same dtype",
        "expected m1 and m2 to have the same dtype, but got: float != double",
    ),
    Row(
        "cast",
        _ANY,
        r"can't be cast to the desired output type|cannot cast ufunc",
        "result type Float can't be cast to the desired output type Long",
    ),
    Row(
        "dtype_unsupported",
        _ANY,
        r"not implemented for '|could not infer output dtype|bool tensor(s)? is not supported|only implemented on integer"
        r"|expected dtype int|non-complex dtypes|must be either a floating point|to be a boolean tensor",
        "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: Long",
    ),
    Row(
        "shape_mismatch",
        _ANY,
        r"must match the (existing )?size|cannot be multiplied|doesn't match the broadcast|size mismatch|sizes of tensors"
        r"|inconsistent tensor size|expected size .* to be|is invalid for input of size|view size is not compatible"
        r"|to be equal size|broadcast|shapes? .*(mismatch|not aligned)|don't multiply up|number of dimensions"
        r"|should be equal to source|number of elements|expected sequence of length|cannot reshape",
        "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)",
    ),
    Row(
        "not_one_element",
        _ANY,
        r"cannot be converted to .*scalar|more than one value is ambiguous|only one element tensors"
        r"|only (one-element|length-1|size-1)",
        "a Tensor with 2 elements cannot be converted to Scalar",
    ),
    Row(
        "zero_dimensional",
        _ANY,
        r"0-d tensor",
        "iteration over a 0-d tensor",
    ),
    Row(
        "empty_reduction",
        _ANY,
        r"reduction dim .*(specified|non-zero)|zero-size array to reduction",
        "max(): Expected reduction dim to be specified for input.numel() == 0.",
    ),
    Row(
        "singular",
        _ANY,
        r"singular|not positive-definite",
        "linalg.inv: The diagonal element 2 is zero, the inversion could not be completed because the input matrix is "
        "singular.",
    ),
    # --- by type alone
    Row(
        "read_only",
        "AttributeError",
        r"not writable|can't set|no setter|read-?only",
        "attribute 'is_leaf' of 'torch._C.TensorBase' objects is not writable",
    ),
    Row("index_out_of_range", "IndexError", r"", "Target 5 is out of bounds."),
    Row("division_by_zero", _ANY, r"ZeroDivisionError", "ZeroDivisionError"),
    Row("bad_argument", "TypeError", r"", "sin(): argument 'input' (position 1) must be Tensor, not int"),
)

CODES = frozenset({row.code for row in TABLE} | {OTHER})
"""Every code; a subject in another language may send one itself."""

_PATTERNS = tuple([(row.code, re.compile(row.type), re.compile(row.text, re.IGNORECASE | re.DOTALL)) for row in TABLE])
_FRAMES = re.compile(r'(?:  File ".*", line \d+, in .*\n(?:    .*\n)*)+')
_ABSTRACT = re.compile(r"without an implementation for abstract (methods?) ('.*')$")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


@functools.lru_cache(maxsize=4096)  # a campaign meets the same texts again and again
def code_of(type_name: str, text: str) -> str:
    """The code of the first row that fits."""
    for code, type_pattern, pattern in _PATTERNS:
        if type_pattern.fullmatch(type_name) and pattern.search(text):
            return code
    return OTHER


def raised(exception: BaseException) -> Raised:
    """What a Trace holds of an exception; of the exception itself nothing is kept."""
    name = type(exception).__name__
    try:
        text = as_python_3_11(without_addresses(str(exception)))
    except Exception:  # a __str__ of the subject's own
        text = ""
    return Raised(name, text, code_of(name, text))


def with_codes(steps: tuple[StepTrace, ...]) -> tuple[StepTrace, ...]:
    """The steps with the code of every error filled in that came without: a runner need not know the table."""
    return tuple([_coded(step) if step.error is not None or step.calls else step for step in steps])


def _coded(step: StepTrace) -> StepTrace:
    calls = tuple([replace(call, steps=with_codes(call.steps), error=_with_code(call.error)) for call in step.calls])
    return replace(step, error=_with_code(step.error), calls=calls)


def _with_code(error: Raised | None) -> Raised | None:
    return error if error is None or error.code else replace(error, code=code_of(error.type, error.message))


def without_frames(text: str) -> str:
    """The text with each traceback in it written as ``...``.

    The frames are those of the interpreter and of the library that it runs: of the program they say nothing.
    """
    return _FRAMES.sub("  ...\n", text) if '  File "' in text else text


def is_traceback(value: object) -> bool:
    """Whether this is a traceback as `traceback.format_stack` gives it, a list of texts."""
    return isinstance(value, list) and bool(value) and all(type(v) is str and v.startswith('  File "') for v in value)


def as_python_3_11(text: str) -> str:
    """The text as the Python of the recorded answers words it. What Python itself says of a program is of no library."""
    text = text.removesuffix(" and no __dict__ for setting new attributes")  # since 3.13
    if "abstract class" not in text:
        return text
    return _ABSTRACT.sub(lambda found: f"with abstract {found[1]} " + found[2].replace("'", ""), text)


def without_addresses(text: str) -> str:
    """The text with memory addresses, which differ from run to run, written as ``0x…``."""
    return _ADDRESS.sub("0x…", text) if "0x" in text else text
