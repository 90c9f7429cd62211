"""Making a corpus, with PyTorch: draw, choose, run, ask how sure it is, write. Processes share the parts."""

from __future__ import annotations

import contextlib
import datetime
import multiprocessing
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import msgspec

from conformance.fuzz.worker import drawn
from conformance.journal import CaseRecord
from conformance.program import Program
from conformance.recorded.catalogue import source_digest, text_digest
from conformance.recorded.choosing import choose
from conformance.recorded.corpus import Corpus, part_of, write
from conformance.recorded.lines import FORMAT, RANDOM, Head, Part, Recording, encoder
from conformance.recorded.shipped import SHIPPED
from conformance.recorded.sureness import observed
from conformance.running.runner import Case, case_seed, record_of
from conformance.running.sampling import CannotDraw, draw
from conformance.running.session import all_cases, import_from_here, suite_digest
from conformance.subjects import open_subject, oracle
from conformance.subjects.base import Subject, SubjectError
from conformance.subjects.stdio import Process
from conformance.trace import Trace
from conformance.version import torchstone_version

RANDOM_PROGRAMS = 20_000

ACTIONS = (1, 4)
"""Actions of a random program. Nothing makes a recorded one smaller when it fails, so they begin small: three of
them run in the time of two of (2, 6)."""

STEPS, BYTES = 40, 16_000
"""What a random program and its trace may take. One in two hundred is longer, and as costly as all of a case."""

OF_A_CASE = 500
"""Random programs that stand together as one case."""

IN_A_PART = 1_000
"""Programs of a part, about: fewer compress worse, more cost a worker that needs one of its cases more."""

DRAWN = 60
"""Programs of a case that those to keep are chosen from."""


@dataclass(frozen=True)
class Order:
    """What is to be recorded."""

    output: Path = SHIPPED
    seed: int = 0
    random_programs: int = RANDOM_PROGRAMS
    drawn: int = DRAWN
    workers: int = 1
    selection: tuple[str, ...] | None = None
    """Ids of cases; None for all."""
    cases: tuple[str, ...] = ()
    """Modules, files or folders with cases beside those of the catalogue."""
    reuse: Path | None = None
    """A corpus of the same seed. Programs of cases that have not changed since are taken from it, and the random ones. Where
    PyTorch answers one as it did then, it need not be asked how sure it is, which is what takes long."""


@dataclass(frozen=True)
class Made:
    """What became of an order."""

    path: Path
    programs: int
    cases: int
    bytes: int
    left_out: tuple[str, ...]
    """Cases of which nothing could be recorded."""


Listener = Callable[[int, int], None]
"""Is told how many parts there are of how many."""


def record(order: Order, listen: Listener = lambda done, of: None) -> Made:
    """Records a corpus. Raises SubjectUnavailable without PyTorch, CorpusError if what to reuse is none."""
    answers = oracle()
    described = answers.describe()
    answers.close()
    if order.reuse is not None:
        Corpus(order.reuse)
    catalogue = all_cases(order.cases)
    chosen = [case for case in catalogue if order.selection is None or case.id in order.selection]
    jobs = _jobs(order, [case for case in chosen if not case.by_processor])
    parts: dict[int, tuple[Part, bytes]] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(order.workers, context, _begin, (order,)) as pool:
        begun = [pool.submit(_work, job) for job in enumerate(jobs)]
        for done, future in enumerate(as_completed(begun), 1):
            number, found = future.result()
            if found[0].programs:
                parts[number] = found
            listen(done, len(jobs))
    ordered = [parts[number] for number in sorted(parts)]
    records = [*map(record_of, chosen), *(_random_case(order, first) for first in _firsts(order))]
    recorded = {case for part, _ in ordered for case in part.cases}
    head = Head(
        format=FORMAT,
        torchstone=torchstone_version(),
        recorded=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        oracle=described,
        machine=_machine(),
        seed=order.seed,
        suite=suite_digest(catalogue),
        catalogue="" if order.cases else text_digest(),
        sources={case.id: source_digest(case.source) for case in catalogue},
        parts=tuple([part for part, _ in ordered]),
    )
    write(order.output, head, [one for one in records if one.id in recorded], [raw for _, raw in ordered])
    return Made(
        path=order.output,
        programs=sum(part.programs for part, _ in ordered),
        cases=len(recorded),
        bytes=order.output.stat().st_size,
        left_out=tuple([case.id for case in chosen if case.id not in recorded]),
    )


def _machine() -> dict[str, str]:
    """What the last digits of PyTorch's float32 answers hang on."""
    import torch

    config = torch.__config__.show()
    blas = next((line.strip(" -") for line in config.splitlines() if "MKL" in line or "OpenBLAS" in line), "")
    return {
        "machine": platform.machine(),
        "vector": torch.backends.cpu.get_cpu_capability(),
        "blas": blas.split(" for ")[0] or "unknown",
        "threads": "1",
    }


# --------------------------------------------------------------------------------------------------------------- parts

_Job = tuple[str, ...] | tuple[int, int]
"""Ids of cases, or the first of the random programs of a case and how many."""


