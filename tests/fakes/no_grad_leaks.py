"""An exception that leaves a `no_grad` block leaves gradients off behind it.

Caught by a case that raises inside of the block: `no_grad/exception_ends_no_grad`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch

_exit = torch.no_grad.__exit__


def leave(self: Any, kind: Any, error: Any, traceback: Any) -> None:
    if kind is None:
        _exit(self, kind, error, traceback)


torch.no_grad.__exit__ = leave
globals().update(names)
