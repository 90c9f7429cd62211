"""functional_call, which runs a module with other parameters than its own, and stack_module_state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..dispatch import stack
from ..tensor import Tensor

_MISSING: Any = object()


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What a module returns if these are its parameters and buffers, in one dict or in several."""
    given = parameter_and_buffer_dicts
    if not isinstance(given, dict):
        if not isinstance(given, Sequence):
            raise ValueError(
                f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(given)}"
            )
        if not all(isinstance(d, dict) for d in given):
            raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
        names = [name for d in given for name in d]
        repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if repeated:
            raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
        given = {name: value for d in given for name, value in d.items()}
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _with_tensors(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


@contextmanager
def _with_tensors(module: Any, given: dict[str, Any], tie_weights: bool, strict: bool) -> Iterator[None]:
    own: dict[str, Any] = {}
    wanted = _untied(module, given) if tie_weights else given
    if strict:
        _check_names(module, wanted)
    try:
        for name, value in wanted.items():
            own[name] = _swap(module, name, value)
        yield
    finally:
        found = {name: _swap(module, name, value) for name, value in own.items()}
        given.update({name: found[name] for name in given if name in found})


def _untied(module: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The tensors under every name that a module has for the same one."""
    names: dict[int, set[str]] = {}
    for name, tensor in (
        *module.named_parameters(remove_duplicate=False),
        *module.named_buffers(remove_duplicate=False),
    ):
        names.setdefault(id(tensor), set()).add(name)
    tied = {name: group for group in names.values() if len(group) > 1 for name in group}
    result = dict(given)
    for name in [name for name in given if name in tied]:
        same = [n for n in tied[name] if n in given]
        if len({id(given[n]) for n in same}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(tied[name])}, which are tied. Consider using "
                "tie_weights=False"
            )
        result.update(dict.fromkeys(tied[name], given[name]))
    return result


def _check_names(module: Any, given: dict[str, Any]) -> None:
    own = [
        n for n, _ in (*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False))
    ]
    unexpected, missing = sorted(set(given) - set(own)), sorted(set(own) - set(given))
    texts = []
    if unexpected:
        texts.append(f"Unexpected key(s): {', '.join(map(repr, unexpected))}.")
    if missing:
        texts.append(f"Missing key(s): {', '.join(map(repr, missing))}.")
    if texts:
        raise RuntimeError("Error(s) in reparametrizing for {}:\n\t{}".format(module._get_name(), "\n\t".join(texts)))


def _swap(module: Any, path: str, tensor: Any) -> Any:
    """Put a tensor in the place of a module's own, which is returned."""
    prefix, _, name = path.rpartition(".")
    for part in prefix.split(".") if prefix else ():
        found = getattr(module, part, None)
        if found is None:
            raise AttributeError(f"{module._get_name()} has no attribute `{part}`")
        module = found
    if tensor is not _MISSING and tensor is not None and not isinstance(tensor, Tensor):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    if not name:
        raise KeyError('tensor name can\'t be empty string ""')
    for table in (module._parameters, module._buffers):
        if name in table:
            old = table[name]
            if tensor is _MISSING:
                del table[name]
            else:
                table[name] = tensor
            return old
    old = getattr(module, name, _MISSING)
    if old is not _MISSING and old is not None and not isinstance(old, Tensor):
        raise TypeError(f"attribute `{name}`: {old} is not an instance of torch.Tensor")
    if tensor is not _MISSING:
        setattr(module, name, tensor)
    elif hasattr(module, name):
        delattr(module, name)
    return old


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters of modules of one class, stacked as new leaves, and their buffers."""
    if len(models) == 0:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or all(not m.training for m in models)):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if not all(type(m) is type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    found = []
    for which in ("named_parameters", "named_buffers"):
        every = [dict(getattr(m, which)()) for m in models]
        found.append({name: _stacked([own[name] for own in every], name) for name in every[0]})
    return found[0], found[1]


def _stacked(tensors: list[Any], name: str) -> Any:
    requiring = [t.requires_grad for t in tensors]
    if any(requiring) and not all(requiring):
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    result: Any = stack(tensors, 0)
    return result.detach().requires_grad_() if all(requiring) else result
