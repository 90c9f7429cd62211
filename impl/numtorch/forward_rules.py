"""Forward-mode AD: the tangents of what operators return, from those of their operands.

While a dual level is entered, the code of every operator is replaced by one that looks for operands with a tangent, as
overrides.py replaces the code of public functions while a subclass overrides them. So operators pay nothing as long as no
level is entered. (Rejected: a question in each generated operator, which all programs would pay for.)

| the operator | the tangent of its result |
|---|---|
| a view | the same view of the tangent |
| linear | the operator applied to the tangents, zeros where there is none |
| bilinear | the sum of the operator applied to one tangent and the other operand |
| elementwise, of one real operand | the backward formula with the tangent in the place of the gradient |
| any other with a derivative, and all writes | the derivative of the backward formula, which is linear in the gradient |
| without a derivative | none |
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import threading
import warnings
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as np

from . import capture, dispatch, engine, grad_mode, index_put, late, operands, overrides, saved, tangents, writes
from .autograd import function
from .autograd.entry import grad
from .autograd.function_tangents import JvpCall, without_forward_mode
from .creation import ones_like, zeros_like
from .dispatch.forward import FORWARD
from .functions import convert, counts, inplace_views, memory, random, strided
from .graph import NotPlain, UnaryNode
from .tensor import Tensor, wrap
from .views import requires_grad, storage_of

NOT_IMPLEMENTED = "Trying to use forward AD with {} that does not support it because it has not been implemented yet."
PLEASE_FILE = (
    "\nPlease file an issue to PyTorch at https://github.com/pytorch/pytorch/issues/new?template=feature-request.yml so that "
    "we can prioritize its implementation"
)
IN_DERIVATIVES = " or submit a PR adding the implementation to derivatives.yaml"
NO_KERNEL = "Trying to use forward AD with {} that does not support it."
OUT = "Trying to use forward AD with {}_out that does not support it because it is an out= function"

Rule = Callable[["Replaced", tuple, dict], Any]


class Replaced:
    """A function, and the rule that runs instead of it while a dual level is entered."""

    __slots__ = ("_function", "_own", "name", "original", "rule")

    def __init__(self, target: FunctionType, name: str, rule: Rule):
        self._function, self.name, self.rule = target, name, rule
        known = overrides.of(target)
        own = known.own() if known is not None else (target.__code__, target.__defaults__, target.__kwdefaults__)
        self._own = own
        code, defaults, keywords = own
        self.original: Any = FunctionType(code, target.__globals__, target.__name__, defaults, target.__closure__)
        self.original.__kwdefaults__ = keywords
        self.original.__qualname__ = target.__qualname__

    def on(self) -> None:
        """From now on the rule is what runs."""
        self._write(overrides.entry_of(len(self._own[0].co_freevars)), None, {"_asked": self})

    def off(self) -> None:
        """The function as it was."""
        self._write(*self._own)

    def _write(self, code: Any, defaults: Any, keywords: Any) -> None:
        known = overrides.of(self._function)
        if known is not None:
            known.rewrite(code, defaults, keywords)
        else:
            target = self._function
            target.__code__, target.__defaults__, target.__kwdefaults__ = code, defaults, keywords

    def __call__(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        if tangents.entered is None or not grad_mode.state.forward:
            return self.original(*args, **kwargs)
        return self.rule(self, args, kwargs)


_replaced: dict[FunctionType, Replaced] = {}
_lock = threading.Lock()


def enter() -> None:
    """Enter the dual level: operators look for tangents from now on."""
    with _lock:
        for target, name, rule in targets():
            if target not in _replaced:
                _replaced[target] = Replaced(target, name, rule)
        tangents.entered = tangents.Level()
        for replaced in _replaced.values():
            replaced.on()


def leave() -> None:
    """Leave it: the tangents are gone, and operators are what they were."""
    with _lock:
        level, tangents.entered = tangents.entered, None
        for replaced in _replaced.values():
            replaced.off()
        if level is not None:
            level.clear()


def import_all() -> None:
    """Import what is imported on demand: functions are copied then, and copies of exchanged ones would stay exchanged."""
    for name in ("nn.functional", "linalg", "special"):
        importlib.import_module("." + name, __package__)
    for name in late.names():
        late.function(name)


def targets() -> Iterable[tuple[FunctionType, str, Rule]]:
    """The functions that look for tangents, and what they do: operators, and the few others that make nodes."""
    import_all()
    by_code: dict[Any, tuple[str, Rule]] = {}
    for family in FAMILIES:
        module = importlib.import_module("." + family, dispatch.__name__)
        for name, value in vars(module).items():
            rule = rule_of(name) if type(value) is FunctionType and value.__module__ == module.__name__ else None
            if rule is not None:
                by_code[place_of(value.__code__)] = (name, rule)
                yield value, name, rule
    for module, name, rule in OTHERS:
        value = getattr(module, name)
        by_code[place_of(value.__code__)] = (name, rule)
        yield value, name, rule
    for value in overrides.all_known():
        place = place_of(overrides.of(value).own()[0])  # type: ignore[union-attr]
        if place in by_code:
            yield value, *by_code[place]


def place_of(code: Any) -> tuple:
    """Where code was written, which copies of it have in common: a public copy calls its first operand otherwise."""
    return code.co_filename, code.co_firstlineno, code.co_name


# ---- operands and their tangents


def tensors_in(values: Iterable[Any]) -> Iterable[Tensor]:
    """The tensors among arguments, in lists as well."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif type(value) is tuple or type(value) is list:
            for item in value:
                if isinstance(item, Tensor):
                    yield item


