"""The Python text of a program and of its steps, for a report: what `conformance.render` writes, sorted by step."""

from __future__ import annotations

from conformance import render
from conformance.journal import Finding
from conformance.judging.verdict import Difference
from conformance.program import Bind, Class, Function, Operand, Program, Step, operands, walk
from conformance.report.text import printable


def reproducer(finding: Finding, first: Difference | None, oracle: str, subject: str) -> str:
    """The program as a PyTorch script that runs by itself, and in a comment below what is seen of it.

    Where an error comes before the end, on the oracle, or is not what differs, the script prints it and goes on, as the program
    does.
    """
    steps = finding.oracle.steps if finding.oracle else ()
    about_an_error = first is None or first.facet in ("raised", "error_code", "error_type", "message")
    goes_on = any(step.outcome != "returned" for step in (steps[:-1] if about_an_error else steps))
    text = render.script(finding.program, finding.oracle if goes_on else None).rstrip() + "\n"
    if first is not None:
        said = [
            ("", first.what, ""),
            ("  ", oracle, first.oracle),
            ("  ", subject, first.subject),
        ]
        # A line break in what a subject said would end the comment, and run what follows as code.
        lines_ = (f"# {indent}{_flat(who)}: {_flat(what)}".rstrip() for indent, who, what in said)
        text += "\n" + "\n".join(lines_) + "\n"
    return text


def _flat(text: str) -> str:
    return printable(" ".join(text.split()))


def lines(program: Program) -> list[str]:
    """The source of every step, in their order; several lines for a step that defines a function."""
    found: list[list[str]] = [[] for _ in program.steps]
    for index, line in render.lines(program):
        if index < len(found):
            found[index].append(line)
    return ["\n".join(step) for step in found]


def bodies(program: Program) -> dict[str, tuple[Step, ...]]:
    """The steps of every function of the program, by its name, and by ``Class.name`` for a member of a class."""
    found: dict[str, tuple[Step, ...]] = {}
    stack = [program.steps]
    while stack:
        for step in stack.pop():
            for operand in operands(step):
                for part in walk(operand):
                    for name, function in _functions(part):
                        found.setdefault(name, function.steps)
                        stack.append(function.steps)
                    if isinstance(part, Function) and isinstance(step, Bind):
                        found.setdefault(step.out, part.steps)
    return found


def _functions(part: Operand) -> list[tuple[str, Function]]:
    if isinstance(part, Function):
        return [(part.name, part)]
    if isinstance(part, Class):
        members = [(name, member.value) for name, member in part.members.items()]
        return [
            (label, value)
            for name, value in members
            if isinstance(value, Function)
            for label in (f"{part.name}.{name}", name)
        ]
    return []
