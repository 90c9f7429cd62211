"""checkpoint(debug=True): which operators ran in the forward and which in the recomputation, for the error that they differ.

PyTorch logs what reaches its dispatcher. Here a profile function looks for calls of the generated operators, which costs
nothing where nobody debugs.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import traceback
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

from .. import dispatch
from ..tensor import Tensor

_TEMPLATE = """ \
An error happened while unpacking tensors; dumping logs of latest computation
because you passed `debug=True` to `torch.utils.checkpoint.checkpoint()`.
Scroll all the way down for guidance on how to navigate these logs.

+~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~+
|        1. Stack traces of the operators that ran in the original forward     |
+------------------------------------------------------------------------------+

{forward_traces}
+~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~+
|        2. Stack traces of the operators that ran during recomputation        |
+------------------------------------------------------------------------------+

{recompute_traces}
+~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~+
|       3. Log of operators in the original forward and recomputation          |
+------------------------------------------------------------------------------+
(Scroll up to correlate stack traces with each operation listed below. This
 helps identify their source in the code.)

IMPORTANT: Differences in "detach" calls between the original forward and the
           recomputation are expected. They are introduced by the checkpointing
           mechanism and can be ignored.

Operations executed during the original forward:

{forward_ops}

Operations executed during recomputation:

{recompute_ops}

+------------------------------------------------------------------------------+
 ERROR: Detected non-determinism while running activation checkpointing

 You are seeing this error because you passed `debug=True` to checkpoint and
 tensors to be saved during the original forward and differ between those saved
 during recomputation. This can happen if different operators were ran in the
 original forward and in the recomputation.

 To identify where the mismatch may be coming from, you can do the following:

 1) Compare the operators ran during original forward and recomputation to
    see where they differ. These operators are printed above in the order they
    were executed.

 2) Review the stack trace for each operator to locate its invocation source.
    Each operator's stack trace is printed in their execution order.

 Note that the logs can be quite long. Here's how they are structured:
 (Tip: you can Ctrl-f for these headers)

 1. Stack traces of the operators that ran in the original forward
 2. Stack traces of the operators that ran during recomputation
 3. Log of operators in the original forward and recomputation
 4. Error message                                             <--- You are here
--------------------------------------------------------------------------------
"""


def _operator(frame: FrameType) -> str | None:
    """The operator whose generated function runs in the frame."""
    name = frame.f_code.co_name
    if frame.f_globals.get("__package__") != dispatch.__name__ or frame.f_code.co_qualname != name:
        return None  # not generated, or a method of a node
    return name if hasattr(dispatch, name) else None


class _Log:
    """The operators that ran within its context: a line for each, and where it was called."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.stacks: list[list[str]] = []
        self._numbers: dict[int, tuple[Any, int]] = {}  # by id: a weak reference, as ids are given away again
        self._count = itertools.count()
        self._latest: Any = None

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Look on while the context lasts."""
        before = sys.getprofile()
        sys.setprofile(self._look)
        try:
            yield
        finally:
            sys.setprofile(before)

    def _look(self, frame: FrameType, event: str, result: Any) -> None:
        name = _operator(frame) if event == "return" and result is not None else None
        if name is None:
            return
        if name.endswith("_operator"):  # `x * y`, which hands what is not usual on to mul
            name = name.removesuffix("_operator")
            if result is self._latest:
                return
        self._latest = result
        code = frame.f_code
        given = [self._shown(frame.f_locals.get(n)) for n in code.co_varnames[: code.co_argcount]]
        results = ", ".join(self._typed(r) for r in (result if isinstance(result, tuple) else (result,)))
        self.lines.append(f"{results} = {name}({', '.join(given)})")
        stack = traceback.extract_stack(frame.f_back)
        self.stacks.append([f"{f.filename}:{f.lineno}:{f.name}" for f in reversed(stack)])

    def _shown(self, value: Any) -> str:
        if not isinstance(value, Tensor):
            return repr(value)
        ref, number = self._numbers.get(id(value), (None, 0))
        if ref is None or ref() is not value:
            number = next(self._count)
            self._numbers[id(value)] = weakref.ref(value), number
        return f"${number}"

    def _typed(self, value: Any) -> str:
        if not isinstance(value, Tensor):
            return repr(value)
        kind = value.dtype.numpy
        return f"{self._shown(value)}: {kind.kind}{8 * kind.itemsize}[{', '.join(map(str, value.shape))}]"

    def traces(self, label: str) -> str:
        """Each operator with its stack."""
        return "".join(
            f"{line}   ({i + 1} of {len(self.lines)} in {label})\n\n" + "".join(f"{at}\n" for at in stack) + "\n\n"
            for i, (line, stack) in enumerate(zip(self.lines, self.stacks, strict=True))
        )


def debugging() -> tuple[Callable[[], tuple[Any, Any]], Callable[[RuntimeError], NoReturn]]:
    """A context_fn that logs, and what is to be called with the CheckpointError that the two runs differ."""
    forward, again = _Log(), _Log()

    def fail(error: RuntimeError) -> NoReturn:
        raise type(error)(
            _TEMPLATE.format(
                forward_traces=forward.traces("original"),
                recompute_traces=again.traces("recompute"),
                forward_ops="\n".join(forward.lines),
                recompute_ops="\n".join(again.lines),
            )
        ) from error

    return lambda: (forward.recording(), again.recording()), fail
