"""The named faults: each is data, a sentence and an exact change of numtorch's source after a real kind of bug.

The rows are in the TOML files of this folder, a file a kind. Reading is strict: an unknown key, a name that is used twice or a
sentence without an end is an error, and so is a change whose old text is not in the source any more.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from mutation.planting import Change, changed


class FaultChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change, as it is written down."""

    file: str
    old: str
    new: str


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A semantic fault that can be planted in numtorch."""

    name: str
    sentence: str
    """What numtorch does wrong with it."""
    feature: str
    change: tuple[FaultChange, ...]
    kind: str = ""
    """The kind of real bug: the name of the file that it stands in."""

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple([Change(one.file, one.old.strip("\n"), one.new.strip("\n")) for one in self.change])

    def texts(self) -> dict[str, str]:
        """The changed files. Raises CannotPlant."""
        return changed(self.changes)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fault: tuple[Fault, ...]


class FaultsInvalid(Exception):
    """What is written in the files of the faults is not in order."""


@cache
def faults() -> tuple[Fault, ...]:
    """Every fault, by kind and in the order of the files. Raises FaultsInvalid."""
    found: dict[str, Fault] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        try:
            read = msgspec.toml.decode(path.read_text(), type=_File)
        except msgspec.DecodeError as error:
            raise FaultsInvalid(f"{path.name}: {error}") from error
        for fault in read.fault:
            if fault.name in found:
                raise FaultsInvalid(f"{path.name}: {fault.name!r} is the name of two faults")
            if not fault.sentence.endswith(".") or not fault.change:
                raise FaultsInvalid(f"{path.name}: {fault.name!r} needs a sentence and a change")
            found[fault.name] = msgspec.structs.replace(fault, kind=path.stem)
    return tuple(found.values())


def fault(name: str) -> Fault:
    """The fault of a name. Raises KeyError."""
    return {one.name: one for one in faults()}[name]
