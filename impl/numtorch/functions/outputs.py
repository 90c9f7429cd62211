"""out=: the results of functions that are not elementwise, written into tensors that the caller gives.

One wrapper serves all of them, and only the functions of the module have it: methods take no out=. What differs from one
function to another is a table: the operator that PyTorch names when something requires grad, and what it says about a tensor
of another type. (Elementwise rows answer out= themselves, see operands.store.)
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode, return_types
from ..aliasing.overlap import refuse_any
from ..aliasing.views import requires_grad
from ..calls.operands import resize_output, store, type_name
from ..calls.raising import out_requires_grad
from ..dtype import dtypes
from ..memory.descriptor import descriptor
from ..tensor import Tensor, cpp_name

# ---- what is said about another type: its names are C++'s, or Torch's

EXACT = "Expected out tensor to have dtype {wanted_c}, but got {found_c} instead"
CAST = ""  # whatever the result can be cast to
TYPED = "typed"  # computed in the type of out
BOOL = "{name} only supports bool tensor for result, got: {found}"
SAME = "Expected the dtype for input and out to match, but got {wanted} for input's dtype and {found} for out's dtype."
SCALAR = "expected scalar_type {wanted} but found {found}"
DOT = "result dtype {found} does not match input dtype {wanted}"
SELF = "{name}(): self and result must have the same scalar type"
JOIN = "torch.cat(): input types can't be cast to the desired output type {found}"
CHAIN = "multi_dot(): expected out tensor to have dtype {wanted_c} but got {found_c}"
DOTTED = "tensordot: Expected the output tensor to have dtype {wanted}, but got an output tensor with dtype {found}"
MV = "addmv input tensors must have the same dtype, but got {found}, {wanted}, and {wanted}"
TAKE = "take(): self and out expected to have the same dtype, but got self.dtype = {wanted} and out.dtype = {found}"
QUANTILE = "{name}() out tensor must be same dtype as the input tensor"
KTH = "output values must be of same type as input"
MODE = "expected scalar type '{wanted}' but got '{found}' for values output"
NONZERO = "nonzero: Expected out tensor to have scalar type {wanted} but got scalar type{found}"
NORM = "linalg.{name} expected out tensor dtype {wanted} but got: {found}"
VECDOT = "linalg.vecdot: Expected out of dtype{wanted} but found {found}"
EXTREME = (
    "Expected canCast( typeMetaToScalarType(self.dtype()), typeMetaToScalarType(out.dtype())) to be true, but got false.  "
    "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
)
LOGSUM = "{name}(): Expected floating point type for result tensor, but got: {found}"
TRIANGULAR = "expected scalar type {wanted} but found {found}"
CLAMP = "Found dtype {found} but expected {wanted}"
FREXP = "torch.frexp() expects mantissa to have dtype {wanted_c} but got {found_c}"
HISTOGRAM = (
    "torch.histogram: input tensor and hist tensor should have the same dtype, but got input {wanted_c} and hist "
    "{found_c}"
)
SAFE = "{name}: Expected result to be safely castable from {wanted} dtype, but got result with dtype {found}"
SAFE_LINALG = "linalg." + SAFE
SAFE_RANK = "torch." + SAFE_LINALG
FURTHER = {SCALAR: SCALAR, FREXP: "torch.frexp() expects exponent to have int dtype but got {found_c}"}
"""What is said about the results after the first, where it is not EXACT."""
CASTABLE = (
    JOIN,
    EXTREME,
    LOGSUM,
    SAFE,
    SAFE_LINALG,
    "torch." + SAFE_LINALG,
)  # these are said only where the result cannot be cast
ADDBMM = "self and mat2 must have the same dtype, but got {found} and {wanted}"

NEVER = ""  # nothing to record: no gradient, whatever requires one
COMPOSITE = None  # no operator of its own: the result is copied into out, and that is recorded

TABLE: dict[str, tuple[str, str | None]] = {}


def _rows(text: str, names: str, operator: str | None = "its own") -> None:
    """Functions that say the same; of an operator of another name, or of their own."""
    for name in names.split():
        TABLE[name] = (text, name if operator == "its own" else operator)


_rows(TYPED, "sum prod cumsum cumprod mean")
_rows(CAST, "std var addr nansum maximum minimum fmax fmin")
_rows(LOGSUM, "logsumexp")
_rows(CLAMP, "clamp clip", "clamp")
_rows(CLAMP, "clamp_min clamp_max")
_rows(FREXP, "frexp")
_rows(CAST, "outer ger kron", "mul")
_rows(CAST, "diff", "sub")
_rows(CAST, "nanmean", "nansum")
_rows(BOOL, "all any", NEVER)
_rows(SAME, "amax amin")
_rows(SCALAR, "logcumsumexp cummax cummin")
_rows(DOT, "dot vdot")
_rows(SELF, "index_select masked_select")
_rows(JOIN, "stack cat")
_rows(JOIN, "concat concatenate hstack vstack row_stack dstack column_stack", "cat")
_rows(CHAIN, "chain_matmul", "mm")
_rows(DOTTED, "inner tensordot", COMPOSITE)
_rows(MV, "mv")
_rows(TAKE, "take")
_rows(QUANTILE, "quantile nanquantile", COMPOSITE)
_rows(KTH, "kthvalue")
_rows(MODE, "mode")
_rows(NONZERO, "nonzero argwhere", NEVER)
_rows(ADDBMM, "addbmm")
_rows(
    EXACT,
    "mm bmm matmul addmm addmv baddbmm gather scatter scatter_add scatter_reduce index_add index_copy index_reduce",
)
_rows(EXACT, "tril triu renorm max min sort topk aminmax median nanmedian cholesky cholesky_solve")
_rows(EXACT, "cholesky_inverse lu_unpack")
_rows(EXACT, "lu_solve", "linalg_lu_solve")
_rows(EXACT, "argmax argmin isin", NEVER)
_rows(EXACT, "take_along_dim", "gather")
_rows(EXACT, "msort", "sort")
_rows(EXACT, "norm", "linalg_vector_norm")
_rows(EXACT, "cross", "linalg_cross")
_rows(EXACT, "inverse", "linalg_inv_ex")
_rows(EXACT, "diag", COMPOSITE)
_rows(EXACT, "matrix_power", "matmul")
_rows(HISTOGRAM, "histc", NEVER)

APART = {"gather": 1, "take_along_dim": 1, "cross": 2, "take": 2, "index_select": 2, "masked_select": 2}
"""How many of the first operands `out` may share no memory with, not even all of it: they are read while it is written."""

SEVERAL = {n: n for n in ("aminmax", "cummax", "cummin", "frexp", "kthvalue", "mode", "topk")}
SEVERAL |= {
    n: f"linalg_{n}"
    for n in (
        "cholesky_ex",
        "lu",
        "lu_factor",
        "lu_factor_ex",
        "eig",
        "eigh",
        "inv_ex",
        "lstsq",
        "qr",
        "slogdet",
        "solve_ex",
        "svd",
    )
}
"""Functions that have several results in every form, and their names in PyTorch's errors."""
SEVERAL["lu_unpack"] = "lu_unpack"
COUNTS = {"svd": 3, "lstsq": 4, "lu": 3, "lu_factor_ex": 3, "lu_unpack": 3}

