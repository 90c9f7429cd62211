"""What numtorch saves PyTorch loads, and the other way round; what PyTorch refuses to load numtorch refuses."""

import importlib
import io
import pickle
from collections import OrderedDict
from fractions import Fraction

import numpy
import pytest
from hypothesis import given, settings, strategies as st

import numtorch

torch = pytest.importorskip("torch")
BOTH = [("numtorch", "torch"), ("torch", "numtorch")]
KINDS = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
KINDS += ["complex64", "complex128"]


def carried(source, target, make):
    """What `target` loads of what `source` saved; `make` is given source."""
    source, target = importlib.import_module(source), importlib.import_module(target)
    file = io.BytesIO()
    source.save(make(source), file)
    file.seek(0)
    return target, target.load(file, weights_only=True)


@pytest.mark.parametrize(("source", "target"), BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_element_survives(source, target, kind):
    def make(torch):
        return torch.arange(6).reshape(2, 3).to(getattr(torch, kind))

    module, found = carried(source, target, make)
    assert str(found.dtype) == f"torch.{kind}"
    assert found.shape == (2, 3)
    assert found.to(module.complex128).real.tolist() == [[0, 1, 2], [3, 4, 5]] or kind == "bool"


@pytest.mark.parametrize(("source", "target"), BOTH)
def test_a_state_dict_with_shared_memory_survives(source, target):
    def make(torch):
        base = torch.arange(12.0)
        weight = torch.nn.Parameter(base.view(3, 4).t())
        return OrderedDict(
            base=base,
            part=base[2:7:2],
            weight=weight,
            leaf=torch.ones(2, requires_grad=True),
            rest=[1, "a", None, (2.5, {3})],
        )

    _, found = carried(source, target, make)
    assert type(found) is OrderedDict
    assert found["rest"] == [1, "a", None, (2.5, {3})]
    assert found["part"].stride() == (2,)
    assert found["part"].storage_offset() == 2
    assert found["weight"].stride() == (1, 4)
    assert type(found["weight"]).__name__ == "Parameter"
    assert found["weight"].requires_grad
    assert found["leaf"].requires_grad
    assert found["leaf"].is_leaf
    assert [t._version for t in (found["base"], found["leaf"])] == [1, 1]
    found["base"].fill_(7)
    assert found["part"].tolist() == [7, 7, 7]
    assert found["weight"].detach().unique().tolist() == [7] if hasattr(found["weight"], "unique") else True


@pytest.mark.parametrize(("source", "target"), BOTH)
def test_a_result_is_loaded_as_a_leaf_that_requires_grad(source, target):
    _, found = carried(source, target, lambda torch: torch.ones(2, requires_grad=True) * 2)
    assert found.requires_grad
    assert found.is_leaf
    assert found.grad_fn is None


@pytest.mark.parametrize(("source", "target"), BOTH)
def test_constants_survive(source, target):
    module, found = carried(
        source, target, lambda torch: {"d": torch.float64, "s": torch.Size([1, 2]), "c": torch.device("cpu")}
    )
    assert found == {"d": module.float64, "s": module.Size([1, 2]), "c": module.device("cpu")}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=4))
def test_any_windows_into_one_storage_survive(windows):
    def make(torch):
        base = torch.arange(32, dtype=torch.float64)
        return [base.as_strided((rows, 2), (step, 5), offset) for offset, step, rows in windows]

    values = [t.tolist() for t in make(torch)]
    for source, target in BOTH:
        _, found = carried(source, target, make)
        assert [t.tolist() for t in found] == values
        assert len({t.untyped_storage().data_ptr() for t in found}) == 1
        assert [(t.stride(), t.storage_offset()) for t in found] == [
            (t.stride(), t.storage_offset()) for t in make(torch)
        ]


def refusal(module, data):
    """The error of loading a file of these bytes."""
    try:
        return repr(importlib.import_module(module).load(io.BytesIO(data), weights_only=True))
    except Exception as error:
        return type(error).__name__, str(error)


class Own:
    pass


def files():
    """Files that are not to be loaded, written by PyTorch or by hand."""
    objects = [Fraction(1, 2), print, Own, slice(1), numpy.float64(1.0), {"a": [Own]}]
    for item in objects:
        file = io.BytesIO()
        torch.save(item, file)
        yield file.getvalue()
    for protocol in (0, 2, 4):
        yield pickle.dumps({"a": 1}, protocol=protocol)
    yield b""
    yield b"\x80\x02cos\nsystem\n(S'true'\ntR."
    yield b"\x80\x02cos\nsystem\n."
    yield b"\x80\x02cbuiltins\neval\n."
    yield b"\x80\x02ccollections\nOrderedDict\n)R}K\x01K\x02sb."
    yield b"\x80\x02K\x01}b."
    yield b"\x80\x02]K\x01K\x02s."
    yield b"\x80\x02}K\x01a."
    yield b"\x80\x02K\x01Q."
    yield b"\x80\x02K\x01\x85Q."


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_what_is_not_safe_is_refused_in_pytorchs_words():
    for data in files():
        assert refusal("numtorch", data) == refusal("torch", data), data


def test_a_user_can_allow_a_class():
    file = io.BytesIO()
    numtorch.save(Fraction(1, 2), file)
    file.seek(0)
    with numtorch.serialization.safe_globals([Fraction]):
        assert numtorch.load(file) == Fraction(1, 2)
    assert numtorch.serialization.get_safe_globals() == []


def test_files_by_path(tmp_path):
    numtorch.save({"a": numtorch.ones(2)}, tmp_path / "model.pt")
    assert torch.load(tmp_path / "model.pt", mmap=True)["a"].tolist() == [1, 1]
    torch.save({"a": torch.ones(2)}, tmp_path / "other.pt")
    assert numtorch.load(str(tmp_path / "other.pt"))["a"].tolist() == [1, 1]


def test_one_memory_has_one_type():
    for module in (torch, numtorch):
        x = module.zeros(4)
        with pytest.raises(RuntimeError, match="view the same data as different types"):
            module.save([x, module.from_numpy(x.numpy().view("int32"))], io.BytesIO())
