"""The operators that other libraries may have, by PyTorch's names and parameters.

A library says how it computes an operator from values already bound to these parameters, so that no module has to know that
`dim` may be given by position, that ``x.sum(0, True)`` is ``torch.sum(x, dim=0, keepdim=True)``, or that ``x * 2`` is `mul`.

Names, parameters and defaults are those of https://docs.pytorch.org/docs/2.13/torch.html.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

BOTH = """
add(input, other, *, alpha=1)
sub(input, other, *, alpha=1)
mul(input, other)
div(input, other, *, rounding_mode=None)
true_divide(input, other)
floor_divide(input, other)
remainder(input, other)
fmod(input, other)
pow(input, exponent)
float_power(input, exponent)
maximum(input, other)
minimum(input, other)
fmax(input, other)
fmin(input, other)
atan2(input, other)
hypot(input, other)
logaddexp(input, other)
logaddexp2(input, other)
copysign(input, other)
xlogy(input, other)
eq(input, other)
ne(input, other)
lt(input, other)
le(input, other)
gt(input, other)
ge(input, other)
logical_and(input, other)
logical_or(input, other)
logical_xor(input, other)
logical_not(input)
isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)
lerp(input, end, weight)
addcmul(input, tensor1, tensor2, *, value=1)
addcdiv(input, tensor1, tensor2, *, value=1)
neg(input)
abs(input)
square(input)
sqrt(input)
rsqrt(input)
reciprocal(input)
exp(input)
exp2(input)
expm1(input)
log(input)
log2(input)
log10(input)
log1p(input)
sin(input)
cos(input)
tan(input)
asin(input)
acos(input)
atan(input)
sinh(input)
cosh(input)
tanh(input)
asinh(input)
acosh(input)
atanh(input)
sinc(input)
sigmoid(input)
relu(input)
erf(input)
erfc(input)
erfinv(input)
lgamma(input)
digamma(input)
logit(input, eps=None)
i0(input)
floor(input)
ceil(input)
round(input)
trunc(input)
frac(input)
sign(input)
sgn(input)
deg2rad(input)
rad2deg(input)
isnan(input)
isinf(input)
isfinite(input)
nan_to_num(input, nan=0.0, posinf=None, neginf=None)
clamp(input, min=None, max=None)
clip(input, min=None, max=None)
clamp_min(input, min)
clamp_max(input, max)
heaviside(input, values)
sum(input, dim=None, keepdim=False, *, dtype=None)
nansum(input, dim=None, keepdim=False, *, dtype=None)
mean(input, dim=None, keepdim=False, *, dtype=None)
nanmean(input, dim=None, keepdim=False, *, dtype=None)
prod(input, dim=None, keepdim=False, *, dtype=None)
std(input, dim=None, *, correction=1, keepdim=False)
var(input, dim=None, *, correction=1, keepdim=False)
amax(input, dim=(), keepdim=False)
amin(input, dim=(), keepdim=False)
max(input, dim=None, keepdim=False)
min(input, dim=None, keepdim=False)
argmax(input, dim=None, keepdim=False)
argmin(input, dim=None, keepdim=False)
all(input, dim=None, keepdim=False)
any(input, dim=None, keepdim=False)
count_nonzero(input, dim=None)
logsumexp(input, dim, keepdim=False)
norm(input, p="fro", dim=None, keepdim=False)
cumsum(input, dim, *, dtype=None)
cumprod(input, dim, *, dtype=None)
cummax(input, dim)
cummin(input, dim)
softmax(input, dim, *, dtype=None)
log_softmax(input, dim, *, dtype=None)
sort(input, dim=-1, descending=False)
argsort(input, dim=-1, descending=False)
topk(input, k, dim=-1, largest=True, sorted=True)
matmul(input, other)
mm(input, mat2)
mv(input, vec)
bmm(input, mat2)
dot(input, tensor)
inner(input, other)
outer(input, vec2)
addmm(input, mat1, mat2, *, beta=1, alpha=1)
kron(input, other)
trace(input)
inverse(input)
det(input)
slogdet(input)
cholesky(input)
pinverse(input)
matrix_power(input, n)
reshape(input, *shape)
flatten(input, start_dim=0, end_dim=-1)
squeeze(input, dim=None)
unsqueeze(input, dim)
transpose(input, dim0, dim1)
t(input)
permute(input, *dims)
movedim(input, source, destination)
broadcast_to(input, *shape)
flip(input, *dims)
roll(input, shifts, dims=None)
tile(input, *dims)
ravel(input)
narrow(input, dim, start, length)
select(input, dim, index)
diagonal(input, offset=0, dim1=0, dim2=1)
diag(input, diagonal=0)
tril(input, diagonal=0)
triu(input, diagonal=0)
unbind(input, dim=0)
chunk(input, chunks, dim=0)
split(input, split_size_or_sections, dim=0)
gather(input, dim, index)
index_select(input, dim, index)
take_along_dim(input, indices, dim=None)
masked_fill(input, mask, value)
clone(input)
detach(input)
conj(input)
real(input)
imag(input)
angle(input)
"""

FUNCTIONS = """
where(condition, input, other)
cat(tensors, dim=0)
stack(tensors, dim=0)
einsum(equation, *operands)
tensordot(a, b, dims=2)
zeros_like(input, *, dtype=None)
ones_like(input, *, dtype=None)
"""

METHODS = """
view(input, *shape)
expand(input, *size)
repeat(input, *repeats)
contiguous(input)
to(input, dtype)
type_as(input, other)
float(input)
double(input)
"""

NN = """
softplus(input, beta=1.0, threshold=20.0)
silu(input)
gelu(input, approximate="none")
elu(input, alpha=1.0)
selu(input)
celu(input, alpha=1.0)
leaky_relu(input, negative_slope=0.01)
relu6(input)
hardtanh(input, min_val=-1.0, max_val=1.0)
hardsigmoid(input)
hardswish(input)
softsign(input)
mish(input)
logsigmoid(input)
tanhshrink(input)
normalize(input, p=2.0, dim=1, eps=1e-12)
mse_loss(input, target, *, reduction="mean")
l1_loss(input, target, *, reduction="mean")
linear(input, weight, bias=None)
"""

LINALG = """
norm(A, ord=None, dim=None, keepdim=False)
vector_norm(x, ord=2, dim=None, keepdim=False)
inv(A)
det(A)
slogdet(A)
cholesky(A)
solve(A, B)
matrix_power(A, n)
pinv(A)
eigvalsh(A)
svdvals(A)
cross(input, other, *, dim=-1)
multi_dot(tensors)
"""

SYMBOLS = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "matmul": "matmul",
    "lt": "lt",
    "le": "le",
    "gt": "gt",
    "ge": "ge",
    "eq": "eq",
    "ne": "ne",
    "neg": "neg",
    "abs": "abs",
}
"""Python's operators, by the names of the standard library's `operator`, and what each one is in the table."""


@dataclass(frozen=True)
class Signature:
    """One operator: where a program finds it, and how its arguments are bound."""

    name: str
    """What a library calls it in its table: unique, so ``linalg.norm`` is not ``norm``."""
    function: str
    """The path below ``torch``; empty if it is a method only."""
    method: str
    parameters: inspect.Signature

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name, those left out included. Raises TypeError as Python does."""
        bound = self.parameters.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        for name, parameter in self.parameters.parameters.items():
            # x.reshape(2, 3) and x.reshape((2, 3)) are one call.
            if parameter.kind is parameter.VAR_POSITIONAL and len(arguments[name]) == 1:
                only = arguments[name][0]
                arguments[name] = tuple(only) if isinstance(only, tuple | list) else (only,)
        return arguments


