"""What a side lacks, as opposed to what it does otherwise: where comparing ends without blame.

A name that is not there is known to the trace already (`unsupported`). The rest is read from the first step whose outcomes
differ. A subject that does not show all that PyTorch does (`shows_everything`) need not have all of it, and lacks

- what Python itself says is not there: an operator, iteration, an index, a setter, a parameter. Python names the class that has
  it not; of its own classes and NumPy's that is no lack but a wrong value that went into the step (`None` for a gradient);
- the dtype for whose sake PyTorch refuses, unless it observes `dtype`: an engine of doubles has nothing to refuse.

(Rejected: to find these as a program runs, as names are. A refusal that PyTorch shares is no lack; both are known here alone.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.program import (
    Call,
    DeleteAttribute,
    Function,
    Global,
    Method,
    Operator,
    Program,
    Set,
    SetItem,
    Step,
    Unpack,
)
from conformance.program.walking import functions
from conformance.trace import FACETS, Raised, StepTrace, Trace


@dataclass(frozen=True)
class Gap:
    """The step at which comparing ends, since one side lacks what it takes."""

    step: int
    status: Any
    reason: str


def shows_everything(facets: tuple[str, ...]) -> bool:
    """Whether a subject observes whatever PyTorch does: then its parameters and operators are expected as well."""
    return not facets or FACETS.keys() <= {*facets}


def first_gap(program: Program, oracle: Trace, subject: Trace, facets: tuple[str, ...]) -> Gap | None:
    """Where one side first lacks something, unless they differed before."""
    for number, (o, s) in enumerate(zip(oracle.steps, subject.steps, strict=False)):
        if s.outcome == "unsupported" and o.outcome != "unsupported":
            return Gap(number, "UNSUPPORTED", f"no {s.reason!r}")
        if o.outcome == "unsupported" and s.outcome != "unsupported" and o.reason.startswith("torch."):
            # An attribute that PyTorch's tensors lack is behaviour like any other; a function that this PyTorch lacks is not.
            return Gap(number, "BLOCKED", f"the oracle has no {o.reason!r}")
        if not shows_everything(facets):
            if o.error is not None and "dtype" not in facets and _refuses_a_dtype(o.error) and not _same_error(o, s):
                return Gap(
                    number, "UNSUPPORTED", "PyTorch refuses a dtype here, and the subject does not observe `dtype`"
                )
            if o.outcome == "returned" and s.error is not None:
                what = _lacking(program, program.steps[number], s)
                return Gap(number, "UNSUPPORTED", f"no {what!r}") if what else None
        if o.outcome != s.outcome:
            return None
    return None


# -------------------------------------------------------------------------------------------- refusals of a dtype

_OF_DTYPES = frozenset(["dtype_mismatch", "dtype_unsupported", "cast", "int_requires_grad", "grad_dtype", "data_dtype"])
"""The codes of errors that are raised for the sake of a dtype."""

_NAMES_A_DTYPE = re.compile(
    r"\bdtypes?\b|scalar type|datatype|floating[- ]point|complex (in|out|tensor|type)|\blong tensor|integral inputs"
    r"|boolean masks",
    re.IGNORECASE,
)
"""Of an error that has no code of its own: whether a dtype is what it is about."""


def _refuses_a_dtype(error: Raised) -> bool:
    return error.code in _OF_DTYPES or (error.code == "other" and bool(_NAMES_A_DTYPE.search(error.message)))


def _same_error(o: StepTrace, s: StepTrace) -> bool:
    return o.error is not None and s.error is not None and o.error.code == s.error.code


# ------------------------------------------------------------------------------------------- Python's words for a lack

_BINARY_SIGN = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "** or pow()",
    "matmul": "@",
    "and_": "&",
    "or_": "|",
    "xor": "^",
    "lshift": "<<",
    "rshift": ">>",
}
_SIGN = {
    **_BINARY_SIGN,
    **{f"i{name.rstrip('_')}": f"{sign.split()[0]}=" for name, sign in _BINARY_SIGN.items()},
    "divmod": "divmod()",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "neg": "-",
    "pos": "+",
    "invert": "~",
    "abs": "abs()",
}
"""What Python calls an operator in its errors."""

_BINARY = re.compile(r"unsupported operand type\(s\) for (?P<sign>.+?): '(?P<one>[^']+)' and '(?P<other>[^']+)'")
_COMPARED = re.compile(r"'(?P<sign>[<>]=?)' not supported between instances of '(?P<one>[^']+)' and '(?P<other>[^']+)'")
_UNARY = re.compile(r"bad operand type for (unary )?(?P<sign>\S+): '(?P<one>[^']+)'")
_PROTOCOL = re.compile(
    r"'(?P<one>[^']+)' object (is not (iterable|an iterator|reversible|subscriptable|callable)"
    r"|cannot be interpreted as an integer|does(n't| not) support item (assignment|deletion))"
    r"|cannot unpack non-iterable (?P<two>\S+) object"
    r"|object of type '(?P<three>[^']+)' has no len\(\)"
    r"|type (?P<four>\S+) doesn't define \w+ method"
    r"|argument of type '(?P<five>[^']+)' is not (iterable|a container or iterable)"
    r"|(float|int|complex)\(\) (first )?argument must be .*, not '?(?P<six>[^']+)'?"
    r"|must be real number, not (?P<seven>\S+)"
)
_KEYWORD = re.compile(r"(?:.*\.)?(?P<name>\w+|<lambda>)\(\) got an unexpected keyword argument '(?P<keyword>\w+)'")
_POSITIONAL = re.compile(
    r"(?:.*\.)?(?P<name>\w+|<lambda>)\(\) takes (?:from \d+ to )?\d+ positional arguments? "
    r"but (?P<given>\d+) (?:was|were) given"
)
_SETTER = re.compile(
    r"property '(?P<named>\w+)' of '(?P<one>[^']+)' object has no (setter|deleter)"
    r"|can't (set|delete) attribute( '(?P<called>\w+)')?$"
    r"|'(?P<two>[^']+)' object attribute '(?P<fixed>\w+)' is read-only"
    r"|'(?P<three>[^']+)' object has no attribute '(?P<unknown>\w+)'"
    r"|attribute '(?P<native>\w+)' of '(?P<four>[^']+)' objects is not writable"
)
_ATTRIBUTE = ("named", "called", "fixed", "unknown", "native")

_FOREIGN = re.compile(
    r"NoneType|bool|int|float|complex|str|bytes|list|tuple|dict|set|slice|range|type|function|method|module|ellipsis|object"
    r"|builtin_function_or_method|generator|(numpy\.)?(ndarray|bool_?|u?int\d+|float\d+|complex\d+)"
)
"""Classes that are no subject's."""


