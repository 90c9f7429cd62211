"""How small a program is that shows a planted fault, once `torchstone fuzz` has made it small.

    python -m mutation.shrinking                 every fault
    python -m mutation.shrinking --faults 40     a sample, spread over all features

Each fault is planted in a forked process, which draws the programs of a campaign until one differs from the numtorch that is
not changed, and reduces it as a campaign does. At least 9 of 10 end in at most `SMALL` steps.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import click

from mutation.faults import Fault, faults
from mutation.planting import changed, plant

SMALL = 6
"""Steps that a program has at most in which a person sees a fault at once."""

PROGRAMS = 2000
"""Programs after which a fault counts as not found."""


@dataclass(frozen=True)
class Shrunk:
    """What became of a fault."""

    fault: str
    drawn: int = 0
    """Steps of the program that showed it first; 0 if none did."""
    steps: int = 0
    programs: int = 0
    """How many were drawn."""
    script: str = ""


def measure(chosen: Sequence[Fault], workers: int = 1, programs: int = PROGRAMS) -> Iterable[Shrunk]:
    """Plants each fault, and says how small a program shows it."""
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=None) as pool:
        yield from pool.map(_apart, chosen, [programs] * len(chosen))


def _apart(fault: Fault, programs: int) -> Shrunk:
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
    try:
        found: Shrunk = answers.recv()
    except EOFError:
        found = Shrunk(fault.name)
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
    from conformance.fuzz.findings import Cause
    from conformance.fuzz.worker import REDUCING, drawn
    from conformance.interpreter.interpreter import run
    from conformance.judging.judge import judge
    from conformance.judging.verdict import Verdict
    from conformance.program import Program
    from conformance.reduce import reduce
    from conformance.render import script
    from conformance.trace import FACETS, Trace

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
        program = drawn(0, index)
        verdict, oracle = judged(program)
        if verdict.status != "FAIL":
            continue
        cause = Cause.of(program, verdict)

        def fails(candidate: Program, cause: Cause = cause) -> bool:
            found, _ = judged(candidate)
            return found.status == "FAIL" and Cause.of(candidate, found).is_like(cause)

        small = reduce(program, fails, tries=REDUCING, values=oracle)
        answers.send(Shrunk(fault.name, len(program.steps), len(small.steps), index + 1, script(small)))
        return
    answers.send(Shrunk(fault.name, programs=programs))


def spread(every: Sequence[Fault], count: int | None) -> list[Fault]:
    """So many of the faults, evenly spread over all."""
    if count is None or count >= len(every):
        return list(every)
    return [every[index * len(every) // count] for index in range(count)]


@click.command()
@click.option("--faults", "count", type=click.IntRange(1), metavar="N", help="A sample. Default: all.")
@click.option(
    "--programs", type=click.IntRange(1), default=PROGRAMS, show_default=True, help="Programs a fault, at most."
)
@click.option("-j", "workers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--only", metavar="TEXT", default="", help="Only faults whose name contains this.")
def main(count: int | None, programs: int, workers: int, only: str) -> None:
    """How small the programs are that show planted faults."""
    began, found = time.monotonic(), []
    for one in measure([f for f in spread(faults(), count) if only in f.name], workers, programs):
        said = f"{one.drawn} → {one.steps} steps, program {one.programs}" if one.drawn else "not found"
        click.echo(f"{one.fault}: {said}")
        if one.steps > SMALL:
            click.echo(one.script)
        found.append(one)
    seen = [one for one in found if one.drawn]
    small = sum(one.steps <= SMALL for one in seen)
    click.echo(
        f"{len(seen)} of {len(found)} faults found; {small} end in at most {SMALL} steps; "
        f"{time.monotonic() - began:.0f} s"
    )
    sys.exit(0 if small >= 0.9 * len(seen) else 1)


if __name__ == "__main__":
    main()
