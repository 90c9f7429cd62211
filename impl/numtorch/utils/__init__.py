"""torch.utils: checkpoint, data, dlpack and hooks, imported when they are asked for."""

from typing import Any

__all__ = ["checkpoint", "data", "dlpack", "hooks"]


def __getattr__(name: str) -> Any:
    import importlib

    if name in __all__:
        return importlib.import_module(f".{name}", __name__)
    from ..lacking import lacking

    raise lacking("torch.utils", name)
