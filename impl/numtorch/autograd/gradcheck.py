"""torch.autograd.gradcheck and gradgradcheck: derivatives compared with central differences.

The Jacobian is computed twice: numerically, by moving each element of each input by eps both ways (numerical.py), and
analytically, by one backward for each element of each output. Matrices have a row an element of the input and a column
an element of the output. Then backward is checked to be linear in its seed, and to bear a seed that is undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..creation import empty, zeros
from ..dtype import complex128, float64
from ..functions.shape import reshape, view
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn
from .entry import grad
from .function import Function
from .numerical import differentiable_inputs, jacobians, output_tuple

_NONDETERMINISTIC = """\
Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different values, \
although analytical gradient matches numerical gradient.The tolerance for nondeterminism was {}.

NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected.

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.
If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `nondet_tol=<tol>` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_nondet_tol=<tol>`.
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_nondet_tol=<tol>`
"""
_NOTES = 'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'


class GradcheckError(RuntimeError):
    """The gradients that backward computes are not those of the function."""

    __module__ = "torch.autograd.gradcheck"


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-06,
    atol: float = 1e-05,
    rtol: float = 0.001,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether backward agrees with central differences; the inputs that require grad are to be of double precision."""
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    try:
        inputs = output_tuple(inputs)
        _check_inputs(inputs)
        returned = func(*inputs)
        outputs = differentiable(returned)
        options = {"eps": eps, "rtol": rtol, "atol": atol, "nondet_tol": nondet_tol, "dtypes_count": check_grad_dtypes}
        if check_backward_ad:
            if fast_mode:
                from .fast_gradcheck import check_fast as check
            else:
                check = _check
            _check_parts(check, func, returned, inputs, outputs, options)
        if check_forward_ad:
            from .forward_gradcheck import check_forward

            check_forward(func, returned, inputs, outputs, check_undefined_grad, fast_mode, **options)
        if check_batched_forward_grad:
            from .batched_gradcheck import check_batched_forward

            check_batched_forward(func, inputs)
        if not check_backward_ad:
            return True
        if check_batched_grad:
            from .batched_gradcheck import check_batched

            for i, out in enumerate(outputs):
                check_batched(inputs, out, i)
        _check_linear(outputs, inputs, bool(masked))
        if check_undefined_grad:
            _check_undefined(func, outputs, inputs)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-06,
    atol: float = 1e-05,
    rtol: float = 0.001,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the backward of backward agrees with central differences; the seeds are drawn if they are not given."""
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    if check_undefined_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_undefined_grad=True requires check_rev_over_rev to be True")
    if check_batched_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_batched_grad=True requires check_rev_over_rev to be True")
    inputs = output_tuple(inputs)
    if grad_outputs is None:
        seeds = tuple([_draw_like(o, gen_non_contig_grad_outputs) for o in differentiable(func(*inputs))])
    else:
        seeds = output_tuple(grad_outputs)
    wanted = {i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad}
    wanted_seeds = {i for i, x in enumerate(seeds) if x.requires_grad}

    def backward(*args: Any) -> tuple:
        given = [x.requires_grad_() if i in wanted else x for i, x in enumerate(args[: -len(seeds)])]
        outputs = differentiable(func(*given))
        grads = [x.requires_grad_() if i in wanted_seeds else x for i, x in enumerate(args[-len(seeds) :])]
        found = grad(
            outputs, [x for i, x in enumerate(given) if i in wanted], grads, create_graph=True, allow_unused=True
        )
        return tuple([g for g in found if g is not None])

    return gradcheck(
        backward,
        inputs + seeds,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        masked=masked,
    )


def _draw_like(output: Tensor, with_gaps: bool) -> Tensor:
    """A seed of [-1, 1); on request every second element of a longer one, which is not contiguous."""
    from ..functions.random import uniform_

    size = output.shape
    gaps = with_gaps and output.numel() > 1
    if gaps:
        size = (*size[:-1], 2 * size[-1])
    seed = uniform_(empty(size, dtype=output.dtype), -1, 1)
    return (seed[..., 1::2] if gaps else seed).requires_grad_()


# ---- what goes in and comes out


def _check_inputs(inputs: tuple) -> None:
    found = False
    for i, x in enumerate(inputs):
        if not isinstance(x, Tensor) or not x.requires_grad:
            continue
        found = True
        if x.dtype not in (float64, complex128):
            warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This "
                "check will likely fail if all the inputs are not of double precision floating point or complex. ",
            )
        if any(stride == 0 and size > 1 for stride, size in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call "
                ".contiguous on the input before passing it to gradcheck."
            )
    if not found:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )


def differentiable(outputs: Any) -> tuple:
    """The outputs that require grad."""
    return tuple([o for o in output_tuple(outputs) if o.requires_grad])


def _check_parts(check: Any, func: Any, returned: Any, inputs: tuple, outputs: tuple, options: dict[str, Any]) -> None:
    """Check a real function as it is, a complex one by its imaginary part and by its real part."""
    if not any(o.is_complex() for o in output_tuple(returned)):
        check(func, returned, inputs, outputs, "", **options)
        return
    are_complex = {i for i, o in enumerate(outputs) if o.is_complex()}
    for part, name in (("imag", "imaginary"), ("real", "real")):

        def only(*args: Any, part: str = part) -> tuple:
            return tuple([getattr(o, part) if o.is_complex() else o for o in output_tuple(func(*args))])

        found = only(*inputs)
        prefix = f"While considering the {name} part of complex outputs only, "
        check(only, found, inputs, differentiable(found), prefix, complex_outputs=are_complex, **options)


# ---- the comparison


def numerical_by_output(func: Any, returned: tuple, inputs: tuple, outputs: tuple, eps: float) -> list[tuple]:
    """The numerical Jacobians of each output that requires grad. Where none does, they are only expected to be zero."""
    numerical = jacobians(func, inputs, returned, eps)
    if not outputs:
        expect_zero(numerical)
        return []
    return [n for o, n in zip(returned, zip(*numerical, strict=True), strict=False) if o.requires_grad]


def _check(
    func: Any,
    returned: Any,
    inputs: tuple,
    outputs: tuple,
    prefix: str,
    *,
    eps: float,
    rtol: float,
    atol: float,
    nondet_tol: float,
    dtypes_count: bool,
    complex_outputs: Any = (),
) -> None:
    """Compare all elements of the Jacobians."""
    per_output = numerical_by_output(func, output_tuple(returned), inputs, outputs, eps)
    for i, out in enumerate(outputs):
        analytical = analytical_jacobians(inputs, out, nondet_tol, dtypes_count)
        for j, (a, n) in enumerate(zip(analytical, per_output[i], strict=True)):
            if not close(a, n, rtol, atol):
                raise GradcheckError(mismatch(a, n, i, j, prefix if i in complex_outputs else ""))


def expect_zero(numerical: list[list[np.ndarray]]) -> None:
    """What does not require grad must not change."""
    if any((n != 0).any() for per_input in numerical for n in per_input):
        raise GradcheckError("Numerical gradient for function expected to be zero")


def close(a: np.ndarray, n: np.ndarray, rtol: float, atol: float) -> bool:
    """Whether the analytical values are as near to the numerical ones as asked."""
    with np.errstate(all="ignore"):
        return bool(np.allclose(a, n, rtol, atol))


def mismatch(a: Any, n: Any, output: int, given: int, prefix: str, mode: str = "") -> str:
    """What GradcheckError says."""
    return (
        f"{prefix}Jacobian {mode}mismatch for output {output} with respect to input {given},\n"
        f"numerical:{wrap(n)}\nanalytical:{wrap(a)}\n"
    )


def analytical_jacobians(
    inputs: tuple, output: Tensor, nondet_tol: float, dtypes_count: bool, seed: Tensor | None = None
) -> list[np.ndarray]:
    """The Jacobian of one output with respect to each input; given a seed, its product with that."""
    wanted = [x for _, x in differentiable_inputs(inputs)]
    first, sizes_ok, types_ok = _columns(output, wanted, seed)
    second, _, _ = _columns(output, wanted, seed)
    # PyTorch's own helper returns these two the other way round, so its texts are exchanged; so are they here.
    if not sizes_ok and dtypes_count:
        raise GradcheckError("Gradient has dtype mismatch")
    if not types_ok:
        raise GradcheckError("Analytical gradient has incorrect size")
    with np.errstate(all="ignore"):
        same = not any(a.size and np.abs(a - b).max() > nondet_tol for a, b in zip(first, second, strict=True))
    if not same:
        raise GradcheckError(_NONDETERMINISTIC.format(nondet_tol))
    return first


def _columns(output: Tensor, wanted: list[Tensor], seed: Tensor | None) -> tuple[list[np.ndarray], bool, bool]:
    """A backward for each element of the output (or for the seed), and whether sizes and dtypes were the inputs'."""
    found = [np.zeros((x.numel(), output.numel() if seed is None else 1), x.dtype.numpy) for x in wanted]
    sizes_ok = types_ok = True
    for j, given in enumerate(_basis(output) if seed is None else (reshape(seed, output.shape),)):
        for i, g in enumerate(grad(output, wanted, given, retain_graph=True, allow_unused=True)):
            if g is None:
                continue
            if g.shape != wanted[i].shape:
                sizes_ok = False
            elif g.dtype is not wanted[i].dtype:
                types_ok = False
            found[i][:, j] = g._numpy().reshape(-1)
    return found, sizes_ok, types_ok


