"""Lines of run.jsonl as bytes: how they are read, what is left unread, and what is wrong with a file that is no run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from conformance.journal.records import FORMAT, Header, Record

encoder = msgspec.json.Encoder(order="deterministic")
decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class _Of(msgspec.Struct):
    """Of a line, whose it is."""

    case: str
    index: int


_of: msgspec.json.Decoder[_Of] = msgspec.json.Decoder(_Of)

PROGRAMS = (b'{"record":"program"', b'{"record":"verdict"')
"""How the lines begin that are most of a run."""


class Unread(msgspec.Struct, frozen=True):
    """The line of a program or of a verdict, of which only whose it is is looked at: they are most of a run, and go from file
    to file as they are."""

    case: str
    index: int
    line: bytes

    @property
    def is_program(self) -> bool:
        return self.line.startswith(PROGRAMS[0])


_Value = TypeVar("_Value")


class ByProgram(Mapping[tuple[str, int], _Value]):
    """What is said of programs, by case and index. What stands in an unread line is read when it is asked for."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, int], _Value | Unread] = {}

    def __getitem__(self, key: tuple[str, int]) -> _Value:
        said = self.said[key]
        if not isinstance(said, Unread):
            return said
        record: Any = decoder.decode(said.line)
        value: _Value = record.program if said.is_program else record.verdict
        return value

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self.said)

    def __len__(self) -> int:
        return len(self.said)


class RunFileError(ValueError):
    """A file that cannot be read as a run."""


class NotARun(RunFileError):
    """A line is no record of a run, or the file does not begin with a header."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}, line {line}: {why}")
        self.path, self.line, self.why = path, line, why


class UnknownRunFormat(RunFileError):
    """The run was written by another version of torchstone."""

    def __init__(self, path: Path, format: int) -> None:
        super().__init__(f"{path} is a run of format {format}, and this torchstone reads format {FORMAT}")
        self.path, self.format = path, format


def header_of(path: Path) -> Header:
    first = next(records_of(path), None)
    if not isinstance(first, Header):
        raise NotARun(path, 1, "a run begins with its header")
    if first.format != FORMAT:
        raise UnknownRunFormat(path, first.format)
    return first


def records_of(path: Path, passed_over: tuple[bytes, ...] = ()) -> Iterator[Record]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.startswith(passed_over):
                continue
            if (record := _read_line(path, number, line)) is not None:
                yield record


def lines_of(path: Path) -> Iterator[Record | Unread]:
    """What a file says, programs and verdicts unread."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            # A last line that was cut off is for `_read_line` to leave out.
            if line.startswith(PROGRAMS) and line.endswith(b"\n"):
                try:
                    of = _of.decode(line)
                    yield Unread(of.case, of.index, line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise NotARun(path, number, str(error)) from error
            elif (record := _read_line(path, number, line)) is not None:
                yield record


def _read_line(path: Path, number: int, line: bytes) -> Record | None:
    """What a line says; None of one that was cut off: the process was killed in the middle of it, and it is the last."""
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if not line.endswith(b"\n"):
            return None
        raise NotARun(path, number, str(error)) from error


def as_record(line: Record | Unread) -> Record:
    return decoder.decode(line.line) if isinstance(line, Unread) else line


def programs_and_verdicts(path: Path) -> tuple[int, int]:
    """How many programs a file says were begun, and of how many it says what became of them."""
    counts = [0, 0]
    with path.open("rb") as file:
        for line in file:
            for which, beginning in enumerate(PROGRAMS):
                counts[which] += line.startswith(beginning)
    return counts[0], counts[1]


def shards_beside(path: Path) -> list[Path]:
    # Only what `shard` makes: somebody may keep a run.baseline.jsonl here.
    name = re.compile(rf"{re.escape(path.stem)}\.(main|gw\d+){re.escape(path.suffix)}")
    return sorted(other for other in path.parent.glob(f"{path.stem}.*") if name.fullmatch(other.name))
