"""What a campaign found: a folder a cause, with everything that is needed to see it again.

    findings/graph-sort-3f2a91c0/
        program.json        the smallest program that shows it
        reproducer.py       the same as a script: with PyTorch and the subject alone, without torchstone
        oracle.json         the trace of the oracle
        subject.json        the trace of the subject, if it answered
        finding.json        the cause, the verdict, who is wrong, how it was drawn

A folder is claimed by making it, so that of several processes that find one thing at the same time one writes it down; every
file is put in its place whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from conformance.journal import Finding
from conformance.judging.adjudicate import Adjudication
from conformance.judging.verdict import Verdict
from conformance.program import Program
from conformance.report.causes import Cause
from conformance.report.source import reproducer
from conformance.trace import Trace


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is written down of a finding, beside its program and traces."""

    cause: Cause
    verdict: Verdict
    subject: str
    oracle: str
    seed: int
    index: int
    """Which program of that seed showed it first."""
    drawn_steps: int
    """How many steps that one had."""
    adjudication: Adjudication | None = None
    """Who is wrong, if the difference is in a gradient."""


NAMES = ("program.json", "reproducer.py", "oracle.json", "subject.json", "finding.json")
"""The files of a finding, the one that makes it whole last."""


class Store:
    """The findings of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def claim(self, cause: Cause) -> bool:
        """Whether this is the first to find a cause; whoever is first writes it down."""
        try:
            (self.folder / cause.slug).mkdir(parents=True)
        except FileExistsError:
            return False
        return True

    def write(self, found: Found, program: Program, oracle: Trace | None, subject: Trace | None) -> Path:
        """Writes a finding down, or writes it anew with a smaller program."""
        folder = self.folder / found.cause.slug
        folder.mkdir(parents=True, exist_ok=True)
        shown = Finding(program=program, oracle=oracle, subject=subject, verdict=found.verdict)
        _put(folder / "program.json", program.to_json() + b"\n")
        _put(folder / "reproducer.py", reproducer(shown, found.verdict.first, found.oracle, found.subject).encode())
        for name, trace in (("oracle.json", oracle), ("subject.json", subject)):
            if trace is not None:
                _put(folder / name, trace.to_json() + b"\n")
        _put(folder / "finding.json", msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        return folder

    def packed(self) -> dict[str, dict[str, bytes]]:
        """Every finding as the contents of its files, to be sent to another machine."""
        return {
            folder.name: {file.name: file.read_bytes() for file in folder.iterdir()}
            for folder in sorted(self.folder.glob("*"))
            if (folder / "finding.json").exists()
        }

    def take(self, packed: dict[str, dict[str, bytes]]) -> None:
        """Writes down what another machine found, unless it is known here."""
        for files in packed.values():
            found = msgspec.json.decode(files["finding.json"], type=Found)
            if self.claim(found.cause):
                # The names are ours, whatever was sent: a name is never to be trusted as a path.
                for name in NAMES:
                    if name in files:
                        _put(self.folder / found.cause.slug / name, files[name])

    def remove(self, cause: Cause) -> None:
        """Forgets a finding that is none any more."""
        shutil.rmtree(self.folder / cause.slug, ignore_errors=True)

    def read(self) -> Iterator[tuple[Found, Program]]:
        """What was found so far. A folder that was claimed by a process that died is passed over, and freed."""
        for folder in sorted(self.folder.glob("*")) if self.folder.is_dir() else []:
            try:
                found = msgspec.json.decode((folder / "finding.json").read_bytes(), type=Found)
                program = Program.from_json((folder / "program.json").read_bytes())
            except FileNotFoundError:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
                continue
            yield found, program


def _put(file: Path, data: bytes) -> None:
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_bytes(data)
    os.replace(part, file)
