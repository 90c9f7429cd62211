"""A runner: the other side of torchstone's protocol, for a Python module with torch's names.

One file, which needs Python 3.8 and nothing else.

    python runner.py MODULE

torchstone starts it, writes requests on its stdin and reads answers from its stdout, one JSON object a line. It is used where
the implementation lives in another Python (``torchstone run torch --python /usr/bin/python3``), and it is the example to start
from: to drive a library that is not torch-like, write another `Library` and leave the rest as it is.

The specification is docs/protocol.md, docs/program.md and docs/trace.md of torchstone.
"""

import base64
import builtins
import contextlib
import functools
import importlib
import json
import keyword
import math
import operator as python_operators
import os
import platform
import re
import struct
import sys
import traceback
import types
import warnings

PROTOCOL = 1
FORMAT = 1
FACETS = ["value", "grad", "raised", "error_code", "dtype", "shape", "requires_grad", "is_leaf", "version", "alias"]
FACETS += ["identity", "hooks", "mode", "stride", "error_type", "message", "warning"]
HOST_MODULES = ("copy", "pickle", "gc", "weakref", "threading")
MAX_NESTING, MAX_CALLS, MAX_DEPTH = 4, 1000, 32

# How the elements of a dtype are packed. A bfloat16 is the upper half of a float32, a complex number a pair.
PACKED = {
    "bool": "?", "uint8": "B", "int8": "b", "int16": "h", "int32": "i", "int64": "q",
    "uint16": "H", "uint32": "I", "uint64": "Q",
    "float16": "e", "float32": "f", "float64": "d", "complex64": "ff", "complex128": "dd",
}  # fmt: skip


STARTS = (
    ("set_grad_enabled", True), ("set_anomaly_enabled", False), ("_C._set_multithreading_enabled", True),
    ("_C._set_fwd_grad_enabled", True), ("set_warn_always", True),
)  # fmt: skip
"""What is called before a program: PyTorch says some of its warnings once a process, unless it is told to repeat them."""


class Missing(Exception):
    """The implementation has no such name: the step is unsupported, and no error of the program."""


class Blocked(Exception):
    """A name is read that was never bound, because its step raised or was blocked itself."""


# ------------------------------------------------------------------------------------------------------------ the library


