"""A corpus as a file: xz streams one after the other, which together are one xz file of JSON lines (``xz -dc FILE``).

The first stream holds the head and the cases; the others, the parts, hold programs, and the head says how long each is and
what its digest is. So a worker reads only what it needs, and whatever is damaged is named. xz, because it is in every Python's
standard library (zstd only since 3.14) and in every distribution.
"""

from __future__ import annotations

import hashlib
import lzma
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from conformance.journal import CaseRecord
from conformance.recorded.catalogue import Changes, changes_since, text_digest
from conformance.recorded.lines import FORMAT, Case, Head, Line, Part, Recording, decoder, encoder, recordings
from conformance.subjects.base import SubjectUnavailable

_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "pb": 0, "lc": 4}]
"""Text has no alignment (pb), and what follows in it hangs on the character before (lc)."""

_KEPT = 2
"""Parts that stay decompressed: cases are run in order, and two parts may share a boundary."""


class CorpusError(SubjectUnavailable):
    """A file that cannot be used as a corpus. The text says why, and what to do."""


class NotThere(CorpusError):
    """There is no such file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"there is no recorded oracle in {path}; `torchstone record` writes one, and needs PyTorch for it"
        )


class NotACorpus(CorpusError):
    """It is damaged, cut off, or something else."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} is no recorded oracle, or a damaged one: {why}; install it again, or record it anew")


class OtherFormat(CorpusError):
    """It was written by a newer torchstone, or by a much older one."""

    def __init__(self, path: Path, format: int) -> None:
        what_to_do = (
            "pip install --upgrade torchstone" if format > FORMAT else "record it anew, with `torchstone record`"
        )
        super().__init__(
            f"{path} is a recorded oracle of format {format}, and this torchstone reads format {FORMAT}: {what_to_do}"
        )


class _Format(msgspec.Struct):
    line: str
    format: int


class _Of(msgspec.Struct):
    case: str


_of = msgspec.json.Decoder(_Of)


class Corpus:
    """A corpus that was opened: its head and cases at once, its programs part by part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            whole = path.read_bytes()
        except FileNotFoundError:
            raise NotThere(path) from None
        except OSError as error:
            raise NotACorpus(path, str(error)) from error
        first, self._rest = self._stream(whole, "its head")
        head, *cases = first.splitlines() or [b""]
        self.head = self._head(head)
        self.cases: dict[str, CaseRecord] = {}
        for line in cases:
            case = self._line(line)
            if not isinstance(case, Case):
                raise NotACorpus(path, "its head holds something else than cases")
            self.cases[case.case.id] = case.case
        length = sum(part.bytes for part in self.head.parts)
        if length != len(self._rest):
            raise NotACorpus(path, f"its parts should take {length} bytes, and take {len(self._rest)}")
        self._open: OrderedDict[int, dict[str, list[bytes]]] = OrderedDict()

    @cached_property
    def _part_of(self) -> dict[str, int]:
        return {case: number for number, part in enumerate(self.head.parts) for case in part.cases}

    def programs(self, case: str) -> Sequence[Recording]:
        """The programs of a case. Raises NotACorpus if they are damaged."""
        number = self._part_of[case]
        if number not in self._open:
            self._open[number] = self._read(number)
            if len(self._open) > _KEPT:
                self._open.popitem(last=False)
        try:
            return [recordings.decode(line) for line in self._open[number][case]]
        except msgspec.DecodeError as error:
            raise NotACorpus(self.path, f"{self._called(number)}: {error}") from error

    def _called(self, number: int) -> str:
        return f"part {number + 1} of {len(self.head.parts)}"

    def _read(self, number: int) -> dict[str, list[bytes]]:
        """The lines of a part by case, and no more read of them: the processes of a run share the cases of a part."""
        part = self.head.parts[number]
        begin = sum(before.bytes for before in self.head.parts[:number])
        raw = self._rest[begin : begin + part.bytes]
        what = self._called(number)
        if hashlib.sha256(raw).hexdigest() != part.sha256:
            raise NotACorpus(self.path, f"{what} has another digest than its head says")
        text, _ = self._stream(raw, what)
        found: dict[str, list[bytes]] = {case: [] for case in part.cases}
        try:
            for line in text.splitlines():
                found[_of.decode(line).case].append(line)
        except (msgspec.DecodeError, KeyError) as error:
            raise NotACorpus(self.path, f"{what}: {error}") from error
        return found

    def _stream(self, data: bytes, what: str) -> tuple[bytes, bytes]:
        """The first stream of some bytes, and what follows it."""
        reader = lzma.LZMADecompressor(format=lzma.FORMAT_XZ)
        try:
            text = reader.decompress(data)
        except (lzma.LZMAError, EOFError) as error:
            raise NotACorpus(self.path, f"{what}: {error}") from error
        if not reader.eof:
            raise NotACorpus(self.path, f"{what} is cut off")
        return text, reader.unused_data

    def _head(self, line: bytes) -> Head:
        try:
            told = msgspec.json.decode(line, type=_Format)
        except msgspec.DecodeError as error:
            raise NotACorpus(self.path, f"its head: {error}") from error
        if told.format != FORMAT:
            raise OtherFormat(self.path, told.format)
        head = self._line(line)
        if not isinstance(head, Head):
            raise NotACorpus(self.path, "it does not begin with a head")
        return head

    def _line(self, line: bytes) -> Line:
        try:
            return decoder.decode(line)
        except msgspec.DecodeError as error:
            raise NotACorpus(self.path, str(error)) from error

    @property
    def provenance(self) -> str:
        """What was recorded, in one line: ``PyTorch 2.13.0, recorded on 2026-11-26 (Linux x86_64, AVX2)``."""
        head, day = self.head, self.head.recorded.partition("T")[0]
        machine = ", ".join(filter(None, (head.oracle.platform, head.machine.get("vector", ""))))
        version = head.oracle.version.partition("+")[0]
        programs = sum(part.programs for part in head.parts)
        return f"PyTorch {version}, recorded on {day} ({machine}; {programs:,} programs, seed {head.seed})"

    @cached_property
    def changes(self) -> Changes:
        """What has changed in this package's cases since."""
        if self.head.catalogue == text_digest():
            return Changes()
        return changes_since(self.head.sources)

    def stale(self) -> str:
        """What a user is to know of that; empty if nothing has."""
        return f"{self.path.name}: {self.changes.told()}" if self.changes else ""


def part_of(found: Sequence[Recording]) -> tuple[Part, bytes]:
    """A part of a corpus: what its head says of it, and its bytes."""
    raw = _compressed(found)
    cases = tuple(dict.fromkeys(one.case for one in found))
    return Part(len(found), len(raw), hashlib.sha256(raw).hexdigest(), cases), raw


def write(path: Path, head: Head, cases: Iterable[CaseRecord], parts: Iterable[bytes]) -> None:
    """Writes a corpus; `parts` are the bytes of the head's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_name(f"{path.name}.part")
    with begun.open("wb") as file:
        file.write(_compressed([head, *(Case(case=case) for case in cases)]))
        for part in parts:
            file.write(part)
    begun.replace(path)


def _compressed(lines: Sequence[Line]) -> bytes:
    text = b"".join(encoder.encode(line) + b"\n" for line in lines)
    return lzma.compress(text, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=_FILTERS)
