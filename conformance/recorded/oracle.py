"""The recorded oracle as the other side of a run: it answers the programs of its corpus, and no others."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import msgspec

from conformance.journal import Description
from conformance.judging.witness import Witness
from conformance.program import Program
from conformance.recorded.corpus import Corpus
from conformance.recorded.lines import NAME, Recording, sureness
from conformance.recorded.sureness import Remembered
from conformance.subjects.base import SubjectFailed
from conformance.trace import Trace


def is_pytorch_there() -> bool:
    """Whether PyTorch could be asked as well. (Looked for, not imported.)

    Not if another package answers to its name: candle-python does, where it is installed and PyTorch is not.
    """
    found = importlib.util.find_spec("torch")
    return found is not None and Path(found.origin or "").parent.name == "torch"


class Recorded:
    """A corpus as an oracle."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._known: dict[int, Recording] = {}
        """The recordings of a case, by the object that its program is: to digest programs takes longer than to find them."""

    def describe(self) -> Description:
        """PyTorch as it was recorded: its version, and the machine."""
        head = self.corpus.head
        described = head.oracle
        notes = {
            **described.notes,
            **head.machine,
            "recorded": head.recorded,
            "seed": str(head.seed),
            "suite": head.suite,
        }
        notes["failing programs"] = "made smaller on PyTorch" if is_pytorch_there() else "as recorded"
        return msgspec.structs.replace(described, name=NAME, notes=notes)

    def programs(self, case: str) -> Iterator[Program]:
        """The programs of a case, smallest first. Those of the last case asked for are the ones that can be run."""
        # Not validated: whoever runs a program does so again, name by name.
        self._known = {id(one.program): one for one in self.corpus.programs(case)}
        for one in self._known.values():
            yield one.program

    def run(self, program: Program) -> Trace:
        return Trace.from_json(self.text(program))

    def text(self, program: Program) -> bytes:
        """What PyTorch did, as it stands in the corpus."""
        return bytes(self._of(program).trace)

    def witness(self, program: Program, single: Trace) -> Witness:
        """How sure PyTorch was of its answer."""
        return Remembered(single, sureness.decode(self._of(program).sureness))

    def _of(self, program: Program) -> Recording:
        found = self._known.get(id(program))
        if found is None:
            found = next((one for one in self._known.values() if one.program == program), None)
        if found is None:
            raise SubjectFailed("this program was not recorded")
        return found

    def close(self) -> None:
        """Nothing to end."""
