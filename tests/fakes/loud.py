"""`sin` writes a megabyte on stderr, and then answers as it should.

Caught by nothing: what is written there disturbs nobody.
"""

from __future__ import annotations

import sys
from typing import Any

from tests.fakes.base import names

globals().update(names)
_sin = names["sin"]


def sin(x: Any) -> Any:
    sys.stderr.write("x" * (1 << 20))
    return _sin(x)
