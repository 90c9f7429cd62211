"""Starting a run from Python: `run("numtorch")`. pytest schedules it, and nothing of pytest shows.

Settings of whatever project the run is started in have no say in it: the suite has its own pytest.ini, and no plugin that
happens to be installed is loaded.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conformance.journal import Run, read
from conformance.running import interrupts
from conformance.running.oracles import chosen, is_recorded, require
from conformance.running.plugin import CONTROLLER, CaseItem, Described
from conformance.running.session import Plan, all_cases, import_from_here
from conformance.runs.shards import Shard
from conformance.samples import MODULES
from conformance.subjects import open_subject

AS_EXPECTED, NOT_AS_EXPECTED, COULD_NOT_RUN = 0, 1, 2
"""Exit codes. An interrupted run could not run: it is never called a pass, and what it found so far is in its report."""


class CannotRun(Exception):
    """The run cannot even begin: what was asked for does not exist. The text says what to do."""


@dataclass(frozen=True)
class Result:
    """What became of a run."""

    runs: dict[str, Run] = field(default_factory=dict)
    directories: dict[str, Path] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    """What went wrong in the harness itself, a line each."""

    @property
    def exit_code(self) -> int:
        if self.errors or any(run.interrupted for run in self.runs.values()):
            return COULD_NOT_RUN
        return AS_EXPECTED if all(run.as_expected for run in self.runs.values()) else NOT_AS_EXPECTED


@interrupts.remembered()
def run(
    *subjects: str,
    workers: str = "0",
    selection: str = "",
    profile: str = "default",
    max_examples: int | None = None,
    seed: int = 0,
    output: Path = Path("reports/latest"),
    isolate: bool = True,
    shrink: bool = True,
    database: Sequence[str] = (),
    cases: Sequence[str] = (),
    expectations: Sequence[Path] = (),
    shard: Shard | None = None,
    durations: Path | None = None,
    listener: object | None = None,
    oracle: str = "",
) -> Result:
    """Runs the suite on the subjects, writes the reports to `output`, and says what became of it. Raises CannotRun.

    `oracle` is what is compared with (`oracles.py`): PyTorch if it is installed, if nothing is said.
    `expectations` are folders that say what the subject is known to fail, instead of what this package says of it.
    Without `shrink` the smallest failing program that was run is shown, and none is made smaller.
    `workers` is a number of processes or ``auto``; `selection` an expression as of pytest's ``-k``, on subject, feature and
    name; `cases` adds modules, files or folders with cases of one's own, `database` names where
    failing examples are kept (`databases.py`). `shard` is the part of the run that this machine does (`runs/shards.py`), and
    `durations` an earlier run that says how long the cases take. `listener` is a pytest plugin that is told of the progress.
    """
    oracle = chosen(oracle)
    if is_recorded(oracle) and set(cases) & set(MODULES):
        raise CannotRun("what PyTorch tests its operators with was not recorded: --sample-inputs needs PyTorch")
    if is_recorded(oracle) and cases:
        raise CannotRun("cases of your own were not recorded: --cases needs PyTorch, or `torchstone record --cases`")
    interrupts.check()
    writable(output)
    plan = Plan(
        subjects=subjects,
        oracle=oracle,
        output=output.absolute(),
        cases=tuple(cases),
        expectations=tuple(folder.absolute() for folder in expectations),
        shard=shard,
        durations=durations and durations.absolute(),
    )
    import_from_here()
    part = [f"--shard={shard}"] if shard else []
    part += [f"--durations-of={plan.durations}"] if plan.durations else []
    asked = [*(f"--subject={subject}" for subject in subjects), *(f"--cases={path}" for path in cases), *part]
    if not select(subjects, selection, cases, oracle, part):
        raise CannotRun(f"no case matches -k {selection!r}; `torchstone list` shows them")
    if database:
        from conformance.running.databases import opened as opened_database

        opened_database(database)  # What cannot be used is to be said at once, and as one line.
    require(oracle)
    asked += [f"--expectations={folder}" for folder in plan.expectations]
    asked += [
        f"--oracle={oracle}",
        f"--seed={seed}",
        f"--profile={profile}",
        f"--torchstone-output={plan.output}",
        f"-k={selection}",
    ]
    asked += [f"--max-examples={max_examples}"] if max_examples else []
    asked += [f"--example-database={name}" for name in database]
    asked += [] if isolate else ["--no-isolate"]
    asked += [] if shrink else ["--no-shrink"]
    errors, ran, described = _Errors(), _Ran(), Described()
    with contextlib.ExitStack() as opened:
        for subject in subjects:
            one = opened.enter_context(contextlib.closing(open_subject(subject, isolate=isolate)))
            told = described.subjects[subject] = one.describe()
            plan.expected(told)
            if workers == "0":
                described.opened[subject] = one
            else:
                one.close()
        code, complaints = _pytest(
            [*asked, f"--numprocesses={workers}"], [errors, ran, described, *([listener] if listener else [])]
        )
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
        errors.found.append(complaints or f"pytest ended with {code!r}")
    if not ran.begun:
        interrupts.check()
    paths = {subject: plan.path(subject) for subject in subjects}
    # What did not come to its end is in a file as far as it came; if it has not even begun, that is the file of another run.
    unfinished = {name: read(paths[name]) for name in subjects if ran.begun and name not in ran.runs}
    return Result(
        runs={name: run for name in subjects if (run := ran.runs.get(name) or unfinished.get(name)) is not None},
        directories={subject: path.parent for subject, path in paths.items()},
        errors=tuple(errors.found),
    )


def writable(folder: Path) -> None:
    """Raises CannotRun if nothing can be written to a folder, which is made: better before hours than behind them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotRun(f"cannot write to {folder}: {error.strerror}") from error


