"""Anomaly mode: each new node notes where it was made, and a failing backward says so.

A node is given its sequence number wherever it is made: by the generated operators, by writes, by a Function. While the mode
is on a property takes the place of that slot on the class, and notes the traceback (and, within a backward, the node that is
being run) in the new node's metadata; and operators make Nodes only, since a record (nodes/records.py) has no such slot. So
nothing at all is asked while the mode is off. (Rejected: a test of the flag at every place that makes a node, which each
operator would pay for.)

The engine, too, looks at the flag once a pass: with the mode on every node goes the slow way, through
node_calls.call_function, which checks for NaN.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

from ..grad_mode import be_careful
from ..nodes.graph import Node, name_of
from ..plain_numpy import np
from ..warning import warn

TRACEBACK, PARENT = "traceback_", "parent_"
"""The keys of the metadata."""

enabled = False
check_nan = True
_slot = Node.__dict__["seq"]
_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


class _NotedSlot:
    """The slot `seq` while the mode is on."""

    def __get__(self, node: Any, owner: type) -> Any:
        return self if node is None else _slot.__get__(node, owner)

    def __set__(self, node: Any, number: int) -> None:
        is_new = not hasattr(node, "seq")
        _slot.__set__(node, number)
        if is_new:
            metadata = node.extras().metadata
            import traceback

            metadata[TRACEBACK] = traceback.format_stack(_users_frame(sys._getframe(1)))
            parent = _node_under_way()
            if parent is not None:
                metadata[PARENT] = parent


def _users_frame(frame: FrameType) -> FrameType:
    """The innermost frame outside of this package."""
    at: FrameType | None = frame
    while at is not None and at.f_code.co_filename.startswith((_PACKAGE, "<__torch_function__>")):
        at = at.f_back
    return at or frame


def _node_under_way() -> Node | None:
    from .graph_task import current

    return None if current.task is None else current.task.executing


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on; it is for all threads."""
    return enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether a NaN is an error while anomaly mode is on."""
    return check_nan


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switch anomaly mode, and its check for NaN."""
    for position, (name, value) in enumerate((("enabled", mode), ("check_nan", check_nan)), 1):
        if type(value) is not bool:
            raise TypeError(
                f"set_anomaly_enabled(): argument '{name}' (position {position}) must be bool, not {type(value).__name__}"
            )
    state = globals()
    if mode is not enabled:
        be_careful(mode)
    state["enabled"], state["check_nan"] = mode, check_nan
    Node.seq = _NotedSlot() if mode else _slot  # type: ignore[assignment]


def refuse_nan(node: Node, results: Any) -> None:
    """Raise for the first result of a node, an array or a Tensor, that holds a NaN."""
    for index, grad in enumerate(results):
        array = getattr(grad, "_array", grad)
        if array is not None and array.dtype.kind in "fcV" and np.isnan(array).any():
            raise RuntimeError(f"Function '{name_of(node)}' returned nan values in its {index}th output.")


def explain(node: Node | None) -> None:
    """Warn where the node whose backward has failed was made, and each node in whose backward it was made."""
    if node is None:
        return
    stack = node.metadata.get(TRACEBACK)
    if stack is None:
        warn(_no_information(node))
    else:
        text = f"Error detected in {name_of(node)}. Traceback of forward call that caused the error:\n{''.join(stack)}"
        warn(text)
    parent = node.metadata.get(PARENT)
    while parent is not None:
        stack = parent.metadata.get(TRACEBACK)
        if stack is None:
            warn(_no_information(parent))
        else:
            warn(
                f"\n\nPrevious calculation was induced by {name_of(parent)}. Traceback of forward call that induced the "
                f"previous calculation:\n{''.join(stack)}",
            )
        parent = parent.metadata.get(PARENT)


def _no_information(node: Node) -> str:
    return (
        f"Error detected in {name_of(node)}. No forward pass information available. Enable detect anomaly during forward pass "
        "for more information."
    )
