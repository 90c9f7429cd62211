"""What programs hold of a library: tensors, which remember how they were made if the library itself does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.interpreter.namespace import Missing
from conformance.subjects.libraries.library import Value
from conformance.subjects.libraries.signatures import SIGNATURES

if TYPE_CHECKING:
    from conformance.subjects.libraries.shim import Shim


class DType:
    """A dtype by PyTorch's name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_floating_point = name.startswith(("float", "bfloat"))
        self.is_complex = name.startswith("complex")

    def __repr__(self) -> str:
        return f"torch.{self.name}"


class Node:
    """One application of an operator: a function of the values of its parents."""

    __slots__ = ("function", "is_gradient", "parents", "spent")

    def __init__(
        self,
        function: Callable[[Sequence[Value]], Sequence[Value]],
        parents: Sequence[Tensor],
        *,
        is_gradient: bool = False,
    ) -> None:
        self.function, self.parents, self.is_gradient = function, parents, is_gradient
        self.spent = False
        """Whether a backward went through it that did not retain the graph."""


class Tensor:
    """A value of the library. `node` says how it was made, if a derivative may be asked for and the library keeps no tape.

    It cannot be referred to weakly: how long it lives says nothing of the library, whose graph holds values and not this.
    """

    __slots__ = ("_grad", "index", "needs", "node", "read", "shim", "stands_for", "tracked", "value")

    def __init__(self, shim: Shim, value: Value, node: Node | None = None, index: int = 0) -> None:
        self.shim, self.value, self.node, self.index = shim, value, node, index
        self.needs = node is not None
        """Whether a derivative by it, or through it, may be asked for."""
        self.tracked = False
        self.stands_for: DType | None = None
        self._grad: Tensor | None = None
        self.read: np.ndarray[Any, Any] | None = None
        """Its elements, if they were read once and the library computes them anew each time."""

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    @property
    def dtype(self) -> DType:
        return self.stands_for or self.shim.dtype_of(self.value)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def T(self) -> Any:
        return self.shim.call(SIGNATURES["permute"], (self, *reversed(range(self.ndim))), {})

    @property
    def mT(self) -> Any:
        return self.shim.call(SIGNATURES["transpose"], (self, -2, -1), {})

    @property
    def grad(self) -> Tensor | None:
        return self.shim.grad_of(self)

    @grad.setter
    def grad(self, _: Any) -> None:
        raise Missing("Tensor.grad = …")

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        return self.ndim

    def numel(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def numpy(self) -> np.ndarray[Any, Any]:
        if self.read is not None:
            return self.read
        # Not ascontiguousarray, which makes a vector of a number.
        array = np.array(self.shim.library.numpy(self.value), order="C")
        array = array if self.stands_for is None else array.astype(numpy_dtype(self.stands_for.name))
        if self.shim.library.lazy:
            self.read = array
        return array

    def __torchstone_read__(self) -> bytes | None:
        """Its elements for who looks at it after every step: to copy it first would be an operator of the library."""
        try:
            return self.numpy().tobytes()
        except Exception:
            return None

    def item(self) -> Any:
        return self.numpy().item()

    def tolist(self) -> Any:
        return self.numpy().tolist()

    @property
    def _is_made(self) -> bool:
        """Whether an operator made it of what has derivatives."""
        return self.node is not None or (self.needs and not self.tracked)

    @property
    def requires_grad(self) -> bool:
        return self.needs

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        if self._is_made:
            raise Missing("Tensor.requires_grad = … of what is no leaf")
        self.shim.track(self, requires_grad)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        self.shim.track(self, requires_grad)
        return self

    def backward(
        self, gradient: Any = None, retain_graph: Any = None, create_graph: bool = False, **others: Any
    ) -> None:
        nothing_but_defaults("Tensor.backward", others)
        self.shim.backward([self], [gradient], retain_graph, create_graph)

    def __getitem__(self, index: Any) -> Any:
        return self.shim.apply("getitem", lambda input, index: input[index], {"input": self, "index": index})

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Any:
        return iter([self[number] for number in range(len(self))])

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    __hash__ = object.__hash__


def nothing_but_defaults(name: str, others: dict[str, Any]) -> None:
    """Raises Missing if an option that libraries do not have is given and says something."""
    for option, value in others.items():
        # Not ==, which is an operator of the library.
        if value is not None and value is not False:
            raise Missing(f"{name}({option}=)")


def numpy_dtype(name: str) -> np.dtype[Any]:
    """NumPy's dtype of PyTorch's name."""
    if name == "bfloat16":
        import ml_dtypes

        name = ml_dtypes.bfloat16
    return np.dtype(name)