def _firsts(order: Order) -> range:
    return range(0, order.random_programs, OF_A_CASE)


def _jobs(order: Order, chosen: Sequence[Case]) -> list[_Job]:
    jobs: list[_Job] = []
    at_a_time = IN_A_PART // 5
    ids = [case.id for case in chosen]
    jobs += [tuple(ids[begin : begin + at_a_time]) for begin in range(0, len(ids), at_a_time)]
    count = order.random_programs
    jobs += [(begin, min(IN_A_PART, count - begin)) for begin in range(0, count, IN_A_PART)]
    return jobs


def _random_case(order: Order, first: int) -> CaseRecord:
    last = min(first + OF_A_CASE, order.random_programs) - 1
    return CaseRecord(
        id=_random_id(first),
        sentence=f"Random programs {first} to {last} do what they do on PyTorch.",
        source=f"random_programs(seed={order.seed}, first={first}, last={last}, actions={ACTIONS})\n",
    )


def _random_id(first: int) -> str:
    return f"{RANDOM}/from_{first:05}"


_order: Order
_answers: Subject
_judging: Subject
_before: _Before


def _begin(order: Order) -> None:
    global _order, _answers, _judging, _before
    import_from_here()
    # In processes of their own: with other roundings PyTorch is run as nobody runs it, and does not always survive that.
    asked = [sys.executable, "-m", "conformance.subjects.child", "torch", "value", "grad"]
    _order, _answers, _judging = order, open_subject("torch"), Process(asked, "torch")
    _before = _Before(Corpus(order.reuse) if order.reuse is not None else None)


class _Before:
    """What was recorded before."""

    def __init__(self, corpus: Corpus | None) -> None:
        self.corpus = corpus

    def of(self, case: str, source: str) -> list[Recording]:
        """What was recorded of a case that is as it was then; nothing if it is not."""
        if self.corpus is None or case not in self.corpus.cases:
            return []
        then = self.corpus.head.sources.get(case) or source_digest(self.corpus.cases[case].source)
        return list(self.corpus.programs(case)) if then == source_digest(source) else []


def _work(job: tuple[int, _Job]) -> tuple[int, tuple[Part, bytes]]:
    number, what = job
    if isinstance(what[0], int):
        found = list(_of_random(int(what[0]), int(what[1])))
    else:
        wanted = {case.id: case for case in all_cases(_order.cases)}
        found = [one for id in what for one in _of_case(wanted[str(id)])]
    return number, part_of(found)


def _again(case: str, before: list[Recording]) -> Iterator[Recording]:
    for one in before:
        trace = _answers.run(one.program)
        yield one if trace.to_json() == bytes(one.trace) else _recording(case, one.program, trace)


def _of_case(case: Case) -> Iterator[Recording]:
    before = _before.of(case.id, case.source)
    if before:
        yield from _again(case.id, before)
        return
    drawn_ones = list(ran(case, _answers, _order))
    for kept in choose(drawn_ones):
        yield _recording(case.id, *drawn_ones[kept])


def ran(case: Case, answers: Subject, order: Order) -> Iterator[tuple[Program, Trace]]:
    """The programs that those to keep of a case are chosen from, with what PyTorch does."""
    programs: dict[str, tuple[Program, Trace]] = {}

    def see(program: Program) -> None:
        if program.digest not in programs:
            with contextlib.suppress(SubjectError):
                programs[program.digest] = program, answers.run(program)

    with contextlib.suppress(CannotDraw):  # the suite's own tests say so
        draw(case.programs(), see, seed=case_seed(order.seed, case.id), max_examples=order.drawn)
    yield from programs.values()


def _of_random(first: int, count: int) -> Iterator[Recording]:
    """So many programs of which none is another's equal: short ones are drawn twice now and then."""
    for begin in range(first, first + count, OF_A_CASE):
        record = _random_case(_order, begin)
        before = {one.program.digest: one for one in _before.of(record.id, record.source)}
        yield from _again(record.id, list(before.values()))
        yield from _drawn_of(record.id, range(begin, min(begin + OF_A_CASE, first + count)), set(before))


def _drawn_of(case: str, numbers: range, known: set[str]) -> Iterator[Recording]:
    """What is missing of as many programs as there are numbers, where some are known.

    Where one is known or too long another takes its place, far behind all the others.
    """
    for number in numbers:
        for again in range(100):
            if len(known) == len(numbers):
                return
            program = drawn(_order.seed, number + again * 1_000_000, ACTIONS)
            if program.digest in known or len(program.steps) > STEPS:
                continue
            trace = _answers.run(program)
            if len(trace.to_json()) <= BYTES:
                known.add(program.digest)
                yield _recording(case, program, trace)
                break


def _recording(case: str, program: Program, trace: Trace) -> Recording:
    # As it will be read: names in the order of the text, in which arrays are counted.
    text = trace.to_json()
    sure = observed(program, Trace.from_json(text), oracle=_judging)
    return Recording(case=case, program=program, trace=msgspec.Raw(text), sureness=msgspec.Raw(encoder.encode(sure)))


__all__ = ["Made", "Order", "record"]
