"""The pytest plugin: an item for every case and subject, safe under pytest-xdist.

    pytest --pyargs conformance --subject=mylib -n auto

Every process (the only one, or each xdist worker) opens the oracle and the subjects for itself and writes a shard of the run;
the controller writes the header, and at the end merges the shards and writes the reports.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.journal import Description, Outcome, RunFileError
from conformance.running import interrupts
from conformance.running.failure import cause_of, describe_failure, in_short
from conformance.running.oracles import chosen, is_recorded
from conformance.running.runner import PROFILES, CaseCannotRun, Settings
from conformance.running.session import Controller, Plan, Worker, import_from_here
from conformance.runs.shards import MoreShardsThanCases, NoShard, Shard, parse
from conformance.subjects import Subject, SubjectUnavailable

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

PROPERTY = "torchstone"
"""The user property under which a report carries what became of its case, as JSON: user properties survive xdist."""

SPLITS = "torchstone-splits"
"""Where an xdist worker leaves how it split the cases over machines: only workers collect."""

CONTROLLER = "torchstone-controller"
"""What the plugin of the one process that leads a run is registered as."""

_splits = pytest.StashKey[dict[str, str]]()
_plan = pytest.StashKey[Plan]()
_worker = pytest.StashKey[Worker]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("torchstone", "conformance to PyTorch's autograd")
    group.addoption(
        "--subject",
        action="append",
        default=[],
        metavar="MODULE",
        help="what is tested: numtorch, torch, or any module with torch's names (repeatable)",
    )
    group.addoption("--seed", type=int, default=0, help="what every case's own seed is made from (default: 0)")
    group.addoption(
        "--profile",
        choices=list(PROFILES),
        default="default",
        help="programs a case: " + ", ".join(f"{name} {count}" for name, count in PROFILES.items()),
    )
    group.addoption("--max-examples", type=int, metavar="N", help="programs a case, instead of the profile's")
    group.addoption(
        "--torchstone-output",
        type=Path,
        default=Path("reports/latest"),
        metavar="DIR",
        help="where the run and its reports are written (default: reports/latest)",
    )
    group.addoption(
        "--cases",
        action="append",
        default=[],
        metavar="PATH",
        help="a module, file or folder with cases of your own, beside those of the catalogue (repeatable)",
    )
    group.addoption(
        "--expectations",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="a folder that says what the subject is known to fail, instead of what the suite says of it (repeatable)",
    )
    group.addoption(
        "--oracle",
        default="",
        metavar="ORACLE",
        help="what answers are compared with: torch, recorded or recorded:PATH (default: torch, if it is installed)",
    )
    group.addoption(
        "--shard",
        metavar="I/N",
        help="run only this part of the cases, on one of N machines; `torchstone merge` joins what they wrote",
    )
    group.addoption(
        "--durations-of",
        type=Path,
        metavar="RUN",
        help="an earlier run.jsonl, for shards that take equally long (the same one for every shard)",
    )
    group.addoption(
        "--example-database",
        action="append",
        default=[],
        metavar="WHERE",
        help="keep failing examples here, and try them first: a folder, redis://…, github:owner/repository (repeatable)",
    )
    group.addoption(
        "--no-shrink",
        dest="shrink",
        action="store_false",
        default=True,
        help="do not make failing programs smaller: faster where many fail",
    )
    group.addoption(
        "--no-isolate",
        dest="isolate",
        action="store_false",
        default=True,
        help="run subjects in this process: faster, but one that dies takes the worker with it",
    )


def pytest_configure(config: pytest.Config) -> None:
    until_the_end = contextlib.ExitStack()
    if hasattr(config, "workerinput"):
        # `timeout` sends SIGTERM to all processes of a run at once: a worker that died of it would pass for a crashed one.
        until_the_end.enter_context(interrupts.taken())
    until_the_end.enter_context(interrupts.remembered())
    config.add_cleanup(until_the_end.close)
    import_from_here()
    if __name__ not in config.option.plugins:
        config.option.plugins.append(__name__)  # xdist tells its workers to load what was asked for with -p.
    try:
        oracle = chosen(config.getoption("oracle"))
    except SubjectUnavailable as error:
        raise pytest.UsageError(str(error)) from error
    profile = config.getoption("profile")
    config.stash[_plan] = Plan(
        subjects=tuple(dict.fromkeys(config.getoption("subject"))),
        output=Path(config.getoption("torchstone_output")).absolute(),
        settings=Settings(
            max_examples=config.getoption("max_examples") or _programs_of(profile, oracle),
            seed=config.getoption("seed"),
            database=_database(config.getoption("example_database")),
            shrink=config.getoption("shrink"),
        ),
        profile=profile,
        oracle=oracle,
        isolate=config.getoption("isolate"),
        selection=config.getoption("keyword", "") or "",
        cases=tuple(config.getoption("cases")),
        expectations=tuple(folder.absolute() for folder in config.getoption("expectations")),
        shard=_shard(config.getoption("shard")),
        durations=config.getoption("durations_of") and config.getoption("durations_of").absolute(),
    )
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_ControllerHooks(config.stash[_plan]), CONTROLLER)


def _programs_of(profile: str, oracle: str) -> int:
    """How many programs of a case: of recorded ones, which are chosen and few, all."""
    return PROFILES["thorough" if is_recorded(oracle) and profile == "default" else profile]


def _database(names: list[str]) -> ExampleDatabase | None:
    if not names:
        return None
    from conformance.running.databases import DatabaseUnavailable, opened

    try:
        return opened(names)
    except DatabaseUnavailable as error:
        raise pytest.UsageError(str(error)) from error


def _shard(text: str | None) -> Shard | None:
    try:
        return parse(text) if text else None
    except NoShard as error:
        raise pytest.UsageError(f"--shard: {error}") from error


def pytest_unconfigure(config: pytest.Config) -> None:
    if _worker in config.stash:
        config.stash[_worker].close()
        del config.stash[_worker]


# ------------------------------------------------------------------------------------------------------------------ items


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path == Path(__file__).parent.parent / "test_conformance.py":
        return Catalogue.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(trylast=True)  # After -k has left its choice.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    plan = config.stash[_plan]
    if plan.shard is None or not items:
        return
    kept: list[pytest.Item] = [item for item in items if not isinstance(item, CaseItem)]
    splits = {}
    for subject in plan.subjects:
        of_subject = {item.case.id: item for item in items if isinstance(item, CaseItem) and item.subject == subject}
        try:
            splits[subject], mine = plan.split(list(of_subject))
        except (MoreShardsThanCases, RunFileError, OSError) as error:
            raise pytest.UsageError(f"--shard {plan.shard}: {error}") from error
        kept += [of_subject[case] for case in mine]
    config.stash[_splits] = splits
    if hasattr(config, "workeroutput"):
        config.workeroutput[SPLITS] = splits
    left = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    items[:] = kept


class Catalogue(pytest.File):
    """The cases, once for every subject."""

    def collect(self) -> Iterator[CaseItem]:
        plan = self.config.stash[_plan]
        for subject in plan.subjects:
            for case in plan.catalogue():
                yield CaseItem.from_parent(self, name=f"{subject}-{case.id}", subject=subject, case=case)


class CaseItem(pytest.Item):
    """One case on one subject."""

    def __init__(self, *, subject: str, case: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.subject, self.case = subject, case

    def runtest(self) -> None:
        interrupts.check()
        plan, stash = self.config.stash[_plan], self.config.stash
        if _worker not in stash:
            stash[_worker] = Worker(
                plan, getattr(self.config, "workerinput", {}).get("workerid", "main"), _described(self.config).opened
            )
        try:
            outcome = stash[_worker].run(self.case, self.subject)
        except CaseCannotRun as error:
            self._tell(
                {"case": self.case.id, "subject": self.subject, "error": f"{type(error.why).__name__}: {error.why}"}
            )
            raise
        text = (
            ""
            if outcome.expected
            else describe_failure(self.case.sentence, outcome, self.subject, plan.settings.seed, plan.oracle)
        )
        told = {} if outcome.expected else {"short": in_short(outcome, self.subject), "cause": cause_of(outcome)}
        self._tell({**_summary(outcome), "subject": self.subject, "text": text, **told})
        if text:
            raise NotAsExpected(text)
        if outcome.status == "UNSUPPORTED":
            pytest.skip(outcome.reason)
        if outcome.status != "PASS":
            pytest.xfail(outcome.reason)

    def _tell(self, what: dict[str, Any]) -> None:
        self.user_properties.append((PROPERTY, json.dumps(what)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        """What to print: for a difference the difference, not how the harness came upon it."""
        if isinstance(excinfo.value, NotAsExpected):
            return str(excinfo.value)
        if isinstance(excinfo.value, CaseCannotRun):
            return f"harness error: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class NotAsExpected(AssertionError):
    """The subject does not do what PyTorch does."""


def _summary(outcome: Outcome) -> dict[str, Any]:
    return {
        "case": outcome.case,
        "status": outcome.status,
        "expected": outcome.expected,
        "programs": outcome.programs,
        "levels": {level: of.status for level, of in outcome.levels.items()},
        "reason": outcome.reason,
        "seconds": outcome.seconds,
    }


# ------------------------------------------------------------------------------------------------------------- controller


class Described:
    """A plugin that knows what the subjects are, by their names: whoever started pytest has asked them.

    Where the cases run in this very process they run on the subjects that were asked, which are still open.
    """

    def __init__(self) -> None:
        self.subjects: dict[str, Description] = {}
        self.opened: dict[str, Subject] = {}


def _described(config: pytest.Config) -> Described:
    """What whoever started pytest has said; nothing if it was the user."""
    return next((one for one in config.pluginmanager.get_plugins() if isinstance(one, Described)), Described())


class _ControllerHooks:
    """What only one process of a run does."""

    def __init__(self, plan: Plan) -> None:
        self.controller = Controller(plan)
        self.start = time.monotonic()
        self.selected: set[str] = set()
        self.splits: dict[str, str] = {}
        self.begun = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._selected(session.config, [item.name for item in session.items if isinstance(item, CaseItem)])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        self._selected(node.config, [id.split("::", 1)[-1] for id in ids])

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        self.splits.update(getattr(node, "workeroutput", {}).get(SPLITS, {}))

    def _selected(self, config: pytest.Config, names: list[str]) -> None:
        self.selected.update(names)
        # A dry run (--collect-only) must not wipe out the report of the last one.
        if names and not self.begun and not config.getoption("collectonly"):
            try:
                self.controller.begin(_described(config).subjects)
            except SubjectUnavailable as error:
                raise pytest.UsageError(str(error)) from error
            self.begun = True

    @pytest.hookimpl(trylast=True)  # After xdist has seen the last of its workers.
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if _worker in session.config.stash:
            session.config.stash[_worker].close()
            del session.config.stash[_worker]
        if self.begun:
            stopped = bool(session.shouldstop or session.shouldfail)
            cut_off = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
            own: dict[str, str] = session.config.stash.get(_splits, {})
            self.splits.update(own)
            self.controller.finish(
                self.selected,
                interrupted=stopped or cut_off or interrupts.pressed(),
                seconds=time.monotonic() - self.start,
                splits=self.splits,
            )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line in self.controller.lines():
            terminalreporter.write_line(line)
