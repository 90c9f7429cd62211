"""Losses, as torch.nn.functional has them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, levels
from ..calls.operands import check_subtraction, refuse_bools, refuse_cast, refused
from ..calls.raising import saving, saving_first
from ..dtype import FLOATING, bool_, can_cast, get_default_dtype, int64, uint8
from ..memory.descriptor import broadcast_shapes, expect_room, plan_of
from ..plain_numpy import np
from ..tensor import Tensor
from ..warning import warn
from .arguments import expect_tensor, no_gradient
from .arrange import common_shape

REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


def reduction_number(name: str, size_average: Any = None, reduce: Any = None) -> int:
    """PyTorch's number of a reduction; the two flags are what they were before there were names."""
    if size_average is not None or reduce is not None:
        average = True if size_average is None else size_average
        name = ("mean" if average else "sum") if reduce is None or reduce else "none"
        warn(f"size_average and reduce args will be deprecated, please use reduction='{name}' instead.")
    if name not in REDUCTIONS:
        raise ValueError(f"{name} is not a valid value for reduction")
    return REDUCTIONS[name]


def _together(input: Tensor, target: Tensor) -> Any:
    """Both in one shape; PyTorch warns where that takes broadcasting."""
    if target.size() == input.size():  # None has no size, as PyTorch's Python finds out too
        return input, target
    warn(
        f"Using a target size ({target._desc.shape}) that is different to the input size ({input._desc.shape}). "
        "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size."
    )
    from .arrange import broadcast_tensors

    return broadcast_tensors(input, target)


def _floats(kernel: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both, which are not to be integers alone: a kernel has no loss of them."""
    kind = plan_of(input._desc, target._desc).result.dtype
    if kind.category != FLOATING:
        raise saving(refused(kernel, kind), input, target)
    return input, target


def _uncastable(kind: Any, wanted: Any) -> RuntimeError:
    return RuntimeError(f"result type {kind.scalar_name} can't be cast to the desired output type {wanted.scalar_name}")


def total(loss: Tensor, reduction: int) -> Tensor:
    """The loss as its number says: each element's, the mean, or the sum."""
    return loss.mean() if reduction == 1 else loss.sum() if reduction == 2 else loss


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """The squared differences."""
    input, target = _together(input, target)
    number = reduction_number(reduction, size_average, reduce)
    if weight is None:
        return d.mse_loss(*_floats("mse_cpu", input, target), number)
    if weight._desc.shape != input._desc.shape:
        raise ValueError("Weights and input must have the same size.")
    weighted = (input - target).pow(2) * weight
    return weighted.sum() / weight.sum() if number == 1 else total(weighted, number)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """The absolute differences."""
    input, target = _together(input, target)
    number = reduction_number(reduction, size_average, reduce)
    differences = (input - target).abs()
    if weight is None:
        return total(differences, number)
    weighted = differences * weight
    return weighted.sum() / weight.sum() if number == 1 else total(weighted, number)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Squares near zero, absolute values beyond."""
    input, target = _together(input, target)
    number = reduction_number(reduction, size_average, reduce)
    if beta == 0.0:
        return total((input - target).abs(), number)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return d.smooth_l1_loss(*_floats("smooth_l1_cpu", input, target), number, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor:
    """Squares near zero, straight lines beyond."""
    input, target = _together(input, target)
    with saving_first("huber_loss", self=input, target=target):
        if delta <= 0:
            raise RuntimeError("huber_loss does not support non-positive values for delta.")
        together = plan_of(input._desc, target._desc).result.dtype
        if not can_cast(together, input._desc.dtype):  # the result has the type of the input
            raise _uncastable(together, input._desc.dtype)
        _floats("huber_cpu", input, target)
    if weight is None:
        return d.huber_loss(input, target, reduction_number(reduction), delta)
    weighted = d.huber_loss(input, target, 0, delta) * weight
    return total(weighted, reduction_number(reduction))


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log probability of the class of each sample."""
    expect_tensor(input, "nll_loss_nd", "input", 1)
    expect_tensor(target, "nll_loss_nd", "target", 2)
    return _nll(input, target, weight, reduction_number(reduction, size_average, reduce), ignore_index)


def _nll(input: Tensor, target: Tensor, weight: Any, reduction: int, ignore_index: int) -> Tensor:
    ndim = input._desc.ndim
    if ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {ndim})")
    samples = target._desc.shape[0] if target._desc.ndim else 0
    if ndim > 1 and input._desc.shape[0] != samples:
        raise ValueError(f"Expected input batch_size ({input._desc.shape[0]}) to match target batch_size ({samples}).")
    no_gradient(weight, "nll_loss_forward" if ndim <= 2 else "nll_loss2d_forward", "weight")
    if ndim > 2 and ndim != 4:
        input, target, shape = _as_pictures(input, target)
    try:
        _expect_classes(input, target, weight, ignore_index)
    except Exception as error:
        raise saving(error, input, target, weight) from None
    if ndim <= 2:
        return d.nll_loss(input, target, weight, reduction, ignore_index)[0]
    loss: Tensor = d.nll_loss2d(input, target, weight, reduction, ignore_index)[0]
    return loss if ndim == 4 or reduction else loss.view(shape)