def duals_in(args: tuple, kwargs: dict[str, Any]) -> dict[int, tuple[Tensor, Any]]:
    """The operands that have a tangent, with it, by their identity."""
    found = {}
    for tensor in tensors_in((*args, *kwargs.values())):
        tangent = None if tensor._extra is None else tangents.tangent_of(tensor)
        if tangent is not None:
            found[id(tensor)] = (tensor, tangent)
    return found


def exchanged(values: Iterable[Any], new: Callable[[Tensor], Any]) -> list[Any]:
    """The arguments with every tensor exchanged, in lists as well."""
    out: list[Any] = []
    for value in values:
        if isinstance(value, Tensor):
            out.append(new(value))
        elif type(value) is tuple or type(value) is list:
            out.append(type(value)([new(item) if isinstance(item, Tensor) else item for item in value]))
        else:
            out.append(value)
    return out


def in_order(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, list[str]]:
    """The arguments in their places, and the names of the parameters."""
    code = replaced.original.__code__
    names = list(code.co_varnames[: code.co_argcount])
    given = dict(zip(names, args, strict=False)) | kwargs
    return tuple([given[n] for n in names if n in given]), ["self", *names[1:]] if names[0] == "input" else names


def is_tracked(duals: dict[int, tuple[Tensor, Any]]) -> bool:
    """Whether the tangent is recorded in its turn: reverse over forward."""
    return bool(grad_mode.state.grad) and any(requires_grad(p) or requires_grad(t) for p, t in duals.values())


# ---- rules


def rule_of(name: str) -> Rule | None:
    """What an operator does: None if it has no derivative."""
    if name in REFUSED:
        return refuse
    known = FORWARD.get(name)
    if known is not None:
        if name in OWN:
            return computed(OWN[name])
        return RULES.get(known[0], by_formula)
    if name.endswith("_") and name[:-1] in FORWARD:
        return show_otherwise if FORWARD[name[:-1]][0] == "view" else write
    return without_derivative if name in dispatch.OPERATORS else None


