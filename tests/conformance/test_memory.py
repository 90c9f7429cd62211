"""Reading elements where they lie: the same as having the library copy them out, and never from an address that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.interpreter.memory import Memory, Place

torch = pytest.importorskip("torch")


def copied(tensor: Any) -> bytes:
    found: bytes = tensor.detach().clone().resolve_conj().resolve_neg().numpy().tobytes()
    return found


def look(memory: Memory, tensor: Any, before: Place | None = None) -> Place:
    return memory.look(tensor, (tensor.dtype, tensor.shape, tensor.stride()), before)


SHAPES: dict[str, Callable[[], Any]] = {
    "dense": lambda: torch.arange(6.0).reshape(2, 3),
    "turned": lambda: torch.arange(6.0).reshape(2, 3).t(),
    "with gaps": lambda: torch.arange(12)[::2],
    "expanded": lambda: torch.tensor([1.0, 2.0]).expand(3, 2),
    "of no dimension": lambda: torch.tensor(3.5, dtype=torch.float64),
    "empty": lambda: torch.zeros(0, 3),
    "bool": lambda: torch.tensor([True, False]),
    "complex": lambda: torch.tensor([1 + 2j, 3 - 1j]),
    "conjugated lazily": lambda: torch.tensor([1 + 2j, 3 - 1j]).conj(),
    "negated lazily": lambda: torch.tensor([1 + 2j, 3 - 1j]).conj().imag,
    "on its way": lambda: torch.tensor([1.0, 2.0], requires_grad=True) * 2,
}


@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES)
def test_what_lies_in_memory_is_what_the_library_copies_out(make: Callable[[], Any]) -> None:
    memory, tensor = Memory(copied, torch.tensor), make()
    first = look(memory, tensor)
    assert first.data == copied(tensor)
    assert look(memory, tensor, first).data == first.data
    with torch.no_grad():
        tensor.add_(1) if tensor.dtype is not torch.bool and tensor.stride() != (0, 1) else None
    assert look(memory, tensor, first).data == copied(tensor)


def test_a_conjugate_in_the_same_memory_is_another_value() -> None:
    memory, tensor = Memory(copied, torch.tensor), torch.tensor([1 + 2j])
    first = look(memory, tensor)
    tensor.data = tensor.conj()
    assert tensor.data_ptr() == first.address
    assert look(memory, tensor, first).data == copied(tensor) != first.data


def test_memory_that_was_let_go_is_not_read() -> None:
    memory, tensor = Memory(copied, torch.tensor), torch.arange(4.0)
    first = look(memory, tensor)
    tensor.untyped_storage().resize_(0)
    unread = Memory(lambda tensor: None, torch.tensor)
    assert look(unread, tensor, first).data is None


class Elsewhere:
    """A tensor of a device: its address is of that device's memory, and may be anything here."""

    is_cpu = False

    def __init__(self, values: Any) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Any:
        return getattr(self.values, name)

    def data_ptr(self) -> int:
        return 64


def test_the_memory_of_a_device_is_not_read_from_here() -> None:
    memory, tensor = Memory(lambda tensor: copied(tensor.values), torch.tensor), Elsewhere(torch.arange(4.0))
    first = look(memory, tensor)
    tensor.values.add_(1)
    assert look(memory, tensor, first).data == copied(tensor.values) != first.data


class Fake:
    """Says that its elements lie where no memory is."""

    def __init__(self, values: Any) -> None:
        self.values = torch.as_tensor(values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.values, name)

    def __getitem__(self, index: int) -> Fake:
        return Fake(self.values[index])

    def data_ptr(self) -> int:
        return 64


def test_an_address_that_is_none_is_not_read_from() -> None:
    memory = Memory(lambda tensor: copied(tensor.values), Fake)
    place = look(memory, Fake([1.0, 2.0]))
    assert place.data == copied(torch.tensor([1.0, 2.0]))
    assert place.window is None