def _as_pictures(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Any]:
    """Both as of two more dimensions, for which PyTorch has its kernel, and the shape of the target."""
    batch, classes, *inner = input._desc.shape
    shape = target._desc.shape
    if shape[1:] != tuple(inner):
        raise RuntimeError(f"Expected target size {[batch, *inner]}, got {list(shape)}")
    flat = [(1, -1) if x._desc.numel else (0, 0) for x in (input, target)]
    return input.contiguous().view(batch, classes, *flat[0]), target.contiguous().view(batch, *flat[1]), shape


def _expect_classes(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> None:
    """PyTorch's checks of sizes, then those of types, then of the classes."""
    a, b = input._desc, target._desc
    ndim, pictures = a.ndim, a.ndim > 2
    classes = a.shape[0 if ndim == 1 else 1]
    if not pictures and b.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if pictures and b.ndim != 3:
        raise RuntimeError(
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {b.ndim}"
        )
    if b.dtype is not int64 and b.dtype is not uint8:
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {b.dtype.scalar_name}")
    if ndim == b.ndim == 1 and b.shape != (1,):
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {b.shape[0]}")
    if weight is not None and pictures and weight._desc.numel != classes:
        raise RuntimeError("weight tensor should be defined either for all or no classes")
    if pictures and (a.shape[0], *a.shape[2:]) != b.shape:
        raise RuntimeError(f"size mismatch (got input: {list(a.shape)} , target: {list(b.shape)}")
    if weight is not None and not pictures and tuple(weight._desc.shape) != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of "
            f"shape: {list(weight._desc.shape)}"
        )
    if a.dtype.category != FLOATING:
        raise refused("nll_loss2d_forward_out_frame" if pictures else "nll_loss_out_frame", a.dtype)
    if weight is not None and weight._desc.dtype is not a.dtype:
        raise RuntimeError(f"expected scalar type {a.dtype.scalar_name} but found {weight._desc.dtype.scalar_name}")
    if b.dtype is uint8 and pictures and b.numel:
        raise RuntimeError("expected scalar type Long but found Byte")
    counted = target._array[target._array != ignore_index]
    if counted.size and not 0 <= counted.min() <= counted.max() < classes:
        wrong = counted[(counted < 0) | (counted >= classes)].reshape(-1)[0]
        raise IndexError(f"Target {wrong} is out of bounds.")


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Minus the log probability of each sample's class, or of its distribution over classes, given scores."""
    number = reduction_number(reduction, size_average, reduce)
    expect_tensor(input, "cross_entropy_loss", "input", 1)
    expect_tensor(target, "cross_entropy_loss", "target", 2)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = 0 if input._desc.ndim == 1 else 1
    if input._desc.shape == target._desc.shape:
        return _of_distributions(input, target, weight, number, label_smoothing, dim)
    scores = input.log_softmax(dim)
    loss = _nll(scores, target, weight, number, ignore_index)
    return _smoothed(loss, scores, target, weight, number, ignore_index, label_smoothing, dim)


