"""The workloads, a module a family; each is written once, for every engine."""

from benchmarks.workloads.every import every

__all__ = ["every"]
