"""What the tests share: a folder with a few cases and subjects of their own, so that they depend on no catalogue."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.conjecture.providers import Constants

from conformance.running.sampling import nothing_but_the_seed
from conformance.subjects import vectors

# Tests that ask PyTorch itself ask the one that the harness asks.
vectors.settle()

# For the processes that tests start: HypoFuzz is a plugin of Hypothesis, and takes longer to import than that.
os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")

CASES = '''
from conformance.case import case
from conformance.generate import floats

@case()
def adds(torch, x: floats(max_dims=1)):
    """A number is added to every element."""
    x + 1

@case(covers=["graph.names_unary"])
def negates(torch, x: floats(max_dims=1)):
    """torch.neg changes the sign of every element."""
    torch.neg(x)

@case(requires=["hooks"])
def multiplies(torch, x: floats(max_dims=1)):
    """A number multiplies every element."""
    x * 2
'''
"""The feature ``workshop``."""

# numtorch and not PyTorch, which a process takes seconds to import.
NUMTORCH = """
import numtorch as torch
globals().update(vars(torch))
__getattr__ = lambda name: getattr(torch, name)
"""

SUBJECTS = {
    # numtorch under another name: nothing is wrong with it.
    "right_subject": NUMTORCH,
    # torch.neg adds one, if there is anything to add it to.
    "wrong_subject": f"{NUMTORCH}neg = lambda x: torch.neg(x) + 1\n",
    # torch.neg ends the process.
    "dying_subject": f"{NUMTORCH}import os; neg = lambda x: os._exit(3)\n",
    # The import ends with an error that is not even an ImportError.
    "raising_subject": "raise RuntimeError('no GPU here')\n",
}


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule() -> None:
    # The same examples everywhere and every time, as Hypothesis has it where the environment says CI. (Rejected: to do it as
    # this file is loaded. pytest loads it for `conformance.fuzzed` as well, of which HypoFuzz has to keep what it finds.)
    settings.load_profile("ci")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    # 15,000 tests and PyTorch are made, and stay to the end: no collector has to look through them, now or later.
    gc.disable()
    # Hypothesis's plugin would read the constants out of all of numtorch's source, which takes 5 s; see below.
    constants, providers._get_local_constants = providers._get_local_constants, Constants
    try:
        return (yield)
    finally:
        providers._get_local_constants = constants
        gc.freeze()
        gc.enable()


SMALL = 100
"""A file with fewer tests than this has slow ones, as a rule: they start processes."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # pytest-xdist gives each worker an equal number of tests in a row, and who is done takes of the end of others' rows. So
    # each row begins with slow tests: what is left at the end is small then, and nobody waits for the last one of a minute.
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    quick = [item for file in files.values() if len(file) >= SMALL for item in file]
    rows: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, file in enumerate(file for file in files.values() if len(file) < SMALL):
        rows[number % workers] += file
    for row in rows[:-1]:
        room = max(0, len(items) // workers - len(row))
        row += quick[:room]
        del quick[:room]
    rows[-1] += quick
    if workers > 1:
        items[:] = [item for row in rows for item in row]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    # Of a worker's test only what says something is sent: how it went, and a set-up or tear-down that failed or skipped it.
    # To send the others takes longer than most tests do.
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.fixture(scope="session", autouse=True)
def _the_same_is_drawn() -> Iterator[None]:
    # Whatever tests ran before. Nor are the constants of all of numtorch's source looked for, which takes seconds.
    with nothing_but_the_seed():
        yield


@pytest.fixture(scope="session", autouse=True)
def _numtorch_stays_right() -> Iterator[None]:
    # A fake changes numtorch itself: imported here, and not in a process of its own, it would fail whatever comes after.
    yield
    fakes = [name for name in sys.modules if name.startswith("tests.fakes.") and name != "tests.fakes.base"]
    assert not fakes, f"some test has imported {fakes} into this process"


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder with ``workshop.py``, which has three cases, and the modules of `SUBJECTS`."""
    (tmp_path / "workshop.py").write_text(CASES)
    for name, source in SUBJECTS.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in SUBJECTS:
        sys.modules.pop(name, None)
