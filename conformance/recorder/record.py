"""Case × inputs → Program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, Literal as OneOf

from conformance.collection import uncollected
from conformance.program import HOST_MODULES, List, Operand, Program, Tuple
from conformance.recorder import functions
from conformance.recorder.operands import literal, plain
from conformance.recorder.places import assigned
from conformance.recorder.recording import Recording, RecordingError, Scope, invoke
from conformance.recorder.symbols import Path, bind

_paths = {name: Path(name) for name in HOST_MODULES}


def record(
    function: Callable[..., Any],
    inputs: Mapping[str, Operand],
    *,
    seed: int = 0,
    observe: OneOf["every", "last"] = "every",
) -> Program:
    """What `function` does, as a Program. Nothing runs.

    The parameters of `function` that are named as a host module (``torch``, ``builtins``, ``gc`` …) receive a recording one.
    The others take their value from `inputs`: a tensor literal, a function or a class is bound by a step of its own and
    handed over as a symbol (inside a list or tuple, each under the parameter's name and its index), anything else as the
    Python value that it is.

    Raises a `RecordingError` if the case does what cannot be recorded; whatever else the case raises itself passes through.
    """
    recording = Recording()
    scope = recording.scope
    outer = getattr(Recording, "active", None)
    Recording.active = recording
    try:
        with uncollected():
            if isinstance(function, FunctionType):
                recording.assigned |= assigned(function.__code__)
            arguments = [_argument(scope, name, inputs) for name in _parameters(function)]
            scope.code = None
            returned = invoke(function, arguments)  # held, or what the case returns would end here
            steps = scope.finish()
            del returned
    finally:
        scope.open = False
        if recording.guide is not None:
            recording.guide.close()
        if outer is None:
            del Recording.active
        else:
            Recording.active = outer
    if recording.error is not None:
        raise RecordingError(recording.error)
    return Program(steps=steps, seed=seed, observe=observe)


def _parameters(function: Callable[..., Any]) -> list[str]:
    if not isinstance(function, FunctionType):
        raise RecordingError(f"only a plain function can be recorded, not {function!r}")
    return functions.parameters(function)


def _argument(scope: Scope, name: str, inputs: Mapping[str, Operand]) -> Any:
    if name in inputs:
        return _input(scope, name, inputs[name])
    if name in _paths:
        return _paths[name]
    raise RecordingError(f"no input is given for the parameter `{name}`")


def _input(scope: Scope, name: str, value: Any) -> Any:
    if literal(value):
        return bind(scope, scope.name(name), value)
    if isinstance(value, (List, Tuple)):
        value = list(value.items) if isinstance(value, List) else value.items
    if isinstance(value, (list, tuple)):
        items = [_input(scope, f"{name}{index}", item) for index, item in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    return plain(value)
