"""The state of modules: what state_dict tells and load_state_dict takes back."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from typing import Any

from ...autograd.grad_mode import no_grad
from ...overrides import is_tensor_like
from ..parameter import Parameter


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """The names that a state lacks, and those that it has too many."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def state_dict(self: Any, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
    """Parameters and persistent buffers by their full names, detached unless `keep_vars`."""
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()
    metadata = {"version": self._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = metadata
    for hook in self._state_dict_pre_hooks.values():
        hook(self, prefix, keep_vars)
    self._save_to_state_dict(destination, prefix, keep_vars)
    for name, module in self._modules.items():
        if module is not None:
            module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    for hook in self._state_dict_hooks.values():
        found = hook(self, destination, prefix, metadata)
        destination = destination if found is None else found
    return destination


def save_to_state_dict(self: Any, destination: Any, prefix: str, keep_vars: bool) -> None:
    """This module's own part of the state."""
    for name, tensor in _own(self):
        destination[prefix + name] = tensor if keep_vars else tensor.detach()


def _own(self: Any) -> list[tuple[str, Any]]:
    buffers = [(name, t) for name, t in self._buffers.items() if name not in self._non_persistent_buffers_set]
    return [(name, t) for name, t in (*self._parameters.items(), *buffers) if t is not None]


def load_state_dict(self: Any, state_dict: Any, strict: bool = True, assign: bool = False) -> _IncompatibleKeys:
    """Copy a state into the parameters and buffers, or put its tensors in their places (`assign`)."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []

    def load(module: Any, local: Any, prefix: str) -> None:
        module._load_from_state_dict(
            local, prefix, {"assign_to_params_buffers": assign}, True, missing, unexpected, errors
        )
        for name, child in module._modules.items():
            if child is not None:
                inner = f"{prefix}{name}."
                load(child, {key: value for key, value in local.items() if key.startswith(inner)}, inner)
        for hook in module._load_state_dict_post_hooks.values():
            hook(module, _IncompatibleKeys(missing, unexpected))

    load(self, OrderedDict(state_dict), "")
    if strict:
        for what, keys in (("Unexpected", unexpected), ("Missing", missing)):
            if keys:
                quoted = ", ".join([f'"{key}"' for key in keys])
                errors.insert(0, f"{what} key(s) in state_dict: {quoted}. ")
    if errors:
        inside = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{inside}")
    return _IncompatibleKeys(missing, unexpected)


def load_from_state_dict(
    self: Any,
    state_dict: Any,
    prefix: str,
    local_metadata: Any,
    strict: bool,
    missing_keys: list[str],
    unexpected_keys: list[str],
    error_msgs: list[str],
) -> None:
    """Take this module's own part out of a state."""
    for hook in self._load_state_dict_pre_hooks.values():
        hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
    own = dict(_own(self))
    for name, param in own.items():
        key = prefix + name
        if key not in state_dict:
            if strict:
                missing_keys.append(key)
            continue
        found = state_dict[key]
        if not is_tensor_like(found):
            error_msgs.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
                f"but received {type(found)}"
            )
        elif found.shape != param.shape:
            error_msgs.append(
                f"size mismatch for {key}: copying a param with shape {found.shape} from checkpoint, the shape in current "
                f"model is {param.shape}."
            )
        elif local_metadata.get("assign_to_params_buffers"):
            if isinstance(param, Parameter) and not isinstance(found, Parameter):
                found = Parameter(found, requires_grad=param.requires_grad)
            setattr(self, name, found)
        else:
            with no_grad():
                param.copy_(found)
    if strict:
        for key in state_dict:
            if key.startswith(prefix):
                name, dot, _ = key[len(prefix) :].partition(".")
                if name not in (self._modules if dot else own):
                    unexpected_keys.append(key)