LINALG: dict[str, tuple[str, str | None]] = {
    "inv": (EXACT, "linalg_inv_ex"),
    "det": (EXACT, "_linalg_det"),
    "solve": (EXACT, "_linalg_solve_ex"),
    "cholesky": (EXACT, "linalg_cholesky_ex"),
    "svdvals": (EXACT, "_linalg_svd"),
    "eigvals": (EXACT, "_linalg_eig"),
    "eigvalsh": (EXACT, "_linalg_eigh"),
    "slogdet": (EXACT, "_linalg_slogdet"),
    "solve_ex": (EXACT, "_linalg_solve_ex"),
    "matrix_power": (EXACT, "matmul"),
    "matrix_rank": (SAFE_RANK, NEVER),
    "pinv": (SAFE_LINALG, "linalg_pinv"),
    "cond": (SAFE_LINALG, COMPOSITE),
    "tensorinv": (SAFE, COMPOSITE),
    "tensorsolve": (SAFE, COMPOSITE),
    "multi_dot": (CHAIN, "mm"),
    "norm": (NORM, COMPOSITE),
    "matrix_norm": (NORM, COMPOSITE),
    "vecdot": (VECDOT, "sum"),
    **{
        n: (EXACT, "linalg_" + n) for n in ("inv_ex", "cholesky_ex", "qr", "eig", "eigh", "svd", "vector_norm", "cross")
    },
    **{n: (EXACT, "linalg_" + n) for n in ("lstsq",)},
    "lu": (EXACT, "linalg_lu"),
    "lu_factor": (EXACT, "linalg_lu_factor_ex"),
    "lu_factor_ex": (EXACT, "linalg_lu_factor_ex"),
    "lu_solve": (EXACT, "linalg_lu_solve"),
    "solve_triangular": (TRIANGULAR, "linalg_solve_triangular"),
    "matmul": (EXACT, "matmul"),
}

