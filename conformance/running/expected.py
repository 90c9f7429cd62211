"""What a subject is known to fail, and whether a case ended so: the files below `expectations/`, which its README explains.

An expectation is strict both ways. What fails otherwise than it says, or passes, is not as expected; one for a case that does
not exist, or that stands for more cases than it says, stops the run before it begins. (Rejected: a list of cases to skip. It
hides the day on which a case is fixed, and that on which it breaks in another way.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal as OneOf

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from conformance.journal import Outcome
from conformance.program import Program, ProgramError
from conformance.trace import LEVELS, Level

OWN = Path(__file__).parent.parent / "expectations"
"""Where the expectations of the subjects that this project knows lie, a folder each."""


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One known difference. `expectations/README.md` says what the fields mean."""

    case: str
    status: OneOf["FAIL", "CRASH", "TIMEOUT", "UNSUPPORTED", "INCONCLUSIVE"] = "FAIL"
    level: Level | None = None
    facet: str = ""
    code: str = ""
    versions: str = ""
    at_most: int = 1
    untriaged: bool = False
    reason: str
    link: str = ""

    def stands_for(self, case: str) -> bool:
        """Whether it speaks of a case."""
        return fnmatchcase(case, self.case)

    def missed_by(self, outcome: Outcome) -> str:
        """What about an outcome is otherwise than expected; empty if nothing is."""
        if outcome.status != self.status:
            return f"expected {self.status}, and it is {outcome.status}"
        if self.status != "FAIL":
            return ""
        failing = next((level for level in LEVELS if level in outcome.levels and _fails(outcome, level)), None)
        if self.level is not None and failing != self.level:
            return f"expected to fail at {self.level}, and it fails at {failing}"
        finding = None if failing is None else outcome.levels[failing].finding
        first = None if finding is None else finding.verdict.first
        if self.facet and (first is None or first.facet != self.facet):
            return f"expected to differ in {self.facet}, and it differs in {first.facet if first else 'nothing'}"
        if self.code and first is not None and first.codes[1] != self.code:
            return f"expected the error code {self.code}, and it is {first.codes[1] or 'none'}"
        return ""


def _fails(outcome: Outcome, level: Level) -> bool:
    return outcome.levels[level].status == "FAIL"


@dataclass(frozen=True)
class Expectations:
    """All that is known of one subject."""

    entries: tuple[Expectation, ...] = ()
    folders: tuple[Path, ...] = ()

    def program(self, case: str, level: Level) -> Program | None:
        """The smallest program that was known to fail when the expectation was written, if it was kept."""
        for folder in self.folders:
            file = program_file(folder, case, level)
            if file.exists():
                try:
                    return Program.from_json(file.read_bytes())
                except ProgramError as error:
                    raise NotExpectations(file, str(error)) from error
        return None

    def of(self, case: str) -> Expectation | None:
        """The expectation that speaks of a case."""
        return next((entry for entry in self.entries if entry.stands_for(case)), None)

    def judge(self, outcome: Outcome) -> Outcome:
        """The outcome, with whether it is as expected, and what is known of it or is otherwise."""
        entry = self.of(outcome.case)
        if entry is None:
            # A subject that lacks what a case requires says so itself, and no program ran.
            declared = outcome.status == "UNSUPPORTED" and not outcome.programs
            return msgspec.structs.replace(outcome, expected=declared or outcome.status == "PASS")
        missed = entry.missed_by(outcome)
        known = f"not looked at yet: {entry.reason}" if entry.untriaged else f"known: {entry.reason} ({entry.link})"
        said = missed or known
        reason = "\n".join(filter(None, (outcome.reason, said)))
        return msgspec.structs.replace(outcome, expected=not missed, reason=reason)


