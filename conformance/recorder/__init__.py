"""The recorder: a case, called with a recording `torch`, becomes a Program."""

from conformance.recorder.record import record
from conformance.recorder.recording import RecordingError

__all__ = ["RecordingError", "record"]