def without_derivative(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator without a derivative, whose result has no tangent."""
    refuse_out(replaced, args, kwargs)
    return replaced.original(*args, **kwargs)


def refuse_out(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> None:
    """Refuse to write results of duals, or into duals; PyTorch does so when it has written them."""
    if kwargs.get("out") is not None and duals_in(args, kwargs):
        with without_forward_mode():
            replaced.original(*args, **kwargs)
        raise NotImplementedError(OUT.format(replaced.name))


def computed(tangent: Callable[..., Any]) -> Rule:
    """The rule of an operator whose result has this tangent."""

    def rule(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
        duals = duals_in(args, kwargs)
        if not duals:
            return replaced.original(*args, **kwargs)
        refuse_out(replaced, args, kwargs)
        with without_forward_mode():
            out = replaced.original(*args, **kwargs)
            if out is NotImplemented:
                return out
            args, names = in_order(replaced, args, {k: v for k, v in kwargs.items() if k != "out"})
            settle(out, tangent(replaced, args, names, duals, out), duals)
        return out

    return rule


def settle(out: Any, found: Any, duals: dict[int, tuple[Tensor, Any]]) -> None:
    """Give results their tangents."""
    level = tangents.entered
    outs = out if isinstance(out, tuple) else (out,)
    founds = found if isinstance(found, tuple) else (found,)
    for result, tangent in zip(outs, founds, strict=True):
        if tangent is not None and level is not None and result._desc.dtype.category >= tangents.DTYPES:
            if any(share_memory(tangent, t) for _, t in duals.values()):
                tangent = dispatch.clone(tangent)
            tangents.give(result, tangent, level)


def share_memory(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors may lie in the same memory."""
    return np.may_share_memory(storage_of(a), storage_of(b))


def view(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The same view of the tangent; a view of a dual has the dual as its base."""
    args, _ = in_order(replaced, args, kwargs)
    source, level = args[0], tangents.entered
    if source._extra is None or level is None:
        return replaced.original(*args)
    tangent = tangents.tangent_of(source)
    with without_forward_mode():
        out = replaced.original(*args)
        several = out if isinstance(out, tuple) else (out,)
        forward = getattr(source._extra, "forward", None)
        root = None if forward is None else source if forward.base is tangents.NO_BASE else forward.base
        if root is not None:
            for result in several:
                tangents.forward_of(result).base = root
        if tangent is not None:
            shown = replaced.original(tangent, *args[1:])
            for result, seen in zip(several, shown if isinstance(shown, tuple) else (shown,), strict=True):
                tangents.hold(result, seen, level)
    return out


def show_otherwise(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A view made in place: of the tangent, too."""
    tangent = None if args[0]._extra is None else tangents.tangent_of(args[0])
    out = replaced.original(*args, **kwargs)
    if tangent is not None:
        replaced.original(tangent, *args[1:], **kwargs)
    return out


def linear(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """The operator applied to the tangents."""
    _, varying = FORWARD[replaced.name]

    def moved(value: Tensor) -> Any:
        return duals[id(value)][1] if id(value) in duals else zeros_like(value)

    new = []
    for name, value in zip(names, args, strict=False):
        if name not in varying:
            new.append(value)
        elif isinstance(value, (Tensor, tuple, list)):
            new += exchanged([value], moved)
        else:
            new.append(None if value is None else 0)
    return replaced.original(*new)


def bilinear(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """One term an operand that has a tangent."""
    a, b, *rest = args
    terms = [
        replaced.original(*pair, *rest)
        for pair in ((partial(a, b, duals), primal(b, duals)), (primal(a, duals), partial(b, a, duals)))
        if pair[0] is not None and pair[1] is not None
    ]
    return terms[0] if len(terms) == 1 else dispatch.add(*terms)


def product(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """The same of mul, whose tangents PyTorch puts first, that of other before that of self."""
    a, b = args
    pairs = ((partial(b, a, duals), primal(a, duals)), (partial(a, b, duals), primal(b, duals)))
    terms = [replaced.original(*pair) for pair in pairs if pair[0] is not None]
    return terms[0] if len(terms) == 1 else dispatch.add(*terms)


def primal(factor: Any, duals: dict) -> Any:
    """A factor as PyTorch's formulas take it: of a dual the primal alone."""
    return tangents.without_tangent(factor, bool(grad_mode.state.grad)) if id(factor) in duals else factor


def partial(factor: Any, other: Any, duals: dict) -> Any:
    """The tangent of one factor; zeros where there is none but PyTorch's term of it shows in the graph, else None."""
    if id(factor) in duals:
        return duals[id(factor)][1]
    if is_tracked(duals) and finite(other):
        return zeros_like(factor) if isinstance(factor, Tensor) else 0
    return None


def quotient(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """(tangent of self - tangent of other * result) / other"""
    a, b = args
    top = duals[id(a)][1] if id(a) in duals else None
    if id(b) in duals or (grad_mode.state.grad and requires_grad(out) and finite(out)):
        below = duals[id(b)][1] if id(b) in duals else zeros_like(b) if isinstance(b, Tensor) else 0
        product = dispatch.mul(out, below)
        top = dispatch.neg(product) if top is None else dispatch.sub(top, product)
    return replaced.original(top, b)


def scatter_reduce(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """As the formula says; but PyTorch knows no tangent of a product."""
    return None if "prod" in args else formula(replaced, args, names, duals, out)


def finite(factor: Any) -> bool:
    """Whether zeros times a factor are zeros, as PyTorch's zero tangents are whatever the factor."""
    return not isinstance(factor, Tensor) or bool(np.isfinite(factor._array).all())


def elementwise(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """The backward formula with the tangent in the place of the gradient."""
    ((primal, tangent),) = duals.values()
    recorded = grad_mode.state.grad and requires_grad(primal)
    single = (
        isinstance(out, Tensor) and primal._desc.real and tangent._desc is primal._desc and out._desc is primal._desc
    )
    if not single or sum(1 for t in tensors_in(args) if t is primal) > 1:
        return formula(replaced, args, names, duals, out)
    node = out._node
    if not recorded or (node is not None and "self" in node.saved):
        node = recorded_apart(replaced, args, primal, recorded)
    if not isinstance(node, UnaryNode):
        return formula(replaced, args, names, duals, out)
    if recorded or is_tracked(duals):
        return node.apply_tensors(tangent)
    with Mode(False):
        return node.apply_tensors(tangent)


def recorded_apart(replaced: Replaced, args: tuple, primal: Tensor, recorded: bool) -> Any:
    """The node that the call would have made of the primal, had that required grad."""
    apart = alias(primal, recorded)
    with Mode(True):
        node = replaced.original(*exchanged(args, lambda t: apart if t is primal else t))._node
    apart._requires_grad = recorded
    return node


class Mode:
    """Grad mode for what the rules compute, without the user's hooks on what is saved."""

    def __init__(self, mode: bool):
        self.mode = mode

    def __enter__(self) -> None:
        state = grad_mode.state
        self.was, self.hooks = grad_mode.is_grad_enabled(), state.pack_hooks
        state.pack_hooks = ()
        grad_mode.set_grad(self.mode)

    def __exit__(self, *exc: Any) -> None:
        grad_mode.state.pack_hooks = self.hooks
        grad_mode.set_grad(self.was)


def formula(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """The derivative of the backward formula in the gradient's direction, by running the operator again apart.

    For any linear map A that the call is at this point, the formula is u -> A^H u, and its own backward t -> A t.
    """
    return pushed(replaced, args, duals)


def pushed(replaced: Replaced, args: tuple, duals: dict, written: int | None = None) -> Any:
    """The tangents of what a call returns; what it writes to, the argument in this place, is a copy here."""
    tracked = is_tracked(duals)
    apart: dict[int, Tensor] = {}

    def taken(value: Tensor) -> Tensor:
        if id(value) not in duals:
            return value
        if id(value) not in apart:
            apart[id(value)] = alias(value, tracked)
        return apart[id(value)]

    with Mode(True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        new = exchanged(args, taken)
        if written is not None:
            target = new[written]
            new[written] = dispatch.clone(target) if id(args[written]) in apart else copied(target)
        try:
            out = replaced.original(*new)
            found = derived(out, apart, duals, tracked)
        except (NotImplementedError, RuntimeError) as error:
            found = re.search(r"derivative for (aten::\w+) is not implemented", str(error))
            if found is not None:
                raise NotImplementedError(NO_KERNEL.format(found[1])) from None
            raise
    return found


def alias(value: Tensor, tracked: bool) -> Tensor:
    """The value in a graph of its own, or in the user's where it requires grad."""
    source = tangents.without_tangent(value, tracked)
    source._requires_grad = True
    return source


def copied(value: Tensor) -> Tensor:
    """The value in memory of its own, laid out alike."""
    array = storage_of(value)
    return wrap(np.array(array, order="K", copy=True))


def derived(out: Any, apart: dict[int, Tensor], duals: dict, tracked: bool) -> Any:
    """The tangents of results, each zeros if it depends on nothing, None if it can have none."""
    outs = out if isinstance(out, tuple) else (out,)
    floats = [isinstance(o, Tensor) and o._desc.dtype.category >= tangents.DTYPES for o in outs]
    roots = [o for o, f in zip(outs, floats, strict=True) if f and o._requires_grad and requires_grad(o)]
    seeds = [ones_like(o) for o in roots]  # of a linear map any would do; but some formulas take the logarithm
    for seed in seeds:
        seed._requires_grad = True
    pairs = []
    if roots:
        keys = list(apart)
        firsts = grad(roots, [apart[k] for k in keys], seeds, create_graph=True, allow_unused=True)
        for key, first in zip(keys, firsts, strict=True):
            if first is not None and first._requires_grad:
                pairs.append((first, fitted(duals[key][1], first)))
    moved: Any = [None] * len(seeds)
    if pairs:
        firsts, along = zip(*pairs, strict=True)
        moved = grad(firsts, seeds, along, create_graph=tracked, retain_graph=True, allow_unused=True)
    by_root = {id(o): m for o, m in zip(roots, moved, strict=True)}
    found = []
    for result, is_float in zip(outs, floats, strict=True):
        tangent = by_root.get(id(result)) if is_float else None
        if tangent is None:
            found.append(zeros_like(result) if is_float and id(result) in by_root else None)
        else:
            found.append(tangent if tracked else wrap(storage_of(tangent)))
    return tuple(found) if isinstance(out, tuple) else found[0]


def fitted(tangent: Tensor, like: Tensor) -> Any:
    """A tangent in the type that the formula computes in."""
    return tangent if tangent._desc.dtype is like._desc.dtype else dispatch.to_copy(tangent, like._desc.dtype)


def missing(name: str, row: bool = True) -> NotImplementedError:
    """The error of an operator that has no rule for tangents."""
    return NotImplementedError(NOT_IMPLEMENTED.format(name) + PLEASE_FILE + (IN_DERIVATIVES if row else "."))


# ---- writes


def write(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A write: the tangent is written, too; of a tensor that had none it is new."""
    duals = duals_in(args, kwargs)
    if not duals:
        return replaced.original(*args, **kwargs)
    ordered, names = in_order(replaced, args, kwargs)
    place = names.index("self")
    target = ordered[place]
    if target._desc.dtype.category < tangents.DTYPES:
        return replaced.original(*args, **kwargs)
    level = tangents.entered
    with without_forward_mode():
        error: Any = None
        try:
            found = pushed(replaced, ordered, duals, place)
        except NotImplementedError:
            raise
        except Exception as raised:  # the write itself says first what is wrong with it
            error = raised
        out = replaced.original(*args, **kwargs)
        if error is not None:
            raise error
        if out is not NotImplemented and level is not None:
            if found is None:
                found = zeros_like(target)
            elif any(share_memory(found, t) for _, t in duals.values()):
                found = dispatch.clone(found)
            tangents.give_written(target, found, level)
    return out


def refuse(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator that has no rule for tangents."""
    if duals_in(args, kwargs):
        raise missing(REFUSED[replaced.name], row=replaced.name != "set_")
    return replaced.original(*args, **kwargs)


def overwrite(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Numbers that depend on nothing: the tangent, if there was one, is zero."""
    duals = duals_in(args[:1], {})
    out = replaced.original(*args, **kwargs)
    for _, tangent in duals.values():
        with without_forward_mode():
            writes.zero_(tangent)
    return out


def drawn(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Random numbers, which are not drawn again for their tangent: it is zero."""
    level = tangents.entered
    if not duals_in(args, kwargs) or level is None:
        return replaced.original(*args, **kwargs)
    refuse_out(replaced, args, kwargs)
    if replaced.name == "bernoulli" and (len(args) > 1 or kwargs.get("p") is not None):
        raise NotImplementedError(NO_KERNEL.format("aten::bernoulli"))
    out = replaced.original(*args, **kwargs)
    tangents.give(out, zeros_like(out), level)
    return out


def resize(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Another size, which a tensor with a tangent may not get."""
    if duals_in(args[:1], {}):
        raise RuntimeError("cannot resize variables that has a forward grad")
    return replaced.original(*args, **kwargs)


def detach(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Without history, and without a tangent."""
    out = replaced.original(*args, **kwargs)
    if tangents.entered is not None and args[0]._extra is not None:
        tangents.hold(args[0], None, tangents.entered)
    return out


def stored(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """out=, which may meet no tangent; only cat looks before it writes."""
    out, result, name = args[:3]
    refused = duals_in((out, result, *args[3:]), {})
    if not refused or name != "cat":
        replaced.original(*args, **kwargs)
    if refused:
        raise NotImplementedError(OUT.format(name))
    return out


# ---- backward passes and Functions


def save_read(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A saved result is read again, with its tangent."""
    tensor = replaced.original(*args, **kwargs)
    level = tangents.entered
    if tensor is not None and level is not None and tensor._node is args[0]:
        tangent = level.results.get((args[0], tensor._output_nr))
        if tangent is not None:
            tangents.hold(tensor, tangent, level)
    return tensor


def backward_pass(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A pass over Tensors, whose gradients may have tangents."""
    return replaced.original(*args, **{**kwargs, "tangents": True})


def scalar_pass(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> None:
    """The same, of `loss.backward()`."""
    node, kind, keep = args
    engine.run_backward([(node, 0)], [wrap(kind.one)], keep, False)


def no_plain_pass(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The pass over raw arrays that `autograd.grad` tries first cannot follow tangents."""
    return NotPlain


def run_forward(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A user's forward, which sees no tangents."""
    with without_forward_mode():
        return replaced.original(*args, **kwargs)


def end_function(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The outputs of a user's Function, whose tangents its jvp says."""
    ctx, output, inputs = args[:3]
    known = [tangents.tangent_of(t) for t in inputs]
    if all(t is None for t in known):
        return replaced.original(*args, **kwargs)
    call = JvpCall(ctx, output, inputs, known)
    out = replaced.original(*args, **kwargs)
    call.give(out)
    return out


by_formula = computed(formula)
REFUSED = {
    **{
        name: name for name in ("igamma", "igamma_", "igammac", "igammac_", "index_reduce", "index_reduce_", "cholesky")
    },
    **dict.fromkeys(("zeta", "zeta_self", "zeta_other"), "special_zeta"),
    "rrelu_with_noise_of_": "rrelu_with_noise_",
    "unique": "_unique2",
    "unique_consecutive": "unique_consecutive",
    "set_": "set_",
}
"""Operators of which PyTorch has the derivative and not the tangent, and what it calls them."""


def no_kernel(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator for which PyTorch has not even a derivative to be asked."""
    if duals_in(args, kwargs):
        raise NotImplementedError(NO_KERNEL.format("aten::" + replaced.name))
    return replaced.original(*args, **kwargs)


def distinct(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """unique, whose tangent PyTorch does not know."""
    if duals_in(args, kwargs):
        raise missing("_unique2" if kwargs.get("dim") is None and len(args) < 5 else "unique_dim")
    return replaced.original(*args, **kwargs)


RULES: dict[str, Rule] = {
    "view": view,
    "multiview": view,
    "linear": computed(linear),
    "bilinear": computed(bilinear),
}


def _elementwise(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    return (elementwise if len(duals) == 1 else formula)(replaced, args, names, duals, out)


RULES["elementwise"] = computed(_elementwise)
OWN: dict[str, Callable[..., Any]] = {"mul": product, "div": quotient, "scatter_reduce": scatter_reduce}
"""Rules of one operator each."""
FAMILIES = [m.name for m in pkgutil.iter_modules(dispatch.__path__) if m.name != "forward"]
OTHERS: list[tuple[Any, str, Rule]] = [
    (writes, "copy_", write),
    (writes, "fill_", write),
    (writes, "zero_", write),
    (writes, "overwrite", overwrite),
    (index_put, "index_put_", write),
    (strided, "as_strided", view),
    (inplace_views, "as_strided_", show_otherwise),
    (memory, "set_", refuse),
    (memory, "_resize", resize),
    (counts, "bincount", no_kernel),
    (counts, "unique", distinct),
    (convert, "detach_", detach),
    (random, "bernoulli", drawn),
    (random, "normal", drawn),
    (operands, "store", stored),
    (saved, "unpack_result", save_read),
    (engine, "run_backward", backward_pass),
    (engine, "run_from_scalar", scalar_pass),
    (capture, "of_scalar", no_plain_pass),
    (function, "_run_forward", run_forward),
    (function, "process_outputs", end_function),
]