def _lacking(program: Program, step: Step, seen: StepTrace) -> str:
    """What a step, or the function that it ran last, asks for and the subject has not, by Python's own words; or nothing."""
    what = _asked_in_vain(step, seen.error)
    if what or not seen.calls:
        return what
    call = seen.calls[-1]
    for function in _named(program, call.function):
        for number, inner in enumerate(call.steps):
            if inner.error is not None and number < len(function.steps) and inner.error == seen.error:
                return _lacking(program, function.steps[number], inner)
    return ""


def _named(program: Program, name: str) -> Iterator[Function]:
    for function in functions(program.steps):
        if function.name == name:
            yield function


def _asked_in_vain(step: Step, error: Raised | None) -> str:
    if error is None:
        return ""
    said = error.message
    if error.type == "AttributeError" and isinstance(step, Set | DeleteAttribute):
        found = _SETTER.match(said)
        return f"{step.name} =" if found and _is_of_it(found, step.name) else ""
    if error.type != "TypeError":
        return ""
    match step:
        case Operator(operator=symbol):
            found = _BINARY.match(said) or _COMPARED.match(said) or _UNARY.match(said)
            own = found is not None and found["sign"] == _SIGN.get(symbol) and _is_of_the_subject(found)
            return f"operator.{symbol}" if own or _lacks_a_protocol(said) else ""
        case SetItem():
            return "operator.setitem" if _lacks_a_protocol(said) else ""
        case Unpack():
            return "operator.iter" if _lacks_a_protocol(said) else ""
        case Method(name=name, args=args, kwargs=kwargs):
            return _parameter(said, name, kwargs, len(args) + 1)
        case Call(function=Global(path=path), args=args, kwargs=kwargs):
            if path.startswith("torch."):
                return _parameter(said, path, kwargs, len(args))
            return path if _lacks_a_protocol(said) else ""
    return ""


def _is_of_it(found: re.Match[str], attribute: str) -> bool:
    """Whether that attribute of an object of the subject's is meant. Python before 3.10 named neither."""
    named = [found[group] for group in _ATTRIBUTE if found[group]]
    classes = [found[group] for group in ("one", "two", "three", "four") if found[group]]
    return named in ([], [attribute]) and not any(_FOREIGN.fullmatch(name) for name in classes)


def _is_of_the_subject(found: re.Match[str]) -> bool:
    """Whether Python names a class that may be the subject's, and not nothing where there ought to be a value."""
    classes = [name for group, name in found.groupdict().items() if group != "sign" and name]
    return "NoneType" not in classes and not all(_FOREIGN.fullmatch(name) for name in classes)


def _lacks_a_protocol(said: str) -> bool:
    found = _PROTOCOL.match(said)
    return found is not None and _is_of_the_subject(found)


def _parameter(said: str, path: str, kwargs: Any, given: int) -> str:
    """What is called with a parameter that the very function lacks, as ``torch.add(alpha=)``.

    The function may have another name than it is called by: ``add = __add__``, a lambda.
    """
    own = path.rpartition(".")[2]
    unknown = _KEYWORD.match(said)
    if unknown is not None and unknown["keyword"] in kwargs and _goes_by(unknown["name"], own):
        return f"{path}({unknown['keyword']}=)"
    surplus = _POSITIONAL.match(said)
    if surplus is not None and int(surplus["given"]) == given and _goes_by(surplus["name"], own):
        return f"{path}() of {given} arguments"
    return ""


def _goes_by(name: str, called: str) -> bool:
    return name in (called, "<lambda>") or re.fullmatch(r"__\w+__", name) is not None
