"""What is returned for a hook, with which it is removed again."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from typing import Any


class RemovableHandle:
    """Removes one hook; also a context manager that removes it at the end."""

    __module__ = "torch.utils.hooks"

    next_id = itertools.count().__next__

    def __init__(self, hooks_dict: Any):
        self.hooks_dict_ref = weakref.ref(hooks_dict)
        self.id = RemovableHandle.next_id()
        self.extra_dict_ref: tuple = ()

    def remove(self) -> None:
        """Remove the hook; doing so twice is harmless."""
        hooks = self.hooks_dict_ref()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __getstate__(self) -> tuple:
        return self.hooks_dict_ref(), self.id, ()

    def __setstate__(self, state: tuple) -> None:
        hooks, self.id = state[:2]
        self.hooks_dict_ref = weakref.ref(OrderedDict() if hooks is None else hooks)
        self.extra_dict_ref = ()

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


HookDict = OrderedDict  # a dict that a RemovableHandle can refer to weakly