class Library:
    """All that is known of the implementation. This is the part to rewrite for a library that is not torch-like."""

    def __init__(self, name):
        self.module = importlib.import_module(name)
        for needed in ("tensor", "Tensor"):
            if not hasattr(self.module, needed):
                raise ImportError(f"{name} has no {needed}: is it torch-like?")
        self.dtypes = [(n, getattr(self.module, n)) for n in [*PACKED, "bfloat16"] if hasattr(self.module, n)]
        if hasattr(self.module, "set_num_threads"):
            self.module.set_num_threads(1)

    def quietly(self):
        """A context in which looking at a tensor is no call that a subclass or a mode of the program would answer."""
        try:
            return self.module._C.DisableTorchFunction()
        except AttributeError:
            return contextlib.nullcontext()

    def version(self):
        return str(getattr(self.module, "__version__", ""))

    def start(self, seed):
        """Brings the global state to where every program starts, whatever the one before left on or open."""
        for name, argument in (*STARTS, ("manual_seed", seed)):
            found = self.find(name)
            if found is not None:
                found(argument)
        float32, set_default = self.find("float32"), self.find("set_default_dtype")
        if float32 is not None and set_default is not None:
            set_default(float32)
        levels = self.find("autograd.forward_ad")
        while getattr(levels, "_current_level", -1) >= 0:
            before = levels._current_level
            levels.exit_dual_level()
            if levels._current_level >= before:
                break

    def find(self, path):
        """What stands at a dotted name, private ones as well; None where there is no such thing."""
        value = self.module
        for name in path.split("."):
            value = getattr(value, name, None)
        return value

    def resolve(self, path):
        """The object of a dotted name below ``torch``."""
        value = self.module
        for name in path.split("."):
            try:
                value = getattr(value, name)
            except AttributeError:
                raise Missing("torch." + path) from None
            if (
                isinstance(value, types.ModuleType)
                and value.__name__.split(".")[0] != self.module.__name__.split(".")[0]
            ):
                raise Missing("torch." + path)  # torch.os is a name, too
        return value

    def tensor(self, dtype, shape, data):
        kind = self.resolve(dtype)
        if dtype not in PACKED and dtype != "bfloat16":
            raise Missing("torch." + dtype)
        if 0 in shape and hasattr(self.module, "zeros"):
            return self.module.zeros(tuple(shape), dtype=kind)
        made = self.module.tensor(nested(unpack(dtype, data), shape), dtype=kind)
        if 0 in shape and tuple(made.shape) != tuple(shape):
            raise Missing("torch.zeros")  # Nested lists cannot say (0, 3).
        return made

    def lacks(self, symbol):
        """Whether tensors have none of the special methods by which Python looks for an operator."""
        return symbol in SPECIAL_METHODS and not any(hasattr(self.module.Tensor, m) for m in SPECIAL_METHODS[symbol])

    def lacks_by_its_own_word(self, error):
        """What is missing if the module says of this error that it tells of something that it has not."""
        says = getattr(self.module, "__torchstone_lacks__", None)
        if says is None or not says(error):
            return None
        return str(error).partition("\n")[0] or type(error).__name__

    def is_tensor(self, value):
        return isinstance(value, self.module.Tensor)

    def dtype_name(self, value):
        for name, dtype in self.dtypes:
            if value is dtype or (type(value) is type(dtype) and value == dtype):
                return name
        return None

    def grad(self, tensor):
        """Its gradient; a KeyError where it cannot be looked at, or PyTorch would warn."""
        if getattr(tensor, "is_leaf", True) or getattr(tensor, "retains_grad", False):
            found = tensor.grad
            if found is None or hasattr(found, "shape"):
                return found
        raise KeyError("grad")

    def facts(self, tensor):
        """What is seen of a tensor beside its gradient. What it does not have is left out."""
        found = {}
        for name, read in (
            ("dtype", lambda: self.dtype_name(tensor.dtype)),
            ("shape", lambda: [int(size) for size in tensor.shape]),
            ("stride", lambda: [int(step) for step in tensor.stride()]),
            ("requires_grad", lambda: bool(tensor.requires_grad)),
            ("is_leaf", lambda: bool(tensor.is_leaf)),
            ("version", lambda: int(tensor._version)),
            ("value", lambda: self.elements(tensor)),
        ):
            try:
                value = read()
            except Exception:
                if name == "version" and hasattr(type(tensor), "_version"):
                    found[name] = None  # it has a counter, and this tensor (an inference tensor) has none
                continue
            if value is not None:
                found[name] = value
        return found

    def elements(self, tensor):
        """Dtype, shape and elements, row by row, in base64."""
        dtype = self.dtype_name(tensor.dtype)
        plain = tensor.detach() if hasattr(tensor, "detach") else tensor
        if self.memory(plain) == 0:
            plain = plain * 1  # as a part it lies behind where nothing begins: PyTorch would read there, and crash
        data = pack(dtype, flat(plain.tolist()))
        return {"dtype": dtype, "shape": [int(size) for size in tensor.shape], "data": base64.b64encode(data).decode()}

    def memory(self, tensor):
        """What is equal for tensors that share memory; 0 for a part of zeros without memory, None if that cannot be said."""
        try:
            pointer = tensor.data_ptr() if tensor.numel() else 0
            return pointer - tensor.storage_offset() * tensor.element_size() if pointer else None
        except Exception:
            return None

    def mode(self):
        enabled = getattr(self.module, "is_grad_enabled", lambda: True)
        inference = getattr(self.module, "is_inference_mode_enabled", lambda: False)
        return {"grad": bool(enabled()), "inference": bool(inference())}


