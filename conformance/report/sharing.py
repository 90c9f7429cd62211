"""Work that is spread over the machine's cores, where a process can be copied as it stands.

A report is a thousand pages, each rendered from what is in memory already: to send that to another process takes as long as to
render it. A copy of this process has it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")

FEWEST = 100
"""Items for which a copy is made: it takes some hundredths of a second."""


def shared(render: Callable[[_Item], str], items: Sequence[_Item], processes: int | None = None) -> list[str]:
    """What `render` makes of each item, in their order. `processes` is the number of cores if it is not given.

    What a copy did not come to do is done here: a copy that dies costs time, and a `render` that raises does so here.
    """
    count = min(processes or cores(), max(1, len(items) // FEWEST))
    if count == 1 or not _can_copy():
        return [render(item) for item in items]
    with contextlib.ExitStack() as files:
        copies = []
        for share in range(1, count):
            file = files.enter_context(tempfile.TemporaryFile())
            copies.append((share, file, _copy(render, items[share::count], file.fileno())))
        found = dict(zip(range(0, len(items), count), map(render, items[::count]), strict=True))
        for share, file, process in copies:
            _, status = os.waitpid(process, 0)
            if status == 0:
                file.seek(0)
                found.update(zip(range(share, len(items), count), pickle.load(file), strict=True))
    return [found[at] if at in found else render(item) for at, item in enumerate(items)]


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _can_copy() -> bool:
    # On macOS a copy may not touch the system's own libraries, which NumPy does.
    return hasattr(os, "fork") and sys.platform != "darwin"


def _copy(render: Callable[[_Item], str], items: Sequence[_Item], file: int) -> int:
    """Starts a copy of this process, which writes what it makes of the items into a file; its process id."""
    with warnings.catch_warnings():
        # Of threads: that of a run that has ended waits for nothing that a copy could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process:
        return process
    status = 1
    try:
        with open(file, "wb", closefd=False) as writing:
            pickle.dump([render(item) for item in items], writing)
        status = 0
    finally:
        os._exit(status)  # nothing of what this process would do at its end is the copy's to do