def read(subject: str, version: str, cases: Iterable[str], folders: Sequence[Path] = ()) -> Expectations:
    """The expectations of a subject of some version, from this package or from `folders` of one's own.

    `cases` are the ids of the catalogue. Raises an `ExpectationError`.
    """
    known = list(cases)
    entries: list[Expectation] = []
    folders = tuple(folders) or (OWN / subject,)
    for folder in folders:
        if folder != OWN / subject and not folder.is_dir():
            raise NoFolder(folder)
        here = [(file, entry) for file in sorted(folder.glob("*.toml")) for entry in entries_of(file)]
        for file, entry in here:
            _check(entry, file, known)
            if _applies(entry, version, file):
                entries.append(entry)
        _check_programs(folder, [case for case in known if any(entry.stands_for(case) for _, entry in here)])
    for case in known:
        several = [entry.case for entry in entries if entry.stands_for(case)]
        if len(several) > 1:
            raise Ambiguous(case, several)
    if any(entry.untriaged for entry in entries) and in_ci():
        raise Untriaged([entry.case for entry in entries if entry.untriaged])
    return Expectations(tuple(entries), folders)


def program_file(folder: Path, case: str, level: Level) -> Path:
    """Where the smallest program of a case that is known to fail at a level is kept."""
    return folder / "programs" / f"{case}.{level}.json"


def in_ci() -> bool:
    """Whether this is a continuous integration run, as the usual services say: ``CI`` in the environment."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    expect: tuple[Expectation, ...]


def entries_of(file: Path) -> tuple[Expectation, ...]:
    """What a file says. Raises NotExpectations."""
    try:
        return msgspec.toml.decode(file.read_bytes(), type=_File).expect
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotExpectations(file, str(error)) from error


def _check(entry: Expectation, file: Path, known: Sequence[str]) -> None:
    if not entry.untriaged and not (entry.reason.strip() and entry.link.startswith(("https://", "http://"))):
        raise NotExpectations(file, f"{entry.case} needs a reason, and a link that says more")
    if entry.status != "FAIL" and (entry.level or entry.facet or entry.code):
        raise NotExpectations(file, f"{entry.case}: only a FAIL has a level, a facet and a code")
    matches = sum(entry.stands_for(case) for case in known)
    if not matches:
        raise Stale(file, entry.case)
    if matches > entry.at_most:
        raise NotExpectations(file, f"{entry.case} stands for {matches} cases; at_most says {entry.at_most}")


def _check_programs(folder: Path, cases: Sequence[str]) -> None:
    spoken_of = {program_file(folder, case, level) for case in cases for level in LEVELS}
    for file in sorted(folder.glob("programs/*/*.json")):
        if file not in spoken_of:
            raise NotExpectations(file, "no expectation speaks of the case of this program: delete it")


def _applies(entry: Expectation, version: str, file: Path) -> bool:
    try:
        return not entry.versions or SpecifierSet(entry.versions).contains(version, prereleases=True)
    except InvalidSpecifier as error:
        raise NotExpectations(file, f"{entry.case}: versions are written as pip does, <2.0") from error
    except InvalidVersion as error:
        raise NotExpectations(
            file, f"{entry.case} is for versions {entry.versions}, and {version!r} is none"
        ) from error


class ExpectationError(Exception):
    """What is expected of a subject cannot be known."""


class NoFolder(ExpectationError):
    """There is no such folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"there is no folder {folder} with expectations")


class NotExpectations(ExpectationError):
    """A file does not hold expectations."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file}: {why}")


class Stale(NotExpectations):
    """An expectation for a case that does not exist."""

    def __init__(self, file: Path, case: str) -> None:
        super().__init__(file, f"no case is called {case}; `torchstone list` shows them")


class Untriaged(ExpectationError):
    """Expectations that nobody has looked at, in a run that others rely on."""

    def __init__(self, cases: Sequence[str]) -> None:
        shown = ", ".join(cases[:5]) + (", …" if len(cases) > 5 else "")
        super().__init__(
            f"{len(cases)} {'expectation is' if len(cases) == 1 else 'expectations are'} untriaged ({shown}): "
            "say why each is so, with a link, and take `untriaged` away"
        )


class Ambiguous(ExpectationError):
    """Two expectations for one case."""

    def __init__(self, case: str, entries: Sequence[str]) -> None:
        super().__init__(f"more than one expectation stands for {case}: {', '.join(entries)}")