def unpack(dtype, data):
    if dtype == "bfloat16":
        halves = struct.unpack("<%dH" % (len(data) // 2), data)
        return [struct.unpack("<f", struct.pack("<I", half << 16))[0] for half in halves]
    letters = PACKED[dtype]
    numbers = struct.unpack("<%d%s" % (len(data) // struct.calcsize("<" + letters[0]), letters[0]), data)
    if len(letters) == 2:
        return [complex(real, imag) for real, imag in zip(numbers[::2], numbers[1::2])]
    return list(numbers)


def pack(dtype, numbers):
    if dtype == "bfloat16":
        return b"".join([struct.pack("<f", number)[2:] for number in numbers])
    letters = PACKED[dtype]
    if len(letters) == 2:
        numbers = [part for number in numbers for part in (number.real, number.imag)]
    return struct.pack("<%d%s" % (len(numbers), letters[0]), *numbers)


def nested(numbers, shape):
    if not shape:
        return numbers[0]
    step = len(numbers) // shape[0]
    return [nested(numbers[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0])]


def flat(value):
    return [number for item in value for number in flat(item)] if isinstance(value, list) else [value]


# ---------------------------------------------------------------------------------------------------------------- programs


class Scope:
    """The names of the program, or of one call of a function, and the scope around it."""

    def __init__(self, outer=None):
        self.values, self.outer = {}, outer

    def find(self, name):
        scope = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        raise Blocked(name)

    def drop(self, names):
        for name in names:
            self.values.pop(name, None)


class Run:
    """One program, from a fresh state to its trace."""

    def __init__(self, library, program):
        if program["format"] != FORMAT:
            raise Missing("a program of format {!r}".format(program["format"]))
        self.library, self.program = library, program
        self.every = program.get("observe", "every") == "every"
        # Of the step in hand:
        self.calls, self.missing, self.recorded, self.dropped, self.depth = [], None, 0, 0, 0

    def trace(self):
        self.library.start(self.program.get("seed", 0))
        scope, observer, contexts, steps = Scope(), Observer(self.library, True), [], []
        try:
            with warnings.catch_warnings(record=True) as warned:
                every_warning_counts()
                for number, step in enumerate(self.program["steps"]):
                    last = number == len(self.program["steps"]) - 1
                    self.calls, self.missing, self.recorded, self.dropped = [], None, 0, 0
                    del warned[:]
                    trace = self.step(step, scope, contexts)[0]
                    if warned:
                        trace["warnings"] = [seen_warning(one) for one in warned]
                    if self.calls:
                        trace["calls"] = self.calls
                    if self.dropped:
                        trace["reason"] = "%d more calls, not recorded" % self.dropped
                    observer.on = self.every or last
                    trace.update(observer.look(scope.values))
                    if step.get("out") in step.get("drops", ()):
                        scope.drop([step["out"]])
                    steps.append(trace)
        finally:
            while contexts:
                try:
                    contexts.pop().__exit__(None, None, None)
                except Exception:
                    continue
            self.library.start(0)
        return {"format": FORMAT, "steps": steps}

    def step(self, step, scope, contexts):
        """Runs a step: its trace, and what it raised."""
        try:
            result = self.execute(step, scope, contexts)
            if type(result).__name__ == "ndarray":
                raise Missing("what is seen of an ndarray")
        except Blocked as blocked:
            scope.drop(step.get("drops", ()))
            return {"outcome": "blocked", "reason": str(blocked)}, NameError(str(blocked))
        except Missing as missing:
            scope.drop(step.get("drops", ()))
            self.missing = str(missing)
            return {"outcome": "unsupported", "reason": str(missing)}, AttributeError(str(missing))
        except BaseException as error:
            scope.drop(step.get("drops", ()))
            name = step.get("name")
            if isinstance(error, AttributeError) and step["kind"] in ("get", "method", "set") and has_no(error, name):
                self.missing = name
            symbol = step.get("operator", step["kind"])
            if isinstance(error, TypeError) and self.missing is None and self.library.lacks(symbol):
                self.missing = "operator." + symbol
            if self.missing is None:
                self.missing = self.library.lacks_by_its_own_word(error)
            if self.missing is not None:
                return {"outcome": "unsupported", "reason": self.missing}, error
            return {"outcome": "raised", "error": seen_error(error)}, error.with_traceback(None)
        trace = {"outcome": "returned"}
        seen = self.seen(result, scope.values, step.get("out"))
        if step["kind"] == "unpack":
            scope.values.update(zip(step["outs"], result))
        if step.get("out") is not None:
            scope.values[step["out"]] = result
        if seen is not None:
            trace["result"] = seen
        return trace, None

    def execute(self, step, scope, contexts):
        kind = step["kind"]
        names = ("function", "self", "value", "context", "index") if kind != "setitem" else ("self", "index", "value")
        stack = [
            self.value(step[name], scope) for name in names if name in step or (name == "value" and kind in TAKES_VALUE)
        ]
        stack += [self.value(one, scope) for one in (*step.get("args", ()), *step.get("kwargs", {}).values())]
        # From here on nothing but the stack refers to what the step lets go, and `take` hands it over to the call.
        scope.drop(step.get("drops", ()))
        stack.reverse()
        take = stack.pop
        count, keywords = len(step.get("args", ())), tuple(step.get("kwargs", ()))
        if kind == "bind":
            return take()
        if kind == "call":
            return calling(count, keywords)(take(), take)
        if kind == "method":
            return calling(count, keywords, step["name"])(take)
        if kind == "operator":
            return calling(count, ())(OPERATORS[step["operator"]], take)
        if kind == "get":
            return getattr(take(), step["name"])
        if kind == "set":
            return setattr(take(), step["name"], take())
        if kind == "deleteattribute":
            return delattr(take(), step["name"])
        if kind == "setitem":
            return python_operators.setitem(take(), take(), take())
        if kind == "unpack":
            found = tuple(take())
            if len(found) != len(step["outs"]):
                few = "not enough" if len(found) < len(step["outs"]) else "too many"
                got = ", got %d" % len(found) if len(found) < len(step["outs"]) else ""
                raise ValueError("%s values to unpack (expected %d%s)" % (few, len(step["outs"]), got))
            return found
        if kind == "enter":
            contexts.append(take())
            try:
                return contexts[-1].__enter__()
            except BaseException:
                contexts.pop()
                raise
        if kind == "exit":
            context = take()
            contexts[:] = [one for one in contexts if one is not context]
            error = step.get("error")
            if error is None:
                return context.__exit__(None, None, None)
            exception = built_in(error)
            return context.__exit__(type(exception), exception, None)
        if kind == "delete":
            return None
        raise Missing(f"a step of kind {kind!r}")

    def value(self, operand, scope):
        """The object that an operand stands for."""
        if operand is None or isinstance(operand, (bool, int, str)):
            return operand
        kind = operand["kind"]
        if kind == "ref":
            return scope.find(operand["name"])
        if kind == "float":
            return float(operand["value"])
        if kind == "complex":
            return complex(float(operand["real"]), float(operand["imag"]))
        if kind == "global":
            return self.named(operand["path"])
        if kind in ("list", "tuple"):
            return {"list": list, "tuple": tuple}[kind]([self.value(item, scope) for item in operand["items"]])
        if kind == "dict":
            return {self.value(key, scope): self.value(value, scope) for key, value in operand["items"]}
        if kind == "slice":
            return slice(*[self.value(operand.get(name), scope) for name in ("start", "stop", "step")])
        if kind == "ellipsis":
            return ...
        if kind == "tensor":
            return self.library.tensor(operand["dtype"], operand["shape"], base64.b64decode(operand["data"]))
        if kind == "function":
            return self.function(operand, scope)
        if kind == "class":
            return self.class_(operand, scope)
        raise Missing(f"an operand of kind {kind!r}")

    def named(self, path):
        head, _, rest = path.partition(".")
        if head == "torch":
            return self.library.resolve(rest)
        if head == "builtins" and (rest in BUILTINS or rest in EXCEPTIONS):
            return getattr(builtins, rest)
        if head in HOST_MODULES and path != "threading.Thread" and "_" not in rest:
            try:
                return getattr(importlib.import_module(head), rest)
            except AttributeError:
                pass
        raise Missing(path)

    def function(self, function, scope):
        if function.get("generator"):
            raise Missing("a generator")
        names = [name.lstrip("*") for name in function["parameters"]]
        if not all(name.isidentifier() and not keyword.iskeyword(name) for name in names):
            raise Missing(f"parameters {names!r}")

        def body(values):
            inner = Scope(scope)
            values.reverse()
            for name in names:
                inner.values[name] = values.pop()
            return self.call(function, inner)

        # Real parameters: a library may look at their names. And none is kept while the body runs, which may let go of it.
        hidden = "_" * (1 + max(map(len, names), default=0))  # no parameter's name
        gone = "del {}".format(", ".join(names)) if names else "pass"
        text = "def made({parameters}):\n {v} = [{names}]\n {gone}\n return {b}({v})"
        space = {hidden + "b": body}
        parameters = ", ".join(function["parameters"])
        exec(
            text.format(parameters=parameters, names=", ".join(names), gone=gone, v=hidden + "v", b=hidden + "b"), space
        )
        made = space["made"]
        made.__defaults__ = tuple([self.value(one, scope) for one in function.get("defaults", ())]) or None
        made.__name__ = made.__qualname__ = function["name"]
        made.__module__ = "__main__"
        return made

    def call(self, function, scope):
        contexts, steps, outer = [], [], self.calls
        # A call beyond the limits runs like any other, and only is not written down.
        recorded = self.recorded < MAX_CALLS and self.depth < MAX_DEPTH
        self.recorded += recorded
        self.dropped += not recorded
        observer, record = Observer(self.library, recorded and self.every), {"function": function["name"]}
        if recorded and self.every:
            record["arguments"] = [self.seen(value, scope.values, name) for name, value in scope.values.items()]
            record.update(observer.begin(scope.values))
        record.setdefault("arguments", [])
        self.depth += 1
        try:
            for step in function["steps"]:
                self.calls = []
                trace, error = self.step(step, scope, contexts)
                if self.calls:
                    trace["calls"] = self.calls
                trace.update(observer.look(scope.values))
                if step.get("out") in step.get("drops", ()):
                    scope.drop([step["out"]])
                steps.append(trace)
                if error is not None:
                    raise error
            if function.get("raises") is not None:
                raise built_in(function["raises"])
            try:
                return self.value(function.get("result"), scope)
            except Blocked as blocked:
                raise NameError(str(blocked)) from None
        except BaseException as error:
            record["error"] = seen_error(error)
            while contexts:
                contexts.pop().__exit__(type(error), error, None)
            raise
        finally:
            # What no function defined here can read is let go, as Python lets go of a frame.
            kept = captured(function["steps"])
            scope.drop([name for name in scope.values if name not in kept])
            self.depth -= 1
            self.calls = outer
            record["steps"] = steps
            if recorded:
                self.calls.append(record)

    def class_(self, class_, scope):
        members = {"__module__": "__main__", "__qualname__": class_["name"]}
        for name, member in class_["members"].items():
            value = self.value(member.get("value"), scope)
            members[name] = getattr(builtins, member["decorator"])(value) if member.get("decorator") else value
        base = self.value(class_["base"], scope)
        return types.new_class(class_["name"], (base,), {}, lambda namespace: namespace.update(members))

    def seen(self, value, values, out, depth=0):
        """What a step returned, as a trace says it."""
        if value is None or type(value) in (bool, int):
            return value
        if self.library.is_tensor(value):
            name = out if out is not None else next((n for n, bound in values.items() if bound is value), "")
            return {"kind": "tensor", "name": name}
        if type(value) is str:
            return without_addresses(value)
        if type(value) is float:
            return {"kind": "float", "value": repr(value)}
        if type(value) is complex:
            return {"kind": "complex", "real": repr(value.real), "imag": repr(value.imag)}
        if type(value) is list and value and all(type(one) is str and one.startswith('  File "') for one in value):
            return {"kind": "sequence", "type": "list", "items": [without_frames("".join(value))]}
        if isinstance(value, (tuple, list)) and depth <= MAX_NESTING:
            paths = [None if out is None else "%s[%d]" % (out, at) for at in range(len(value))]
            items = [self.seen(item, values, path, depth + 1) for item, path in zip(value, paths)]
            return {"kind": "sequence", "type": type(value).__name__, "items": items}
        if type(value) is dict and depth <= MAX_NESTING:
            pairs = []
            for key, item in value.items():
                path = None if out is None else f"{out}[{key!r}]"
                pairs.append([self.seen(key, values, None, depth + 1), self.seen(item, values, path, depth + 1)])
            return {"kind": "mapping", "items": pairs}
        dtype = self.library.dtype_name(value)
        if dtype is not None:
            return {"kind": "global", "path": "torch." + dtype}
        if hasattr(type(value), "next_functions"):
            return {"kind": "node", "name": type(value).__name__}
        if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
            return {"kind": "opaque", "type": "function"}
        return {"kind": "opaque", "type": type(value).__name__}


class Observer:
    """Says what changed in the tensors of a scope since it last looked. It keeps no tensor, and changes nothing."""

    def __init__(self, library, on):
        self.library, self.on = library, on
        self.known, self.alias, self.identity, self.mode = {}, [], [], None

    def begin(self, values):
        """What a call begins with: its arguments and the modes. Groups are said by its first step."""
        found = self.look(values)
        self.alias, self.identity = [], []
        return {name: found[name] for name in ("changes", "mode") if name in found}

    def look(self, values):
        if not self.on:
            return {}
        with self.library.quietly():
            return self.changes(values)

    def changes(self, values):
        live = [item for name, value in values.items() for item in self.inside(value, name, 0)]
        known, changes, memory, objects = {}, {}, {}, {}
        for name, tensor in [part for item in live for part in self.with_grad(*item)]:
            known[name] = facts = self.library.facts(tensor)
            if not name.endswith(".grad"):
                with contextlib.suppress(Exception):
                    facts["grad"] = "none" if self.library.grad(tensor) is None else "tensor"
            before = self.known.get(name, {})
            fresh = {key: value for key, value in facts.items() if key not in before or before[key] != value}
            if fresh or name not in self.known:
                changes[name] = fresh
            objects.setdefault(id(tensor), []).append(name)
            at = self.library.memory(tensor)
            if at:
                memory.setdefault(at, []).append(name)
        self.known = known
        found = {"changes": changes} if changes else {}
        for name, groups in (("alias", memory), ("identity", objects)):
            shared = [group for group in groups.values() if len(group) > 1]
            if shared != getattr(self, name):
                setattr(self, name, shared)
                found[name] = shared
        mode = self.library.mode()
        if mode != self.mode:
            self.mode = found["mode"] = mode
        return found

    def inside(self, value, path, depth):
        if self.library.is_tensor(value):
            yield path, value
        elif isinstance(value, (tuple, list)) and depth < MAX_NESTING:
            for at, item in enumerate(value):
                yield from self.inside(item, "%s[%d]" % (path, at), depth + 1)
        elif isinstance(value, dict) and depth < MAX_NESTING:
            for key, item in value.items():
                yield from self.inside(item, f"{path}[{key!r}]", depth + 1)

    def with_grad(self, name, tensor):
        yield name, tensor
        try:
            grad = self.library.grad(tensor)
        except Exception:
            return
        if grad is not None:
            yield name + ".grad", grad


TAKES_VALUE = ("bind", "set", "unpack")
EXCEPTIONS = {
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
}
BUILTINS = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "callable",
        "complex",
        "dict",
        "dir",
        "enumerate",
        "float",
        "getattr",
        "hasattr",
        "id",
        "int",
    ]
    + ["isinstance", "iter", "len", "list", "map", "max", "min", "next", "object", "pow", "range", "repr", "reversed"]
    + ["round", "set", "setattr", "slice", "sorted", "str", "sum", "tuple", "type", "zip"]
)
OPERATORS = {name: value for name, value in vars(python_operators).items() if callable(value)}


def special_methods():
    binary = [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "matmul",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
    ]
    found = {name: ["__%s__" % name, "__r%s__" % name] for name in binary}
    found.update({"i" + name: ["__i%s__" % name] + found[name] for name in binary})
    found.update({name: ["__%s__" % name] for name in ("neg", "pos", "invert", "abs", "getitem", "setitem")})
    return {name + "_" if name in ("and", "or") else name: methods for name, methods in found.items()}


SPECIAL_METHODS = special_methods()
OPERATORS.update(next=next, iter=iter, reversed=reversed, divmod=divmod, round=round)
OPERATORS.update(trunc=math.trunc, floor=math.floor, ceil=math.ceil)


@functools.cache
def calling(count, keywords, method=None):
    """A call that holds each argument as a call written by hand does: ``f(*arguments)`` would keep all until it is over."""
    if not all(name.isidentifier() and not keyword.iskeyword(name) for name in (*keywords, method or "f")):
        raise Missing(f"the names {(*keywords, method)!r}")
    arguments = ", ".join(["take()"] * count + [f"{name}=take()" for name in keywords])
    return eval(f"lambda take: take().{method}({arguments})" if method else f"lambda f, take: f({arguments})", {})


def captured(steps):
    """The names that the functions and classes defined by these steps read."""
    return {
        name for step in steps for inner in parts(step) if inner.get("kind") == "function" for name in names_read(inner)
    }


def names_read(value):
    return {part["name"] for part in parts(value) if part.get("kind") == "ref"}


def parts(value):
    """Every object of JSON in a value, itself included."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from parts(item)


def built_in(error):
    if error["type"] not in EXCEPTIONS:
        raise NameError("name {!r} is not defined".format(error["type"]))
    kind = getattr(builtins, error["type"])
    return kind(error["message"]) if error.get("message") else kind()


def has_no(error, name):
    # What None has not is the program's doing: a gradient that is not there.
    text = str(error)
    return "'NoneType' object" not in text and re.search(rf"has no attribute '{re.escape(name)}'", text) is not None


def without_addresses(text):
    return re.sub(r"0x[0-9a-fA-F]+", "0x…", text)


def seen_error(error):
    # An empty code: torchstone finds it from the type and the text.
    return {"type": type(error).__name__, "message": without_addresses(str(error)), "code": ""}


def every_warning_counts():
    """Every warning, every time, but for those of one module that a library itself keeps from its users."""
    own = [entry for entry in warnings.filters if entry[0] == "ignore" and entry[1] is None and entry[3] is not None]
    warnings.simplefilter("always")
    warnings.filterwarnings("ignore", message=r"`torch\.jit\.script` is deprecated", category=DeprecationWarning)
    for _, _, category, module, line in reversed(own):
        warnings.filterwarnings("ignore", category=category, module=getattr(module, "pattern", module), lineno=line)


def without_frames(text):
    """The text with each traceback in it written as ``...``: the frames are this file's and the library's."""
    return re.sub(r'(?:  File ".*", line \d+, in .*\n(?:    .*\n)*)+', "  ...\n", text)


def seen_warning(warned):
    text = without_frames(without_addresses(str(warned.message))).partition(" (Triggered internally at")[0]
    return {"category": warned.category.__name__, "message": text}


# ---------------------------------------------------------------------------------------------------------------- protocol


def description(name, library):
    return {
        "name": name,
        "version": library.version(),
        "language": "python",
        "platform": f"{platform.system()} {platform.machine()}",
        "facets": FACETS,
        "notes": {"python": platform.python_version(), "runner": "python"},
    }


def answer(request, name, state):
    kind, seq = request.get("kind"), request.get("seq", 0)
    try:
        if kind == "hello":
            try:
                state["library"] = Library(name)
            except Exception as error:
                return {"kind": "refused", "seq": seq, "reason": f"{name!r} cannot be used: {error}"}
            return {
                "kind": "hello",
                "seq": seq,
                "protocol": PROTOCOL,
                "description": description(name, state["library"]),
            }
        if kind == "run":
            return {"kind": "trace", "seq": seq, "trace": Run(state["library"], request["program"]).trace()}
        if kind in ("reset", "bye"):
            return {"kind": "done", "seq": seq}
        return {"kind": "error", "seq": seq, "context": f"no request is of kind {kind!r}"}
    except Missing as missing:
        return {"kind": "unsupported", "seq": seq, "reason": str(missing)}
    except BaseException:
        return {"kind": "error", "seq": seq, "context": traceback.format_exc()}


def main(arguments):
    if len(arguments) != 1:
        sys.stderr.write("usage: python runner.py MODULE\n")
        return 2
    # The real stdout is for answers alone. What the library prints, from C as well as from Python, goes to stderr.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    state = {}
    for line in sys.stdin:
        try:
            request = json.loads(line)
        except ValueError as error:
            request = {"kind": f"not JSON: {error}"}
        reply = answer(request, arguments[0], state)
        replies.write(json.dumps(reply, ensure_ascii=False, separators=(",", ":")) + "\n")
        replies.flush()
        if request.get("kind") == "bye" or reply["kind"] == "refused":
            break
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
