"""The implementations that programs run on: one protocol, in this process or in one of its own."""

from conformance.subjects.base import (
    Subject,
    SubjectCrashed,
    SubjectError,
    SubjectFailed,
    SubjectTimeout,
    SubjectUnavailable,
    SubjectUnsupported,
)
from conformance.subjects.inprocess import InProcess
from conformance.subjects.opening import ORACLE_VERSION, open_subject, oracle
from conformance.subjects.stdio import Process

__all__ = [
    "ORACLE_VERSION",
    "InProcess",
    "Process",
    "Subject",
    "SubjectCrashed",
    "SubjectError",
    "SubjectFailed",
    "SubjectTimeout",
    "SubjectUnavailable",
    "SubjectUnsupported",
    "open_subject",
    "oracle",
]