FFT: dict[str, tuple[str, str | None]] = {
    **{n + end: (CAST, "_fft_c2c") for n in ("fft", "ifft") for end in ("2", "n")},
    **{n + end: (CAST, "_fft_r2c") for n in ("rfft", "ihfft") for end in ("", "2", "n")},
    **{n + end: (CAST, "_fft_c2r") for n in ("irfft", "hfft") for end in ("", "2", "n")},
    **dict.fromkeys(("fft", "ifft"), (CAST, "_fft_r2c")),  # of reals, as most are
}


def with_out(name: str, function: Any, row: tuple[str, str | None]) -> Any:
    """The function, taking out= as well."""

    def call(*args: Any, out: Any = None, **keywords: Any) -> Any:
        if out is None:
            return function(*args, **keywords)
        return answer(name, function, row, args, keywords, out)

    call.__name__ = function.__name__
    call.__doc__ = function.__doc__
    call.__wrapped__ = function  # type: ignore[attr-defined]  # whose parameters have names
    return call


def bind(functions: dict[str, Any], table: dict[str, tuple[str, str | None]]) -> None:
    """Let the functions of the table take out=."""
    for name, row in table.items():
        if name in functions:
            functions[name] = with_out(name, functions[name], row)


def answer(name: str, function: Any, row: tuple[str, str | None], args: tuple, keywords: dict, out: Any) -> Any:
    """Call the function and write its result, or results, into out."""
    text, operator = row
    several = isinstance(out, (tuple, list))
    outs = tuple(out) if several else (out,)
    if name in SEVERAL:
        if not several:
            raise TypeError(f"{SEVERAL[name]}(): argument 'out' must be tuple of Tensors, not {type(out).__name__}")
        count = COUNTS.get(name, 2)
        if len(outs) != count:
            raise TypeError(f"expected tuple of {count} elements but got {len(outs)}")
    for o in outs:
        if not isinstance(o, Tensor):
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type_name(o)}")
    operands = [t for a in (*args, *keywords.values()) for t in (a if isinstance(a, (tuple, list)) else (a,))]
    tensors = [t for t in operands if isinstance(t, Tensor)]
    if name == "matrix_power":
        _typed(name, SAFE, tensors[0], outs[0])
        n = keywords["n"] if "n" in keywords else args[1]
        text, operator = {0: (SAFE, NEVER), 1: (SAFE, COMPOSITE), -1: (EXACT, "linalg_inv_ex")}.get(n, (text, operator))
    if operator is COMPOSITE:
        from ..aliasing.writes import copy_

        result = function(*args, **keywords)
        _typed(name, text, result, out)
        if out._desc.shape != result._desc.shape:
            resize_output(out, descriptor(result._desc.shape, result._desc.dtype))  # row-major, however the result lies
        return copy_(out, result)
    if name == "matmul":
        text = {(2, 1): MV, (1, 1): DOT}.get(tuple([t._desc.ndim for t in tensors]), EXACT)
    if name in ("max", "min") and not several:
        text, operator = (CAST, name + "imum") if len(tensors) > 1 else (EXTREME, name)
    if operator and grad_mode.state.grad and any(requires_grad(t) for t in (*tensors, *outs)):
        raise out_requires_grad(operator)
    if (
        text == TYPED
        and "dtype" not in keywords
        and (name != "mean" or outs[0]._desc.dtype.category >= dtypes.FLOATING)
    ):
        keywords = {**keywords, "dtype": outs[0]._desc.dtype}
        if name.startswith("cum") and outs[0]._desc.dtype is dtypes.bool_:
            raise NotImplementedError(f"\"{name}_out_cpu\" not implemented for 'Bool'")
    mode = grad_mode.state.grad
    grad_mode.set_grad(False)
    try:
        found = function(*args, **keywords)
        results = tuple(found) if isinstance(found, tuple) else (found,)
        for o, r in zip(outs, results, strict=False):
            _typed(name, text if o is outs[0] else FURTHER.get(text, EXACT), r, o)
        refuse_any(outs[0]._array, *[t._array for t in tensors[: APART.get(name, 0)]])
        for o, r in zip(outs, results, strict=False):
            store(o, r, name, *tensors)
    finally:
        grad_mode.set_grad(mode)
    return return_types.of_out(type(found))(*outs) if several else out


def _typed(name: str, text: str, result: Tensor, out: Tensor) -> None:
    """Refuse a tensor of another type, in the words of the function."""
    wanted, found = result._desc.dtype, out._desc.dtype
    if wanted is found or text in (CAST, TYPED):
        return
    if text in CASTABLE and dtypes.can_cast(wanted, found):
        return
    error = TypeError if text == JOIN else RuntimeError
    raise error(
        text.format(
            name=name,
            wanted=wanted.scalar_name,
            found=found.scalar_name,
            wanted_c=cpp_name(wanted),
            found_c=cpp_name(found),
        )
    )
