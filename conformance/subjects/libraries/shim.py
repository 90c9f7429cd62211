"""A torch-like module over a library that is nothing like PyTorch, so that the same programs run on it.

What PyTorch has and the library has not (leaves, accumulation, versions, hooks) is not made up here: a program that asks for
it is unsupported. What every program needs to get at a gradient is here: ``requires_grad_``, ``backward``, ``grad`` and
``autograd.grad``. For a library with a tape they are the library's own. For one that differentiates functions the tensors
remember the operators that made them, and the library differentiates the function that repeats those.
"""

from __future__ import annotations

import inspect
import platform
import re
import types
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conformance.interpreter.namespace import DTYPES, Missing
from conformance.journal import Description
from conformance.program import OPERATORS
from conformance.subjects.inprocess import DECLARED
from conformance.subjects.libraries.gradients import gradients, reachable
from conformance.subjects.libraries.library import Functional, Library, Tape, Value
from conformance.subjects.libraries.signatures import ALSO, SIGNATURES, SYMBOLS, Signature
from conformance.subjects.libraries.tensors import DType, Node, Tensor, nothing_but_defaults, numpy_dtype

_NAMED = {
    name: namedtuple(name, fields.split())
    for name, fields in {
        "max": "values indices",
        "min": "values indices",
        "sort": "values indices",
        "topk": "values indices",
        "cummax": "values indices",
        "cummin": "values indices",
        "slogdet": "sign logabsdet",
    }.items()
}
"""The results that have names in PyTorch."""


_OWN = frozenset(["flatten", "contiguous", "to", "type_as", "float", "double"])
"""Operators whose result may be their operand."""


