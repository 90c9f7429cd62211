"""What answers are compared with: PyTorch itself, or what it answered when a corpus was recorded.

    torch              the installed PyTorch, of the pinned version
    recorded           the corpus that comes with the package
    recorded:PATH      another one

Where nothing is said it is PyTorch if that is installed, and the recorded oracle if not.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from conformance.recorded.corpus import Corpus
from conformance.recorded.oracle import Recorded, is_pytorch_there
from conformance.recorded.shipped import SHIPPED
from conformance.subjects import ORACLE_VERSION, Subject, SubjectUnavailable, oracle
from conformance.subjects.opening import require_oracle

TORCH, RECORDED = "torch", "recorded"


def chosen(name: str = "") -> str:
    """The oracle that is meant where a user says this, or nothing. Raises SubjectUnavailable if it is none."""
    if not name:
        return TORCH if is_pytorch_there() else RECORDED
    kind, colon, path = name.partition(":")
    if kind == RECORDED and (path or not colon):
        return f"{RECORDED}:{Path(path).absolute()}" if path else RECORDED
    if name != TORCH:
        raise SubjectUnavailable(f"torchstone: {name!r} is no oracle; it is torch, recorded or recorded:PATH")
    return name


def is_recorded(name: str) -> bool:
    """Whether a chosen oracle is a corpus."""
    return name.partition(":")[0] == RECORDED


def open_oracle(name: str = "") -> Subject:
    """The oracle of a name. Raises SubjectUnavailable."""
    name = chosen(name)
    return Recorded(corpus(name)) if is_recorded(name) else oracle()


def require(name: str) -> None:
    """Raises SubjectUnavailable if the oracle of a name is not there. PyTorch is not imported for that."""
    if is_recorded(name):
        corpus(name)
    else:
        require_oracle()


def corpus(name: str = RECORDED) -> Corpus:
    """The corpus that a recorded oracle is. Raises a CorpusError."""
    return _corpus(Path(name.partition(":")[2] or SHIPPED))


@functools.cache
def _corpus(path: Path) -> Corpus:
    return Corpus(path)


def told(name: str) -> Iterator[str]:
    """What a user is to know of a chosen oracle before a run."""
    if not is_recorded(name):
        return
    opened = corpus(name)
    yield f"oracle: {opened.provenance}"
    if not is_pytorch_there():
        yield (
            "PyTorch is not installed, so nothing is drawn and nothing made smaller; "
            f"pip install torch=={ORACLE_VERSION} for both"
        )
    stale = opened.stale()
    if stale:
        yield stale
