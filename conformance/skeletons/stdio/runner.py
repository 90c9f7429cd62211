"""The least that is a runner, to be written again in your language, line by line: no library, and nothing of Python's own.

A tensor is a shape and numbers; it can be added, multiplied and summed, and has gradients. Everything else is answered
`unsupported`, with its name. The specification is docs/protocol.md, docs/program.md and docs/trace.md of torchstone.
"""

import base64
import json
import struct
import sys

FACETS = ["value", "grad", "raised", "dtype", "shape"]
WIDTH = {"float32": "f", "float64": "d"}


class Missing(Exception):
    pass


class Blocked(Exception):
    pass


# ---------------------------------------------------------------------------------------------- the library: yours instead


class Tensor:
    def __init__(self, dtype, shape, numbers, parents=(), slopes=()):
        self.dtype, self.shape, self.numbers = dtype, shape, numbers
        self.parents, self.slopes = parents, slopes  # for each parent, the derivative of every number by the parent's
        self.requires_grad = any(parent.requires_grad for parent in parents)
        self.grad = None


def multiply(a, b):
    if a.shape != b.shape or a.dtype != b.dtype:
        raise Missing("torch.mul of different shapes or dtypes")
    return Tensor(a.dtype, a.shape, [x * y for x, y in zip(a.numbers, b.numbers)], (a, b), (b.numbers, a.numbers))


def add(a, b):
    if a.shape != b.shape or a.dtype != b.dtype:
        raise Missing("torch.add of different shapes or dtypes")
    ones = [1.0] * len(a.numbers)
    return Tensor(a.dtype, a.shape, [x + y for x, y in zip(a.numbers, b.numbers)], (a, b), (ones, ones))


def total(a):
    return Tensor(a.dtype, [], [sum(a.numbers)], (a,), ([1.0] * len(a.numbers),))


def backward(tensor, gradient=None):
    if not tensor.requires_grad:
        raise ValueError("a tensor that does not require grad has no backward")
    if gradient is None and len(tensor.numbers) != 1:
        raise ValueError("grad can be implicitly created only for scalar outputs")
    push(tensor, [1.0] if gradient is None else gradient.numbers)


def push(tensor, g):
    if not tensor.parents:
        before = tensor.grad.numbers if tensor.grad else [0.0] * len(g)
        tensor.grad = Tensor(tensor.dtype, tensor.shape, [x + y for x, y in zip(before, g)])
    for parent, slope in zip(tensor.parents, tensor.slopes):
        if parent.requires_grad:
            spread = g if len(g) == len(slope) else g * len(slope)  # of a sum
            push(parent, [x * y for x, y in zip(spread, slope)])


def track(tensor):
    tensor.requires_grad = True
    return tensor


OPERATORS = {"add": add, "mul": multiply, "sum": total, "backward": backward, "requires_grad_": track}


# ------------------------------------------------------------------------------------------------------------ the interpreter


def value_of(operand, names):
    if operand is None or isinstance(operand, (bool, int, str)):
        return operand
    kind = operand["kind"]
    if kind == "ref":
        if operand["name"] not in names:
            raise Blocked(operand["name"])
        return names[operand["name"]]
    if kind == "tensor":
        if operand["dtype"] not in WIDTH:
            raise Missing("torch." + operand["dtype"])
        data = base64.b64decode(operand["data"])
        letter = WIDTH[operand["dtype"]]
        count = len(data) // struct.calcsize(letter)
        return Tensor(operand["dtype"], operand["shape"], list(struct.unpack("<%d%s" % (count, letter), data)))
    if kind == "global":
        raise Missing(operand["path"])
    raise Missing("an operand of kind " + kind)


