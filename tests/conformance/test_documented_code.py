"""The Python in the documentation does what it says: each block runs, or is said to be a fragment and can at least be read."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"(<!-- fragment -->\n)?^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)

ELSEWHERE = {"verdict.md", "README.md"}
"""Pages whose blocks have a test of their own, which also holds what they print."""

PAGES = sorted(
    path
    for path in [*(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md"]
    if path.name not in ELSEWHERE and BLOCK.search(path.read_text("utf-8"))
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "documentation"}
    for fragment, text in BLOCK.findall(page.read_text("utf-8")):
        code = compile(textwrap.dedent(text), str(page), "exec")
        if not fragment:
            exec(code, names)


def test_there_is_a_page_whose_code_runs() -> None:
    assert any(not fragment for page in PAGES for fragment, _ in BLOCK.findall(page.read_text("utf-8")))