def _basis(output: Tensor) -> Iterator[Tensor]:
    """The seeds of the elements, one after the other: one tensor, written anew for each, as a hook can see."""
    seed = _zeros(output)
    flat = view(seed, -1)
    for j in range(output.numel()):
        flat.zero_()
        flat[j] = 1.0
        yield seed


# ---- what else is asked of backward


def _check_linear(outputs: tuple, inputs: tuple, masked: bool) -> None:
    """A seed of zeros must give zeros."""
    wanted = [x for _, x in differentiable_inputs(inputs)]
    for g, x in zip(grad(outputs, wanted, [_zeros(o) for o in outputs], allow_unused=True), wanted, strict=True):
        if g is None:
            continue
        array = g._numpy()
        if not (np.allclose(array, 0) if masked else (array == 0).all()):
            raise GradcheckError("backward not multiplied by grad_output")
        if g.dtype is not x.dtype:
            raise GradcheckError("grad is incorrect type")
        if g.shape != x.shape:
            raise GradcheckError("grad is incorrect size")


def _zeros(output: Tensor) -> Tensor:
    """Zeros in the shape of the output, contiguous whatever its strides are."""
    return zeros(output.shape, dtype=output.dtype)


class UndefinedGrad(Function):
    """The identity, with an undefined gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The value."""
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> None:
        """Nothing, whatever comes."""