def select(
    subjects: Sequence[str],
    selection: str,
    cases: Sequence[str] = (),
    oracle: str = "torch",
    options: Sequence[str] = (),
) -> list[str]:
    """The items (``subject-feature/name``) that an expression selects. Raises CannotRun if it is no expression, or if there are
    fewer than shards."""
    if not is_recorded(oracle):
        all_cases(tuple(cases))  # What is wrong with a case is to be said as it is, not as pytest says it.
    collected = _Collected()
    arguments = [*(f"--subject={subject}" for subject in subjects), *(f"--cases={path}" for path in cases)]
    arguments += ["--collect-only", f"-k={selection}", f"--oracle={oracle}", *options]
    code, complaints = _pytest(arguments, [collected])
    interrupts.check()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise CannotRun(complaints or "the cases cannot be collected")
    return collected.names


def _pytest(arguments: list[str], plugins: list[object]) -> tuple[int, str]:
    """Runs pytest on the suite; its exit code, and what it complained about."""
    here = Path(__file__).parent.parent
    # A KeyboardInterrupt that Python drops is remembered (`interrupts`); pytest would warn of it, in every process of the run.
    without = [f"-pno:{plugin}" for plugin in ("terminal", "cacheprovider", "unraisableexception")]
    base = ["-c", str(here / "pytest.ini"), *without, "-p", "xdist.plugin"]
    complaints = io.StringIO()
    with _without_other_plugins(), contextlib.redirect_stderr(complaints):
        code = pytest.main(
            [*base, "-p", "conformance.running.plugin", *arguments, str(here / "test_conformance.py")], plugins=plugins
        )
    return code, complaints.getvalue().strip().removeprefix("ERROR: ")


@contextlib.contextmanager
def _without_other_plugins() -> Iterator[None]:
    ours = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Collected:
    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.names = [item.name for item in session.items if isinstance(item, CaseItem)]


class _Ran:
    """Takes what was run from the plugin that ran it: reading a file of it takes seconds."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.begun = False

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        hooks = config.pluginmanager.get_plugin(CONTROLLER)
        if hooks is not None:
            self.runs, self.begun = dict(hooks.controller.runs), hooks.begun


class _Errors:
    """Collects what went wrong in the harness."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_internalerror(self, excrepr: Any, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self.found.append(str(excrepr))
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.found.append(str(report.longrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and str(report.longrepr).startswith("harness error"):
            self.found.append(str(report.longrepr))
