"""What the fakes are made of: numtorch, with one thing changed by each of them."""

from __future__ import annotations

import numtorch as torch

names = {name: getattr(torch, name) for name in dir(torch) if not name.startswith("__") or name == "__version__"}
"""What a fake hands on as its own."""
