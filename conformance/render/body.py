"""The statements of one body: of the program, or of a function in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from conformance.program import (
    Bind,
    Class,
    Delete,
    DeleteAttribute,
    Enter,
    Exit,
    Function,
    Operand,
    Operator,
    Ref,
    Set,
    SetItem,
    Step,
    Unpack,
    Yield,
    outs,
)
from conformance.render import definitions, with_blocks
from conformance.render.expressions import POSTFIX, Text, Writer, exception
from conformance.render.reading import (
    AUGMENTED,
    INDENT,
    TEMPORARY,
    Pending,
    blocks,
    in_order,
    refs,
    stem,
    used_inside,
)
from conformance.trace import Trace


class Line(NamedTuple):
    step: int
    """Index of the step, of the whole program, that the line belongs to."""
    text: str


class Body:
    """Writes the steps of one body. `plain` writes each by itself, under the names of the program."""

    def __init__(
        self,
        steps: tuple[Step, ...],
        *,
        trace: Trace | None = None,
        plain: bool = False,
        outer: Body | None = None,
        function: Function | None = None,
        number: int = 0,
    ) -> None:
        self.steps = steps
        self.trace = trace
        self.plain = plain
        self.outer = outer
        self.function = function
        self.number = number
        """The step of the whole program that the lines are of; within a function, the one that defines it."""
        self.lines: list[Line] = []
        self.depth = 0
        self.pending: list[Pending] = []
        self.inlined: dict[str, Pending] = {}
        self.variables: dict[str, str] = {}
        self.taken: set[str] = set()
        """Variables that hold a value which is still needed."""
        self.writer = Writer(self.named, lambda function: definitions.defined(self, function))
        inside = list(used_inside(steps))
        self.uses = Counter([name for step in steps for name in in_order(step)] + inside)
        if function is not None:
            self.uses.update(refs(function.result))
        self.used_inside = set(inside)
        """Names that functions in here read: their variables are never bound again."""
        if function is not None:
            own = {name for step in steps for name in outs(step)} | set(function.parameters)
            self.taken |= {name for name in self.uses if name not in own} | self.used_inside
            for name in function.parameters:
                self.bind(name)
        self.blocks = {} if plain else blocks(steps, trace if outer is None else None)

    # -------------------------------------------------------------------------------------------------------- variables

    def named(self, name: str) -> Text:
        if name in self.inlined:
            return self.inlined[name].text
        return Text(self.variable(name))

    def variable(self, name: str) -> str:
        body: Body | None = self
        while body is not None:
            if name in body.variables:
                return body.variables[name]
            body = body.outer
        return name

    def bind(self, name: str, let_go: Iterable[str] = ()) -> str:
        """The variable for a new value, where the values of `let_go` end: its own, or the one that it takes over."""
        variable = name
        if not self.plain and name not in self.used_inside and not TEMPORARY.fullmatch(name):
            for old in let_go:
                if old in self.variables and old not in self.used_inside and stem(old) == stem(name):
                    variable = self.variables[old]
        self.variables[name] = variable
        self.taken.add(variable)
        return variable

    # ------------------------------------------------------------------------------------------------------------ lines

    def write(self) -> list[Line]:
        for index, step in enumerate(self.steps):
            if self.outer is None:
                self.number = index
            self.step(index, step)
        if self.function is None:
            self.flush()
        else:
            self._end(self.function)
        return self.lines

    def _end(self, function: Function) -> None:
        self._take(list(refs(function.result)))
        self.flush()
        if function.raises is not None:
            if not with_blocks.raised_already(self):
                self.emit(f"raise {exception(function.raises)}")
        elif function.result is not None:
            self.emit(f"return {self.writer.text(function.result)}")
        if function.generator and not any(isinstance(step, Yield) for step in function.steps):
            self.emit("yield")
        elif not self.lines:
            self.emit("pass")

    def apart(self) -> None:
        """A blank line, between a definition and what stands around it."""
        if self.lines and self.lines[-1].text and not self.lines[-1].text.endswith(":") and not self.plain:
            self.emit("")

    def emit(self, text: str) -> None:
        self.lines.append(Line(self.number, INDENT * self.depth + text if text else ""))

    def flush(self) -> None:
        """Writes what is pending as statements."""
        waiting, self.pending = self.pending, []
        for pending in waiting:
            if pending.function is not None:
                definitions.define(self, pending.name, pending.function, pending.decorators)
            elif pending.augmented is not None:
                target, operator, operand = pending.augmented
                self.emit(f"{self.bind(pending.name)} = {target}")
                self.emit(f"{self.variable(pending.name)} {operator} {operand}")
            else:
                self.emit(f"{self.bind(pending.name)} = {pending.text.text}")

    def step(self, index: int, step: Step) -> None:
        if self.trace is not None and self.outer is None:
            outcome = self.trace.steps[index].outcome if index < len(self.trace.steps) else "blocked"
            if outcome != "returned":
                self._failing(index, step, outcome)
                return
        self._take(in_order(step))
        if isinstance(step, Enter) and index in self.blocks:
            with_blocks.enter(self, step, self.blocks[index])
        elif isinstance(step, Exit) and any(block.exit == index for block in self.blocks.values()):
            with_blocks.leave(self, index, step)
        elif not self._postponed(index, step):
            self.flush()
            self.statement(step)
            self.release(step)
        self.inlined = {}

    def _take(self, read: list[str]) -> None:
        """Decides which pending expressions stand where names are read: the last ones, if read in their order."""
        names = [name for name in read if any(pending.name == name for pending in self.pending)]
        if names and names == [pending.name for pending in self.pending[-len(names) :]]:
            self.inlined = {pending.name: pending for pending in self.pending[-len(names) :]}
            del self.pending[-len(names) :]
        elif names:
            self.flush()

    def _postponed(self, index: int, step: Step) -> bool:
        """Makes the step's result wait, if it is a temporary that a later step uses up."""
        out = getattr(step, "out", None)
        if self.plain or out is None or not TEMPORARY.fullmatch(out) or not self._used_up(out, index):
            return False
        decorated = definitions.decorated(self, step)
        if decorated is not None:
            self.pending.append(Pending(out, Text(""), self.number, *decorated))
            return True
        if isinstance(step, Operator) and step.operator in AUGMENTED:
            return self._augmented(step, out)
        text = self.writer.step(step)
        if isinstance(step, Bind) and not isinstance(step.value, (Function, Class)):
            text = self.writer.operand(step.value)
        if text is None:
            return False
        self.pending.append(Pending(out, text, self.number))
        return True

    def _used_up(self, name: str, index: int) -> bool:
        if name in self.used_inside:
            return False
        for later in range(index + 1, len(self.steps)):
            step = self.steps[later]
            if name in in_order(step):
                if isinstance(step, Enter):
                    block = self.blocks.get(later)
                    return block is not None and self.uses[name] == 2 and name in self.steps[block.exit].drops
                return self.uses[name] == 1 and name in step.drops and not isinstance(step, Exit)
        return self.function is not None and self.uses[name] == 1  # the function's result

    def _augmented(self, step: Operator, out: str) -> bool:
        first = step.args[0]
        if not (isinstance(first, Ref) and first.name in self.inlined):
            return False
        target = self.inlined[first.name].text
        operand = self.writer.text(step.args[1])
        self.pending.append(
            Pending(out, target, self.number, augmented=(target.text, AUGMENTED[step.operator], operand))
        )
        return True

    # ------------------------------------------------------------------------------------------------------- statements

    def statement(self, step: Step) -> None:
        match step:
            case Bind(out=out, value=Function() as function):
                definitions.define(self, out, function)
            case Bind(out=out, value=Class() as class_):
                definitions.write_class(self, out, class_)
            case Bind(out=out, value=value):
                text = self.writer.text(value)
                self.emit(f"{self.bind(out, step.drops)} = {text}")
            case Set(self=self_, name=name, value=value):
                self._assign(f"{self.writer.operand(self_).within(POSTFIX)}.{name}", value)
            case SetItem(self=self_, index=index, value=value):
                self._assign(f"{self.writer.operand(self_).within(POSTFIX)}[{self.writer.index(index)}]", value)
            case DeleteAttribute(self=self_, name=name):
                self.emit(f"del {self.writer.operand(self_).within(POSTFIX)}.{name}")
            case Delete():
                if self.plain and step.drops:
                    self.emit(f"del {', '.join(step.drops)}")
            case Unpack(value=value, outs=names):
                text = self.writer.text(value)
                variables = [self.bind(name, step.drops) for name in names]
                if len(set(variables)) < len(variables):
                    variables = [self._own(name) for name in names]
                targets = ", ".join(variables) + ("," if len(variables) == 1 else "") or "()"
                self.emit(f"{targets} = {text}")
            case Enter(context=context, out=out):
                text = self.writer.operand(context).within(POSTFIX)
                if self.plain:
                    self.emit(f"with {text}{'' if out is None else f' as {out}'}:")
                    self.depth += 1
                else:
                    self.emit(f"{'' if out is None else self.bind(out) + ' = '}{text}.__enter__()")
            case Exit(context=context, error=error):
                with_blocks.explicit_exit(self, self.writer.operand(context).within(POSTFIX), error)
            case Yield(value=value, out=out):
                text = f"yield {self.writer.text(value)}" if value is not None else "yield"
                self.emit(text if out is None or out in step.drops else f"{self.bind(out, step.drops)} = {text}")
            case Operator(operator=operator) if operator in AUGMENTED:
                self._in_place(step)
            case _:
                self._expression(step)

    def _own(self, name: str) -> str:
        self.variables[name] = name
        return name

    def _expression(self, step: Step) -> None:
        decorated = None if self.plain else definitions.decorated(self, step)
        out = getattr(step, "out", None)
        if decorated is not None and out is not None and out not in step.drops:
            definitions.define(self, out, *decorated)
            return
        text = self.writer.step(step)
        assert text is not None, step
        if out is None or out in step.drops:
            self.emit(text.text)
        else:
            self.emit(f"{self.bind(out, step.drops)} = {text.text}")

    def _assign(self, target: str, value: Operand) -> None:
        pending = self.inlined.get(value.name) if isinstance(value, Ref) else None
        if pending is not None and pending.augmented is not None:
            before, operator, operand = pending.augmented
            if before == target:
                self.emit(f"{target} {operator} {operand}")
                return
            self.pending = [pending]
            self.flush()
            del self.inlined[pending.name]
        self.emit(f"{target} = {self.writer.text(value)}")

    def _in_place(self, step: Operator) -> None:
        first, out, symbol = step.args[0], step.out, AUGMENTED[step.operator]
        operand = self.writer.text(step.args[1])
        if self.plain:
            known = "" if out is None or out in step.drops else f"  # now {out}"
            self.emit(f"{self.writer.text(first)} {symbol} {operand}{known}")
            return
        name = first.name if isinstance(first, Ref) else None
        if out is not None and name in step.drops and name in self.variables and name not in self.used_inside:
            variable = self.variables[out] = self.variables[name]
        else:
            text = self.writer.text(first)
            variable = self.bind(out, step.drops) if out is not None else self.free("result")
            self.emit(f"{variable} = {text}")
        self.emit(f"{variable} {symbol} {operand}")
        if out is not None and out in step.drops:
            self.emit(f"del {variable}")

    def release(self, step: Step) -> None:
        """The ``del`` of variables that end with a step, and are not bound again by it."""
        if self.plain:
            return
        bound = {self.variables.get(name) for name in outs(step)}
        ending = [
            name
            for name in step.drops
            if name in self.variables and name not in outs(step) and name not in self.inlined
        ]
        gone = [self.variables.pop(name) for name in ending]
        unbound = [variable for variable in gone if variable not in bound]
        self.taken -= set(unbound)
        if unbound:
            self.emit(f"del {', '.join(unbound)}")

    def inner(self, function: Function, plain: bool | None = None) -> Body:
        """The body of a function that is defined in this one."""
        return Body(
            function.steps,
            plain=self.plain if plain is None else plain,
            outer=self,
            function=function,
            number=self.number,
        )

    def free(self, name: str) -> str:
        """A variable of about this name that nothing here is called by."""
        variable, number = name, 1
        while variable in self.taken or variable in self.uses:
            variable, number = f"{name}{number}", number + 1
        self.taken.add(variable)
        return variable

    # ----------------------------------------------------------------------------------------------------------- errors

    def _failing(self, index: int, step: Step, outcome: str) -> None:
        """A step that raised in the trace, or was never run there."""
        self._take(in_order(step))
        self.flush()
        if outcome in ("blocked", "unsupported"):
            shown = Body((step,), plain=True).write()
            for line in shown:
                self.emit(f"# {line.text}  ({outcome})")
        else:
            self.emit("try:")
            self.depth += 1
            before = len(self.lines)
            out = getattr(step, "out", None)
            text = self.writer.step(step)
            augmented = isinstance(step, Operator) and step.operator in AUGMENTED
            if text is not None and not augmented and definitions.decorated(self, step) is None and out is not None:
                self.emit(text.text)
            else:
                self.statement(step)
            if len(self.lines) == before:
                self.emit("pass")
            self.depth -= 1
            self.emit("except Exception as error:")
            self.emit(INDENT + 'print(f"{type(error).__name__}: {error}")')
        self.release(step)
        self.inlined = {}