def _of_distributions(input: Tensor, target: Tensor, weight: Any, reduction: int, smoothing: float, dim: int) -> Tensor:
    if target._desc.dtype.category < FLOATING:
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got " + target._desc.dtype.scalar_name
        )
    classes = input._desc.shape[dim]
    if smoothing > 0:
        target = d.add_scalar(d.mul_scalar(target, 1 - smoothing), smoothing / classes)
    terms = input.log_softmax(dim) * target
    if weight is not None:
        terms = terms * weight.view(*(-1 if i == dim else 1 for i in range(input._desc.ndim)))
    if reduction == 0:
        return -terms.sum(dim)
    return d.div_scalar(-terms.sum(), max(input.numel() // classes, 1)) if reduction == 1 else -terms.sum()


def _smoothed(
    loss: Tensor,
    scores: Tensor,
    target: Tensor,
    weight: Any,
    reduction: int,
    ignore_index: int,
    smoothing: float,
    dim: int,
) -> Tensor:
    if not smoothing:
        return loss
    ignored = target == ignore_index
    if weight is None:
        smooth = -scores.sum(dim)
    else:
        smooth = -(scores * weight.view(*(-1 if i == dim else 1 for i in range(scores._desc.ndim)))).sum(dim)
    smooth = smooth.masked_fill(ignored, 0.0)
    if reduction == 1:
        if weight is None:
            smooth = smooth.sum() / (target.numel() - int(ignored.sum()))
        else:
            smooth = smooth.sum() / weight.gather(0, target.masked_select(~ignored)).sum()
    elif reduction == 2:
        smooth = smooth.sum()
    smooth = d.mul_scalar(
        smooth, smoothing / scores._desc.shape[dim]
    )  # first, as in PyTorch's C++, where the right operand is
    return d.mul_scalar(loss, 1 - smoothing) + smooth


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross entropy of probabilities of one class."""
    number = reduction_number(reduction, size_average, reduce)
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target._desc.shape}) that is different to the input size ({input._desc.shape}) is "
            "deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = weight.expand(common_shape(target.shape, weight.shape))
        no_gradient(weight, "binary_cross_entropy", "weight")
    if target._desc.dtype is not input._desc.dtype:
        found, expected = target._desc.dtype.scalar_name, input._desc.dtype.scalar_name
        raise saving(RuntimeError(f"Found dtype {found} but expected {expected}"), input, target, weight)
    if input._desc.dtype.category != FLOATING:
        raise saving(refused("binary_cross_entropy", input._desc.dtype), input, target, weight)
    inside = [(x >= 0) & (x <= 1) for x in (input._array, target._array)]
    if not (inside[0].all() and inside[1].all()):
        first = np.argmin(inside[0] & inside[1])  # PyTorch goes from element to element, and asks the input first
        name = "target" if np.ravel(inside[0])[first] else "input"
        raise saving(RuntimeError(f"all elements of {name} should be between 0 and 1"), input, target, weight)
    if weight is not None:  # by which the loss is multiplied in place
        try:
            expect_room(input._desc.shape, weight._desc.shape)
            refuse_cast(plan_of(input._desc, weight._desc).result.dtype, input._desc.dtype)
        except RuntimeError as error:
            raise saving(error, input, target, weight) from None
    return d.binary_cross_entropy(input, target, weight, number)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor:
    """The cross entropy of one class, given scores."""
    number = reduction_number(reduction, size_average, reduce)
    if target.size() != input.size():
        raise ValueError(f"Target size ({target._desc.shape}) must be the same as input size ({input._desc.shape})")
    return torch_bce_with_logits(input, target, weight, pos_weight, number)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-target * input))"""
    expect_tensor(input, "soft_margin_loss")
    expect_tensor(target, "soft_margin_loss", "target", 2)
    no_gradient(target, "soft_margin_loss", "target")
    kind, wanted = input._desc.dtype, target._desc.dtype
    if kind.category < FLOATING:  # the result has the type of the input
        if kind is bool_:
            refuse_bools(input, "neg")
        raise _uncastable(wanted if wanted.category >= FLOATING else get_default_dtype(), kind)
    if wanted.category < FLOATING and wanted is not bool_:  # of bools there is a value, and no gradient
        target = target.to(kind)
    if wanted.is_complex and not kind.is_complex:
        raise _uncastable(plan_of(input._desc, target._desc).result.dtype, kind)
    with saving_first("soft_margin_loss", self=input, target=target):
        expect_room(input._desc.shape, target._desc.shape)  # it is computed in the memory of the input's shape
    return d.soft_margin_loss(input, target, reduction_number(reduction, size_average, reduce))


def required_number(reduction: Any, name: str) -> None:
    """Refuse a reduction that is no number."""
    if not isinstance(reduction, int):
        raise TypeError(f"{name}(): argument 'reduction' must be int, not {type(reduction).__name__}")


def torch_bce_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None, reduction: int = 0
) -> Tensor:
    """torch.binary_cross_entropy_with_logits, of numbered reduction"""
    required_number(reduction, "binary_cross_entropy_with_logits")
    if not levels.state.stack:  # no transform runs it as one operator: those that it is made of have all derivatives
        no_gradient(weight, "binary_cross_entropy_with_logits", "weight")
        no_gradient(pos_weight, "binary_cross_entropy_with_logits", "pos_weight")
    try:
        _expect_logits(input, target, weight, pos_weight)
    except Exception as error:
        raise saving(error, input, target, weight, pos_weight) from None
    return d.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def _expect_logits(input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None) -> None:
    if input._desc.dtype.category != FLOATING:
        raise refused("log_sigmoid_cpu", input._desc.dtype)
    if target._desc.dtype is bool_:
        check_subtraction(True, target)
    if pos_weight is not None:
        broadcast_shapes(pos_weight._desc.shape, target._desc.shape)
    for operand in (input, pos_weight, weight):  # by which PyTorch multiplies one minus the target in place
        if operand is None:
            continue
        expect_room(target._desc.shape, operand._desc.shape)
        refuse_cast(plan_of(target._desc, operand._desc).result.dtype, target._desc.dtype)


NN_FUNCTIONAL: dict[str, Any] = {
    f.__name__: f
    for f in (
        *(mse_loss, l1_loss, smooth_l1_loss, huber_loss, nll_loss, cross_entropy),
        *(binary_cross_entropy, binary_cross_entropy_with_logits, soft_margin_loss),
    )
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {"binary_cross_entropy_with_logits": torch_bce_with_logits}
