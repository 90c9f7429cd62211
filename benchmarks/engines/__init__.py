"""The libraries that are measured, each behind the few methods of `benchmarks.workload.Engine`."""

from benchmarks.engines.load import NAMES, REFERENCE, SUBJECT, load

__all__ = ["NAMES", "REFERENCE", "SUBJECT", "load"]
