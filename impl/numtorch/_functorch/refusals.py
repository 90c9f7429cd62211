"""What may not be called within a function transform, and what PyTorch says of it."""

from __future__ import annotations

from typing import Any

from .. import levels
from ..calls.replacing import Replaced

BACKWARD = (
    "backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp "
    "instead or call backward() outside of functorch transforms."
)
_LEAF = (
    "You are attempting to call Tensor.{0}() {1}inside of a function being transformed by a functorch transform. This is "
    "unsupported, please attempt to use the functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call {0}() "
    "outside of a function being transformed instead."
)
REQUIRES_GRAD = _LEAF.format("requires_grad_", "(or perhaps using torch.autograd.functional.* APIs) ")
RETAIN_GRAD = _LEAF.format("retain_grad", "")
NO_STORAGE = "Cannot access data pointer of Tensor that doesn't have storage"
NO_MEMORY = "Cannot access storage of {}"
ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please "
    "try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, please "
    "file a bug report."
)
CONTROL_FLOW = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support that yet, "
    "please file an issue at https://github.com/pytorch/pytorch/issues ."
)
TOLD = {
    "equal": "Batching rule not implemented for aten::equal. We could not generate a fallback.",
    "allclose": "vmap over torch.allclose isn't supported yet. Please file an issue at "
    "https://github.com/pytorch/pytorch/issues",
}
NO_VIEW_RULE = "Batching rule not implemented for aten::{}; the fallback path doesn't work on out= or view ops."
UNSUPPORTED = "vmap: we do not yet support aten::{}. Please file an issue"
UNRULED = {"neg_view": NO_VIEW_RULE.format("_neg_view")}
"""What a vmap has no rule of, and what PyTorch says."""
FORMAT = "NYI: querying is_contiguous inside of vmap for memory_format other than torch.contiguous_format"
RANDOM = {
    "rrelu": UNSUPPORTED.format("rrelu"),
    "rrelu_": UNSUPPORTED.format("rrelu_"),
    "rrelu_with_noise": UNSUPPORTED.format("rrelu_with_noise"),
    "rrelu_with_noise_of_": UNSUPPORTED.format("rrelu_with_noise_"),
}
"""What a vmap refuses even where there is no batch."""
TEXTS = {"run_from_scalar": BACKWARD, "requires_grad_": REQUIRES_GRAD, "retain_grad": RETAIN_GRAD}


def refuse(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Refuse, unless it is a transform that calls it."""
    if replaced.name == "requires_grad_" and levels.state.may_require_grad:
        return replaced.original(*args, **kwargs)
    if replaced.name == "retain_grad" and not args[0].requires_grad:
        return replaced.original(*args, **kwargs)
    raise RuntimeError(TEXTS[replaced.name])


def engine(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A pass that accumulates is refused, others go on."""
    if args[6]:
        raise RuntimeError(BACKWARD)
    return replaced.original(*args, **kwargs)


def memory(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What would hand out the memory of a tensor, which one of a level has not."""
    tensor = levels.living(args[0])
    wrapped = levels.wrapped_of(tensor)
    if replaced.name == "numpy" and (kwargs.get("force") or wrapped is not None):
        if kwargs.get("force"):
            tensor = tensor.detach()
            wrapped = levels.wrapped_of(tensor)
        elif wrapped is not None:
            replaced.original(*args, **kwargs)
    if wrapped is None:
        return replaced.original(tensor, *args[1:], **kwargs)
    if replaced.name in ("numpy", "array_protocol", "data_ptr"):
        raise RuntimeError(NO_STORAGE)
    raise NotImplementedError(NO_MEMORY.format("TensorWrapper" if wrapped.bdim is None else "BatchedTensorImpl"))
