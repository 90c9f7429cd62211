"""A folder to start from: a small engine of one's own that is compared with PyTorch at once, to be replaced piece by piece."""

from __future__ import annotations

from pathlib import Path

from conformance.subjects.javascript import RUNNERS

_SKELETONS = Path(__file__).parent.parent / "skeletons"

LANGUAGES = {
    "python": "a module with torch's names",
    "javascript": "an engine in JavaScript, what of it a program can use, and the runner",
    "stdio": "the least that is a runner, to be written again in any language",
}
"""What a skeleton can be of, each with a sentence."""

_BESIDE = {"javascript": {"runner.cjs": RUNNERS / "runner.js"}}
"""Files that a skeleton shares with the package."""


class WouldOverwrite(Exception):
    """The folder has files that a skeleton would replace. Nothing was written."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        super().__init__(f"{folder} already has {', '.join(names)}; nothing is written. Name another folder")


def skeleton(language: str, folder: Path) -> list[Path]:
    """Writes the skeleton of that language into the folder: the files, README first. Raises WouldOverwrite."""
    sources = {path.name: path for path in sorted((_SKELETONS / language).iterdir()) if path.is_file()}
    sources |= _BESIDE.get(language, {})
    there = [name for name in sources if (folder / name).exists()]
    if there:
        raise WouldOverwrite(folder, there)
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in sources.items():
        (folder / name).write_bytes(source.read_bytes())
    return [folder / name for name in sorted(sources, key=lambda name: (name != "README.md", name))]
