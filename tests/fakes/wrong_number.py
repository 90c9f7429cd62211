"""`sin` answers a request that was never made.

Caught by any case that calls sin, with status CRASH: an answer to another question is none.
"""

from __future__ import annotations

import gc
import io
from typing import Any

from tests.fakes.base import names

globals().update(names)


def sin(x: Any) -> Any:
    (replies,) = [f for f in gc.get_objects() if isinstance(f, io.FileIO) and f.mode == "wb" and f.fileno() > 2]
    replies.write(b'{"kind":"unsupported","seq":999,"reason":"sin"}\n')
    return x
