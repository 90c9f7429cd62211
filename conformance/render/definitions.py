"""How functions and classes are written: a lambda, a definition, a decorated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.program import Call, Class, Function, Member, Ref, Step
from conformance.render.expressions import LAMBDA, Text
from conformance.render.reading import refs

if TYPE_CHECKING:
    from conformance.render.body import Body


def defined(body: Body, function: Function) -> Text:
    """An expression for a function that stands inside a step: a lambda if its body is one expression."""
    text = as_lambda(body, function)
    if text is None:
        variable = body.free(function.name if function.name.isidentifier() else "function")
        write_function(body, variable, function)
        return Text(variable)
    return Text(text, LAMBDA)


def as_lambda(body: Body, function: Function) -> str | None:
    if function.raises is not None or function.generator:
        return None
    inner = body.inner(function, plain=False)
    for index, step in enumerate(function.steps):
        inner.step(index, step)
    if inner.lines:
        return None
    names = list(refs(function.result))
    waiting = [pending.name for pending in inner.pending]
    if [name for name in names if name in waiting] != waiting or any(p.augmented or p.function for p in inner.pending):
        return None
    inner.inlined = {pending.name: pending for pending in inner.pending}
    signature = parameters(inner, function)
    result = inner.writer.text(function.result)
    return None if inner.lines else f"lambda{' ' * bool(signature)}{signature}: {result}"


def parameters(body: Body, function: Function) -> str:
    """The parameters of the function that this body is of, as its signature has them."""
    names = [body.variable(name) for name in function.parameters]
    plain = len(names) - len(function.defaults)
    defaults = [f"{n}={body.writer.text(v)}" for n, v in zip(names[plain:], function.defaults, strict=True)]
    return ", ".join(names[:plain] + defaults)


def define(body: Body, name: str, function: Function, decorators: tuple[str, ...] = ()) -> None:
    write_function(body, body.bind(name), function, decorators)


def write_function(
    body: Body, variable: str, function: Function, decorators: tuple[str, ...] = (), *, member: str = ""
) -> None:
    inner = body.inner(function)
    lines = inner.write()
    while lines and not lines[-1].text:
        lines.pop()
    body.apart()
    for decorator in decorators:
        body.emit(f"@{decorator}")
    body.emit(f"def {variable}({parameters(inner, function)}):")
    body.depth += 1
    for line in lines:
        body.emit(line.text)
    body.depth -= 1
    body.apart()


def decorated(body: Body, step: Step) -> tuple[Function, tuple[str, ...]] | None:
    """The function and its decorators, if the step is the call of a decorator on a function of more than one line."""
    if not isinstance(step, Call) or len(step.args) != 1 or step.kwargs or isinstance(step.function, Function):
        return None
    value = step.args[0]
    if isinstance(value, Ref) and value.name in body.inlined and body.inlined[value.name].function is not None:
        known = body.inlined[value.name]
        assert known.function is not None
        return known.function, (body.writer.text(step.function), *known.decorators)
    if isinstance(value, Function) and value.name.isidentifier():
        return value, (body.writer.text(step.function),)
    return None


def write_class(body: Body, out: str, class_: Class) -> None:
    variable = body.bind(out)
    body.apart()
    body.emit(f"class {variable}({body.writer.text(class_.base)}):")
    body.depth += 1
    for name, member in class_.members.items():
        _member(body, name, member)
    if not class_.members:
        body.emit("pass")
    body.depth -= 1
    body.apart()


def _member(body: Body, name: str, member: Member) -> None:
    decorators = () if member.decorator is None else (member.decorator,)
    value = member.value
    if isinstance(value, Ref) and value.name in body.inlined and body.inlined[value.name].function is not None:
        known = body.inlined[value.name]
        assert known.function is not None
        write_function(body, name, known.function, (*decorators, *known.decorators))
    elif isinstance(value, Function):
        write_function(body, name, value, decorators)
    else:
        text = body.writer.text(value)
        body.emit(f"{name} = {f'{member.decorator}({text})' if member.decorator else text}")