def _check_undefined(func: Any, outputs: tuple, inputs: tuple) -> None:
    """A backward must bear undefined gradients of its outputs: of all of them, and of each one."""
    wanted = [x for _, x in differentiable_inputs(inputs)]

    def roots(hidden: int | None) -> list:
        """The outputs of a new call, of one or (None) of all of which the gradient is undefined."""
        return [
            UndefinedGrad.apply(o) if hidden is None or i == hidden else o
            for i, o in enumerate(differentiable(func(*inputs)))
        ]

    every = [roots(None)]
    if len(every[0]) > 1:
        every += [roots(i) for i in range(len(outputs))]
    for some in every:
        try:
            grads = grad(some, wanted, [_zeros(o) for o in some], allow_unused=True)
        except RuntimeError as error:
            _warn_of_new_check()
            raise GradcheckError(f"Expected backward function to handle undefined output grads. {_NOTES}") from error
        if any(g is not None and not (g._numpy() == 0).all() for g in grads):
            _warn_of_new_check()
            raise GradcheckError(
                "Expected all input grads to be undefined or zero when all output grads are undefined or "
                f"zero. {_NOTES}"
            )


def _warn_of_new_check() -> None:
    warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it "
        "may break existing callers of this function. If this is true for you, you can call this function with "
        '"check_undefined_grad=False" to disable the feature',
    )


__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