def execute(step, names):
    """What a step returns. All operands are resolved before anything is let go."""
    kind, args = step["kind"], list(step.get("args", []))
    if kind == "bind":
        name, args = "bind", [step["value"]]
    elif kind == "operator":
        name = step["operator"]
    elif kind in ("method", "get"):
        name, args = step["name"], [step["self"], *args]
    elif kind == "call":
        name = step["function"].get("path", "").replace("torch.", "", 1)
    elif kind == "delete":
        name = "delete"
    else:
        raise Missing("a step of kind " + kind)
    values = [value_of(one, names) for one in args]
    for dropped in step.get("drops", []):
        names.pop(dropped, None)
    if name == "bind":
        return values[0]
    if name == "delete":
        return None
    if name == "ndim" and isinstance(values[0], Tensor):
        return len(values[0].shape)
    if name not in OPERATORS or step.get("kwargs"):
        raise Missing("torch." + name)
    if not all(isinstance(one, Tensor) for one in values):
        raise Missing("torch.%s of what is no tensor" % name)
    return OPERATORS[name](*values)


def run(program):
    if program["format"] != 1:
        raise Missing("a program of format %s" % program["format"])
    names, known, steps = {}, {}, []
    for number, step in enumerate(program["steps"]):
        try:
            result = execute(step, names)
            trace = {"outcome": "returned"}
            if isinstance(result, Tensor):
                trace["result"] = {"kind": "tensor", "name": step.get("out") or ""}
            elif result is not None:
                trace["result"] = result
            if step.get("out") is not None:
                names[step["out"]] = result
        except Blocked as blocked:
            trace = {"outcome": "blocked", "reason": str(blocked)}
        except Missing as missing:
            trace = {"outcome": "unsupported", "reason": str(missing)}
        except Exception as error:
            trace = {"outcome": "raised", "error": {"type": type(error).__name__, "message": str(error), "code": ""}}
        for dropped in step.get("drops", []):
            if dropped != step.get("out"):
                names.pop(dropped, None)
        if program.get("observe", "every") == "every" or number == len(program["steps"]) - 1:
            seen = observe(names)
            changes = {name: changed(known.get(name, {}), facts) for name, facts in seen.items()}
            changes = {name: facts for name, facts in changes.items() if facts}
            if changes:
                trace["changes"] = changes
            known = seen
        if step.get("out") in step.get("drops", []):
            names.pop(step["out"], None)
        steps.append(trace)
    return {"format": 1, "steps": steps}


def changed(before, facts):
    return {key: value for key, value in facts.items() if key not in before or before[key] != value}


def observe(names):
    """Everything there is to say of each tensor, and of the gradient that it holds."""
    found = {}
    for name, value in names.items():
        if isinstance(value, Tensor):
            found[name] = facts_of(value)
            found[name]["grad"] = "none" if value.grad is None else "tensor"
            if value.grad is not None:
                found[name + ".grad"] = facts_of(value.grad)
    return found


def facts_of(tensor):
    data = struct.pack("<%d%s" % (len(tensor.numbers), WIDTH[tensor.dtype]), *tensor.numbers)
    array = {"dtype": tensor.dtype, "shape": tensor.shape, "data": base64.b64encode(data).decode()}
    return {"value": array, "dtype": tensor.dtype, "shape": tensor.shape}


# --------------------------------------------------------------------------------------------------------------- the protocol


def answer(request):
    kind = request.get("kind")
    if kind == "hello":
        description = {"name": "engine", "version": "0.1", "language": "python", "facets": FACETS}
        description["features"] = ["backward", "add", "mul", "sum", "tape"]
        return {"kind": "hello", "protocol": 1, "description": description}
    if kind == "run":
        try:
            return {"kind": "trace", "trace": run(request["program"])}
        except Missing as missing:
            return {"kind": "unsupported", "reason": str(missing)}
        except Exception as error:
            return {"kind": "error", "context": repr(error)}
    if kind in ("reset", "bye"):
        return {"kind": "done"}
    return {"kind": "error", "context": "no request is of kind %r" % kind}


for line in sys.stdin:
    try:
        request = json.loads(line)
    except ValueError:
        request = {}
    sys.stdout.write(json.dumps({**answer(request), "seq": request.get("seq", 0)}) + "\n")
    sys.stdout.flush()
    if request.get("kind") == "bye":
        break
