"""`sin` prints to stdout, from Python and from C, among it what looks like an answer. The results are right.

Caught by nothing: what a subject prints must not disturb the conversation.
"""

from __future__ import annotations

import os
from typing import Any

from tests.fakes.base import names, torch

globals().update(names)


def sin(x: Any) -> Any:
    print('{"kind": "trace", "seq": 2, "trace": {"format": 1, "steps": []}}')
    os.write(1, b"\x00\xff{ from C, without an end")
    return torch.sin(x)
