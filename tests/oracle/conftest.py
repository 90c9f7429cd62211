"""What the tests against PyTorch share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def every_warning() -> Iterator[None]:
    """PyTorch tells some warnings only once otherwise, to whichever test of the process comes first."""
    torch = pytest.importorskip("torch")
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(before)