def _read(text: str, prefix: str, *, function: bool, method: bool) -> dict[str, Signature]:
    found = {}
    for line in text.split("\n"):
        if not line:
            continue
        short, _, parameters = line.partition("(")
        name = f"{prefix}{short}"
        scope: dict[str, Any] = {}
        # The text is this file's own; a parser of our own for Python's parameters would be the worse one.
        exec(f"def read({parameters}: ...", scope)
        found[name] = Signature(
            name, name if function else "", short if method else "", inspect.signature(scope["read"])
        )
    return found


SIGNATURES: dict[str, Signature] = {
    **_read(BOTH, "", function=True, method=True),
    **_read(FUNCTIONS, "", function=True, method=False),
    **_read(METHODS, "", function=False, method=True),
    **_read(NN, "nn.functional.", function=True, method=False),
    **_read(LINALG, "linalg.", function=True, method=False),
}
"""Every operator by its name."""

ALSO = {
    "nn.functional.relu": "relu",
    "nn.functional.sigmoid": "sigmoid",
    "nn.functional.tanh": "tanh",
    "nn.functional.softmax": "softmax",
    "nn.functional.log_softmax": "log_softmax",
    "special.expit": "sigmoid",
    "special.logsumexp": "logsumexp",
    "concat": "cat",
    "absolute": "abs",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "multiply": "mul",
    "divide": "div",
    "subtract": "sub",
    "negative": "neg",
    "swapaxes": "transpose",
    "swapdims": "transpose",
}
"""Other functions of PyTorch for the same operator."""
