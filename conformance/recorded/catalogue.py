"""Whether the catalogue of this package is still the one that a corpus was recorded from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_CASES = Path(__file__).parent.parent / "cases"

_NAMED = 3
"""How many cases a message names."""


@dataclass(frozen=True)
class Changes:
    """The cases that are not as they were when a corpus was recorded."""

    missing: tuple[str, ...] = ()
    """Cases of the catalogue that the corpus does not know."""
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.gone)

    def told(self) -> str:
        """What has changed, and what to do."""
        words = (("not recorded", self.missing), ("changed since", self.changed), ("no longer a case", self.gone))
        parts = [f"{len(cases)} {word} ({_some(cases)})" for word, cases in words if cases]
        return f"recorded from another catalogue: {'; '.join(parts)}. `torchstone record` records it anew, with PyTorch"


def _some(cases: tuple[str, ...]) -> str:
    return ", ".join(cases[:_NAMED]) + (", …" if len(cases) > _NAMED else "")


def text_digest() -> str:
    """What tells one state of the files of cases from another, without importing them."""
    digest = hashlib.sha256()
    for file in sorted(_CASES.rglob("*.py")):
        digest.update(f"{file.relative_to(_CASES).as_posix()}\n".encode())
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def source_digest(source: str) -> str:
    """What tells one text of a case from another."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def changes_since(sources: Mapping[str, str]) -> Changes:
    """What is otherwise than when the cases had these digests. Imports the catalogue."""
    from conformance.running.session import all_cases

    now = {case.id: source_digest(case.source) for case in all_cases()}
    return Changes(
        missing=tuple([case for case in now if case not in sources]),
        changed=tuple([case for case, digest in now.items() if sources.get(case, digest) != digest]),
        gone=tuple([case for case in sources if case not in now]),
    )
