"""Anomaly detection: for now only the switch that error texts look at."""

from __future__ import annotations

from typing import Any

enabled = False


class set_detect_anomaly:
    """Switch anomaly detection: at once, and back again if used as a context."""

    __module__ = "torch.autograd.anomaly_mode"

    def __init__(self, mode: bool, check_nan: bool = True):
        global enabled
        self.prev = enabled
        enabled = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        global enabled
        enabled = self.prev