class Shim:
    """Everything that the names of one torch-like module share."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.dtypes = {name: DType(name) for name in DTYPES if name in library.dtypes or name in library.stands}
        self.tensor_type: type[Tensor] = type("Tensor", (Tensor,), {"__slots__": ()})
        self._takes = {name: frozenset(inspect.signature(f).parameters) for name, f in library.operators.items()}

    # ------------------------------------------------------------------------------------------------------ operators

    def call(self, signature: Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Applies an operator to arguments as a program gives them. Raises Missing where the library lacks a parameter."""
        function = self.library.operators.get(signature.name)
        if function is None:
            raise Missing(f"torch.{signature.name}")
        for name in kwargs:
            if name not in signature.parameters.parameters:
                raise Missing(f"torch.{signature.name}({name}=)")
        given = signature.bind(args, kwargs)
        taken = {}
        for name, value in given.items():
            if name in self._takes[signature.name]:
                taken[name] = value
            elif value is not signature.parameters.parameters[name].default and value != ():
                raise Missing(f"torch.{signature.name}({name}=)")
        made = self.apply(signature.name, function, taken)
        operand = given.get("input")
        if signature.name in _OWN and isinstance(operand, Tensor) and made.shape == operand.shape:
            # Where there is nothing to do, PyTorch gives back the tensor itself, and a gradient of the one is the other's.
            return operand if made.dtype is operand.dtype else made
        return made

    def apply(self, name: str, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Applies a function of the library's values to arguments of which some are tensors."""
        tensors: list[Tensor] = []
        plan = {key: _planned(value, tensors) for key, value in arguments.items()}
        several: type | None = None

        def repeat(values: Sequence[Value]) -> tuple[Value, ...]:
            nonlocal several
            found = function(**{key: _filled(value, values) for key, value in plan.items()})
            several = type(found) if isinstance(found, tuple | list) else None
            return tuple(found) if several else (found,)

        try:
            values = repeat([tensor.value for tensor in tensors])
            if several is None and (isinstance(values[0], bool) or values[0] is NotImplemented):
                return values[0]  # It does not compare with such a thing.
            for value in values:
                # A lazy library says what is wrong once it is asked for the shape.
                tuple(value.shape)
        except Exception as error:
            self.raise_if_lack(error, f"torch.{name}")
            raise
        node = None
        if isinstance(self.library.derivatives, Functional) and any(tensor.needs for tensor in tensors):
            node = Node(repeat, tensors)
        made = [self.wrap(value, node, number) for number, value in enumerate(values)]
        if isinstance(self.library.derivatives, Tape):
            for one in made:
                differentiable = one.dtype.is_floating_point or one.dtype.is_complex
                one.needs = differentiable and any(tensor.needs for tensor in tensors)
        if several is None:
            return made[0]
        return _NAMED[name](*made) if name in _NAMED else tuple(made)

    def raise_if_lack(self, error: Exception, what: str = "a derivative") -> None:
        """Raises Missing if by this error the library says that it does not do something, as opposed to that it refuses it."""
        pattern = self.library.lacking
        if isinstance(error, self.library.lacks) or (pattern and re.search(pattern, str(error))):
            raise Missing(f"{what}: {error}") from error

    def wrap(self, value: Value, node: Node | None = None, index: int = 0) -> Tensor:
        made = self.tensor_type(self, value)
        if node is not None and (made.dtype.is_floating_point or made.dtype.is_complex):
            made.node, made.index, made.needs = node, index, True
        return made

    def dtype_of(self, value: Value) -> DType:
        name = self.library.dtype(value)
        if name not in self.dtypes:
            raise Missing(f"torch.{name}")
        return self.dtypes[name]

    # -------------------------------------------------------------------------------------------------------- tensors

    def tensor(self, data: Any, *, dtype: DType | None = None, requires_grad: bool = False) -> Tensor:
        if isinstance(data, Tensor):
            data = data.numpy()
        array = np.asarray(data)
        if dtype is None:
            array = array.astype(np.float32) if array.dtype == np.float64 else array
            array = array.astype(np.complex64) if array.dtype == np.complex128 else array
        else:
            array = array.astype(numpy_dtype(dtype.name))
        return self.from_array(array, requires_grad)

    def from_array(self, array: np.ndarray[Any, Any], requires_grad: bool = False) -> Tensor:
        no_such_dtype: tuple[type[Exception], ...] = (TypeError, *self.library.lacks)
        try:
            made = self.wrap(self.library.array(array))
        except no_such_dtype as error:
            raise Missing(f"torch.{array.dtype}") from error
        if array.dtype.name in self.library.stands:
            made.stands_for = self.dtypes[array.dtype.name]
        return made.requires_grad_() if requires_grad else made

    def filled(self, number: float) -> Callable[..., Tensor]:
        def make(*size: Any, dtype: DType | None = None, requires_grad: bool = False) -> Tensor:
            shape = size[0] if len(size) == 1 and isinstance(size[0], tuple | list) else size
            name = "float32" if dtype is None else dtype.name
            return self.from_array(np.full(tuple(shape), number, numpy_dtype(name)), requires_grad)

        return make

    # ---------------------------------------------------------------------------------------------------- derivatives

    def track(self, tensor: Tensor, requires_grad: bool) -> None:
        differentiable = tensor.dtype.is_floating_point or tensor.dtype.is_complex
        if not isinstance(requires_grad, bool) or (not requires_grad and tensor.tracked) or not differentiable:
            raise Missing(f"Tensor.requires_grad_({requires_grad})")
        if requires_grad and isinstance(self.library.derivatives, Tape) and not tensor.needs:
            tensor.value, tensor.read = self.library.derivatives.track(tensor.value), None
            tensor.tracked = True
        tensor.needs = requires_grad

    def grad_of(self, tensor: Tensor) -> Tensor | None:
        if isinstance(self.library.derivatives, Functional):
            return tensor._grad
        if not tensor.tracked:
            # Some libraries keep a gradient of whatever they meet.
            return None
        # The same object as long as the library keeps the same value.
        found = self.library.derivatives.grad(tensor.value)
        if found is None:
            tensor._grad = None
        elif tensor._grad is None or tensor._grad.value is not found:
            tensor._grad = self.wrap(found)
        if tensor._grad is not None:
            tensor._grad.read = None  # The library may add to it.
        return tensor._grad

    def backward(
        self,
        outputs: Sequence[Tensor],
        cotangents: Sequence[Tensor | None],
        retain_graph: Any = None,
        create_graph: bool = False,
    ) -> None:
        derivatives = self.library.derivatives
        if isinstance(derivatives, Tape):
            if create_graph:
                raise Missing("Tensor.backward(create_graph=True)")
            for output, cotangent in zip(outputs, cotangents, strict=True):
                if not isinstance(cotangent, Tensor | None):
                    raise Missing("Tensor.backward(gradient=) of what is no tensor")
                try:
                    derivatives.backward(output.value, None if cotangent is None else cotangent.value, retain_graph)
                except Exception as error:
                    self.raise_if_lack(error)
                    raise
            return
        leaves = [tensor for tensor in reachable(outputs) if tensor.node is None and tensor.needs]
        made = gradients(self, outputs, cotangents, leaves, create_graph, retain_graph)
        for leaf, found in zip(leaves, made, strict=True):
            if found is None:
                continue
            before = leaf._grad
            total = found if before is None else before + found  # type: ignore[operator]
            if before is None or create_graph:
                leaf._grad = total
            else:
                # Whoever holds the gradient sees what is added to it.
                before.value, before.read = total.value, None

    def backward_of(
        self,
        tensors: Any,
        grad_tensors: Any = None,
        retain_graph: Any = None,
        create_graph: bool = False,
        **others: Any,
    ) -> None:
        """``torch.autograd.backward``."""
        nothing_but_defaults("torch.autograd.backward", others)
        outputs = _listed(tensors)
        self.backward(outputs, _cotangents(grad_tensors, outputs), retain_graph, create_graph)

    def grad(
        self,
        outputs: Any,
        inputs: Any,
        grad_outputs: Any = None,
        retain_graph: Any = None,
        create_graph: bool = False,
        allow_unused: Any = None,
        **others: Any,
    ) -> tuple[Tensor | None, ...]:
        """``torch.autograd.grad``."""
        nothing_but_defaults("torch.autograd.grad", others)
        outputs, inputs = _listed(outputs), _listed(inputs)
        cotangents = _cotangents(grad_outputs, outputs)
        if isinstance(self.library.derivatives, Tape):
            gradient = self.library.derivatives.gradient
            if gradient is None or not all(isinstance(one, Tensor) for one in (*outputs, *inputs)):
                raise Missing("torch.autograd.grad")
            given = [None if one is None else one.value for one in cotangents]
            of, by = [one.value for one in outputs], [one.value for one in inputs]
            try:
                values = gradient(of, by, given, retain_graph, create_graph, bool(allow_unused))
            except Exception as error:
                self.raise_if_lack(error)
                raise
            made = [None if value is None else self.wrap(value) for value in values]
            for one in made:
                if one is not None:
                    one.needs = create_graph
            return tuple(made)
        found = gradients(self, outputs, cotangents, inputs, create_graph, retain_graph)
        if not allow_unused and any(one is None for one in found):
            raise RuntimeError("One of the differentiated Tensors appears to not have been used in the graph.")
        return tuple(found)


def module_of(library: Library) -> types.ModuleType:
    """The torch-like module over a library."""
    shim = Shim(library)
    module = types.ModuleType(f"torch_over_{library.name.replace('-', '_')}")
    for name, dtype in shim.dtypes.items():
        setattr(module, name, dtype)
    kind = shim.tensor_type
    for signature in SIGNATURES.values():
        if signature.name not in library.operators:
            continue
        operator = _operator(shim, signature)
        if signature.function:
            _put(module, signature.function, operator)
        if signature.method:
            # In PyTorch these two are attributes.
            is_attribute = signature.name in ("real", "imag")
            setattr(kind, signature.method, property(operator) if is_attribute else operator)
    for alias, name in ALSO.items():
        if name in library.operators:
            _put(module, alias, _operator(shim, SIGNATURES[name]))
    for symbol in OPERATORS:
        # The others are built-in functions (next, round), which look for methods of their own.
        for name in {f"__{symbol.strip('_')}__", f"__r{symbol.strip('_')}__"} - set(vars(Tensor)):
            setattr(kind, name, _lacking(symbol))
    for symbol, name in SYMBOLS.items():
        if name in library.operators:
            operator = _operator(shim, SIGNATURES[name])
            setattr(kind, f"__{symbol}__", operator)
            setattr(kind, f"__r{symbol}__", _reflected(operator))
    setattr(module, DECLARED, _description(library))
    module.Tensor = kind  # type: ignore[attr-defined]
    module.tensor = shim.tensor  # type: ignore[attr-defined]
    for name, number in {"zeros": 0.0, "ones": 1.0}.items():
        setattr(module, name, shim.filled(number))
    _put(module, "autograd.grad", shim.grad)
    _put(module, "autograd.backward", shim.backward_of)
    return module


def _description(library: Library) -> Description:
    return Description(
        name=library.name,
        version=library.version,
        platform=f"{platform.system()} {platform.machine()}",
        facets=library.facets,
        features=library.features,
        notes={"python": platform.python_version(), "numpy": np.__version__, **library.notes},
    )


def _operator(shim: Shim, signature: Signature) -> Callable[..., Any]:
    def operator(*args: Any, **kwargs: Any) -> Any:
        return shim.call(signature, args, kwargs)

    operator.__name__ = signature.name
    return operator


def _lacking(symbol: str) -> Callable[..., Any]:
    # Without this Python would make of `x += 1` an `x = x + 1`, which is another program.
    def lacking(*operands: Any) -> Any:
        raise Missing(f"operator.{symbol}")

    return lacking


def _reflected(operator: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: operator(other, self)


def _put(module: types.ModuleType, path: str, value: Any) -> None:
    *parents, name = path.split(".")
    at = module
    for parent in parents:
        if not hasattr(at, parent):
            setattr(at, parent, types.ModuleType(f"{module.__name__}.{parent}"))
        at = getattr(at, parent)
    setattr(at, name, value)


class _Place(int):
    """Where in the list of an application's tensors an argument stands."""


def _planned(value: Any, tensors: list[Tensor]) -> Any:
    """The argument with its tensors taken out, each replaced by its place in the list."""
    if isinstance(value, Tensor):
        tensors.append(value)
        return _Place(len(tensors) - 1)
    if isinstance(value, tuple | list):
        return type(value)([_planned(item, tensors) for item in value])
    return value.name if isinstance(value, DType) else value


def _filled(value: Any, values: Sequence[Value]) -> Any:
    if isinstance(value, _Place):
        return values[value]
    if type(value) in (tuple, list):
        return type(value)([_filled(item, values) for item in value])
    return value


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else [value]


def _cotangents(given: Any, outputs: list[Any]) -> list[Any]:
    """One for each output, before anything is differentiated."""
    cotangents = [None] * len(outputs) if given is None else _listed(given)
    if len(cotangents) != len(outputs):
        raise RuntimeError(f"{len(outputs)} tensors and {len(cotangents)} gradients")
    return cotangents
