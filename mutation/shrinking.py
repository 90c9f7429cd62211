"""How small a program is that shows a planted fault, once it has been made small.

    python -m mutation.shrinking                              every fault
    python -m mutation.shrinking --found 20 --programs 200    a sample, spread over all features, until 20 were found

Each fault is planted in a forked process, which runs the programs of a campaign until one differs from the numtorch that is not
changed, and makes it small in two ways: as `torchstone fuzz` does, which reduces the program itself (`conformance.reduce`),
and as a Hypothesis test does, which shrinks what it was drawn from (`conformance.compose.random_programs`). Either way at
least 9 of 10 end in at most `SMALL` steps.
"""

from __future__ import annotations

import contextlib
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
    """What became of a program that shows a fault, in one way."""

    fault: str
    way: str
    drawn: int
    """Steps of the program as it was drawn."""
    steps: int
    tried: int
    """How many programs were run to make it small."""
    script: str = ""

    def __str__(self) -> str:
        return f"{self.way} {self.drawn} → {self.steps} steps ({self.tried} tries)"


def measure(chosen: Sequence[Fault], workers: int = 1, programs: int = PROGRAMS) -> Iterable[list[Shrunk]]:
    """Plants each fault, and says how small a program shows it in each way; nothing, if none of so many does."""
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
    # Each has to see that the other one has ended: nobody else may hold the other end of a pipe.
    wrong = context.Process(target=_search, args=(fault, programs, ours, to_us))
    wrong.start()
    ours.close()
    to_us.close()
    right = context.Process(target=_serve, args=(theirs,))
    right.start()
    theirs.close()
    found: list[Shrunk] = []
    with contextlib.suppress(EOFError):
        while len(found) < len(WAYS):
            found.append(answers.recv())
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
    from conformance.fuzz.worker import drawn
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

    for index in range(programs):
        if judged(drawn(0, index))[0].status == "FAIL":
            answers.send(_by_fuzz(fault.name, index, judged))
            answers.send(_by_hypothesis(fault.name, index, judged))
            return


def _by_fuzz(fault: str, index: int, judged: Judged) -> Shrunk:
    from conformance.fuzz.worker import REDUCING, drawn
    from conformance.reduce.reducer import Reducer
    from conformance.render import script
    from conformance.report.causes import Cause

    program = drawn(0, index)
    verdict, oracle = judged(program)
    cause = Cause.of(program, verdict)

    def fails(candidate: Program) -> bool:
        found, _ = judged(candidate)
        return found.status == "FAIL" and Cause.of(candidate, found).is_like(cause)

    reducer = Reducer(program, fails, tries=REDUCING)
    small = reducer.reduce(oracle)
    return Shrunk(fault, "fuzz", len(program.steps), len(small.steps), REDUCING - reducer.tries, script(small))


def _by_hypothesis(fault: str, index: int, judged: Judged) -> Shrunk:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes

    from conformance.compose import random_programs
    from conformance.compose.programs import STEPS
    from conformance.fuzz.worker import blocks_of
    from conformance.render import script

    ran: list[Program] = []

    def fails(program: Program) -> bool:
        ran.append(program)
        return judged(program)[0].status == "FAIL"

    # As Hypothesis draws a list of blocks: before each, whether there is one more; then what is kept, which is all.
    choices = [choice for block in blocks_of(0, index) for choice in (True, block)]
    # What is found under the key itself, Hypothesis takes to be small; under this one it keeps what it has not made small yet.
    database = InMemoryExampleDatabase()
    database.save(f"{fault}.secondary".encode(), choices_to_bytes((*choices, False, b"\xff" * STEPS)))
    quick = settings(
        database=database,
        deadline=None,
        phases=[Phase.reuse, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    small = find(random_programs(), fails, settings=quick, database_key=fault.encode())
    return Shrunk(fault, "Hypothesis", len(ran[0].steps), len(small.steps), len(ran) - 1, script(small))


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
@click.option("--found", "enough", type=click.IntRange(1), metavar="N", help="End when so many were found.")
@click.option(
    "--programs", type=click.IntRange(1), default=PROGRAMS, show_default=True, help="Programs a fault, at most."
)
@click.option("-j", "workers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--only", metavar="TEXT", default="", help="Only faults whose name contains this.")
def main(count: int | None, enough: int | None, programs: int, workers: int, only: str) -> None:
    """How small the programs are that show planted faults."""
    began = time.monotonic()
    found: list[list[Shrunk]] = []
    chosen = [f for f in mixed(spread(faults(), count)) if only in f.name]
    for number, (fault, both) in enumerate(zip(chosen, measure(chosen, workers, programs), strict=True), 1):
        click.echo(f"{number}. {fault.name}: {'; '.join(map(str, both)) or 'not found'}")
        for one in both:
            if one.steps > SMALL:
                click.echo(f"{one.way}:\n{one.script}")
        if both:
            found.append(both)
        if len(found) == enough:
            break
    click.echo(f"{len(found)} of {number} faults were found; {time.monotonic() - began:.0f} s")
    enough_are_small = True
    for way, ends in zip(WAYS, zip(*found, strict=True), strict=False):
        small = sum(one.steps <= SMALL for one in ends)
        enough_are_small &= small >= 0.9 * len(ends)
        click.echo(f"{way}: {small} of {len(ends)} end in at most {SMALL} steps")
    sys.exit(0 if enough_are_small else 1)


if __name__ == "__main__":
    main()
