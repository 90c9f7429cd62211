"""How small a program is that shows a planted fault, once it has been made small.

    python -m mutation.shrinking                              every fault
    python -m mutation.shrinking --found 20 --programs 300    a sample, spread over all features, until 20 were found

Each fault is planted in a forked process, which compares random programs with the numtorch that is not changed, in two ways:
as `torchstone fuzz` does, which reduces the program itself (`conformance.reduce`), and as a Hypothesis test does, which
shrinks what the program was drawn from (`conformance.compose.random_programs`). Either way at least 9 of 10 end in at most
`SMALL` steps.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import click

from mutation.faults import Fault, faults
from mutation.planting import changed, plant

if TYPE_CHECKING:
    from conformance.judging.verdict import Verdict
    from conformance.program import Program
    from conformance.trace import Trace

    Judged = Callable[[Program], tuple[Verdict, Trace]]

SMALL = 6
"""Steps that a program has at most in which a person sees a fault at once."""

PROGRAMS = 2000
"""Programs after which a fault counts as not found."""


WAYS = ("fuzz", "Hypothesis")


@dataclass(frozen=True)
class Shrunk:
    """What became of a fault, in one way."""

    fault: str
    way: str
    drawn: int = 0
    """Steps of the program that showed it first; 0 if none did."""
    steps: int = 0
    programs: int = 0
    """How many were drawn until then."""
    tried: int = 0
    """How many were run to make it small."""
    script: str = ""

    def __str__(self) -> str:
        if not self.drawn:
            return f"{self.way} does not find it"
        return f"{self.way} {self.drawn} → {self.steps} steps (program {self.programs}, {self.tried} tries)"


def measure(chosen: Sequence[Fault], workers: int = 1, programs: int = PROGRAMS) -> Iterable[list[Shrunk]]:
    """Plants each fault, and says how small a program shows it in each way."""
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=None) as pool:
        futures = [pool.submit(_apart, fault, programs) for fault in chosen]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _apart(fault: Fault, programs: int) -> list[Shrunk]:
    """In processes of their own: one has the changed numtorch, the other the right one."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    answers, to_us = context.Pipe(duplex=False)
    right = context.Process(target=_serve, args=(theirs,))
    wrong = context.Process(target=_search, args=(fault, programs, ours, to_us))
    for process in (right, wrong):
        process.start()
    for end in (theirs, ours, to_us):
        end.close()
    found = []
    for way in WAYS:
        try:
            found.append(answers.recv())
        except EOFError:
            found.append(Shrunk(fault.name, way))
    for process in (wrong, right):
        process.join(5)
        if process.is_alive():
            process.kill()
    return found


def _serve(pipe: Connection) -> None:
    """Runs programs on the numtorch that is not changed."""
    import numtorch
    from conformance.interpreter.interpreter import run

    while True:
        try:
            program = pipe.recv()
        except EOFError:
            return
        pipe.send(run(program, numtorch))


def _search(fault: Fault, programs: int, pipe: Connection, answers: Connection) -> None:
    plant(changed(fault.changes))
    import numtorch
    from conformance.interpreter.interpreter import run
    from conformance.judging.judge import judge
    from conformance.trace import FACETS

    class Right:
        """The numtorch that is not changed, as a subject."""

        def run(self, program: Program) -> Trace:
            pipe.send(program)
            answer: Trace = pipe.recv()
            return answer

    right: Any = Right()

    def judged(program: Program) -> tuple[Verdict, Trace]:
        oracle = right.run(program)
        return judge(program, oracle, run(program, numtorch), right, tuple(FACETS)), oracle

    answers.send(_by_fuzz(fault.name, programs, judged))
    answers.send(_by_hypothesis(fault.name, programs, judged))


def _by_fuzz(fault: str, programs: int, judged: Judged) -> Shrunk:
    from conformance.fuzz.findings import Cause
    from conformance.fuzz.worker import REDUCING, drawn
    from conformance.reduce.reducer import Reducer
    from conformance.render import script

    for index in range(programs):
        program = drawn(0, index)
        verdict, oracle = judged(program)
        if verdict.status != "FAIL":
            continue
        cause = Cause.of(program, verdict)

        def fails(candidate: Program, cause: Cause = cause) -> bool:
            found, _ = judged(candidate)
            return found.status == "FAIL" and Cause.of(candidate, found).is_like(cause)

        reducer = Reducer(program, fails, tries=REDUCING)
        small = reducer.reduce(oracle)
        tried = REDUCING - reducer.tries
        return Shrunk(fault, "fuzz", len(program.steps), len(small.steps), index + 1, tried, script(small))
    return Shrunk(fault, "fuzz", programs=programs)


def _by_hypothesis(fault: str, programs: int, judged: Judged) -> Shrunk:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import NoSuchExample

    from conformance.compose import random_programs
    from conformance.render import script

    run: list[bool] = []
    """Of each program, whether it fails."""
    first: list[Program] = []

    def fails(program: Program) -> bool:
        run.append(judged(program)[0].status == "FAIL")
        if run[-1]:
            first.append(program)
        return run[-1]

    quick = settings(
        max_examples=programs,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    try:
        small = find(random_programs(), fails, settings=quick, random=random.Random(fault))
    except NoSuchExample:
        return Shrunk(fault, "Hypothesis", programs=programs)
    found = run.index(True) + 1
    steps = len(first[0].steps)
    return Shrunk(fault, "Hypothesis", steps, len(small.steps), found, len(run) - found, script(small))


def mixed(chosen: Sequence[Fault]) -> list[Fault]:
    """In an order that begins with any of them, always the same."""
    return random.Random(0).sample(chosen, len(chosen))


def spread(every: Sequence[Fault], count: int | None) -> list[Fault]:
    """So many of the faults, evenly spread over all."""
    if count is None or count >= len(every):
        return list(every)
    return [every[index * len(every) // count] for index in range(count)]


@click.command()
@click.option("--faults", "count", type=click.IntRange(1), metavar="N", help="A sample. Default: all.")
@click.option(
    "--found", "enough", type=click.IntRange(1), metavar="N", help="End when so many were found in both ways."
)
@click.option(
    "--programs", type=click.IntRange(1), default=PROGRAMS, show_default=True, help="Programs a fault, at most."
)
@click.option("-j", "workers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--only", metavar="TEXT", default="", help="Only faults whose name contains this.")
def main(count: int | None, enough: int | None, programs: int, workers: int, only: str) -> None:
    """How small the programs are that show planted faults."""
    began = time.monotonic()
    found: dict[str, list[Shrunk]] = {way: [] for way in WAYS}
    chosen = [f for f in mixed(spread(faults(), count)) if only in f.name]
    for number, both in enumerate(measure(chosen, workers, programs), 1):
        click.echo(f"{number}. {both[0].fault}: {'; '.join(map(str, both))}")
        for one in both:
            if one.steps > SMALL:
                click.echo(one.script)
            if one.drawn:
                found[one.way].append(one)
        if enough and min(map(len, found.values())) >= enough:
            break
    small = {way: sum(one.steps <= SMALL for one in seen) for way, seen in found.items()}
    for way, seen in found.items():
        click.echo(f"{way}: {len(seen)} of {number} faults found; {small[way]} end in at most {SMALL} steps")
    click.echo(f"{time.monotonic() - began:.0f} s")
    sys.exit(0 if all(small[way] >= 0.9 * len(seen) for way, seen in found.items()) else 1)


if __name__ == "__main__":
    main()
