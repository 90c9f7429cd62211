"""The torch-like module over a library that is nothing like PyTorch, on two libraries of a few lines."""

from pathlib import Path

import numpy as np
import pytest
from msgspec import UNSET

from conformance.interpreter.interpreter import run
from conformance.interpreter.namespace import Missing
from conformance.program import TensorLiteral
from conformance.recorder import record
from conformance.subjects import InProcess, SubjectUnavailable, open_subject
from conformance.subjects.libraries import LIBRARIES
from conformance.subjects.libraries.library import FACETS, Functional, Library, Tape
from conformance.subjects.libraries.numpy_like import operators
from conformance.subjects.libraries.shim import module_of
from conformance.subjects.libraries.signatures import SIGNATURES
from conformance.subjects.libraries.torch_like import methods
from tests.conformance.small_programs import bind, call, program

SAMPLE = TensorLiteral(dtype="float32", shape=(2,), data=np.array([1.0, 2.0], "<f4").tobytes())


def by_differences(function, values):
    """The derivatives of a function of arrays by central differences, exact for polynomials of the second degree."""

    def pull(cotangents):
        found = []
        for at, value in enumerate(values):
            gradient = np.zeros_like(value)
            for index in np.ndindex(value.shape):
                sides = []
                for step in (0.5, -0.5):
                    moved = [np.array(one, copy=True) for one in values]
                    moved[at][index] += step
                    sides.append(sum(np.sum(c * r) for c, r in zip(cotangents, function(*moved), strict=True)))
                gradient[index] = sides[0] - sides[1]
            found.append(gradient)
        return found

    return pull


def library(derivatives, **more):
    given = {"array": np.asarray, "numpy": np.asarray, "operators": operators(np), "features": ("backward",), **more}
    return Library(name="tiny", version="1", derivatives=derivatives, **given)


@pytest.fixture
def torch():
    return module_of(library(Functional(by_differences)))


def test_operators_have_all_their_forms(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    for found in (x.sum(0, True), x.sum(dim=0, keepdim=True), torch.sum(x, 0, keepdim=True)):
        assert found.tolist() == [[4.0, 6.0]]
    assert (2 - x).tolist() == [[1.0, 0.0], [-1.0, -2.0]]
    assert x.reshape(4).tolist() == x.reshape((4,)).tolist() == torch.reshape(x, (4,)).tolist()
    assert torch.cat([x, x], dim=1).shape == (2, 4)


def test_backward_and_grad_use_the_derivatives_of_the_library(torch):
    x, w = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 5.0], requires_grad=True)
    (x * w).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [5.0, 9.0]
    assert w.grad.tolist() == [1.0, 2.0]


def test_gradient_of_an_input_in_the_middle_leaves_the_others_whole(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    of_x, of_y, unused = torch.autograd.grad((y * y).sum(), [x, y, torch.tensor([0.0])], allow_unused=True)
    assert of_x.tolist() == [18.0, 36.0]
    assert of_y.tolist() == [6.0, 12.0]
    assert unused is None


def test_gradient_of_a_gradient_depends_on_every_leaf(torch):
    x, w = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 5.0], requires_grad=True)
    (first,) = torch.autograd.grad((x * x * w).sum(), x, create_graph=True)
    assert first.tolist() == [6.0, 20.0]
    first.sum().backward()
    assert x.grad.tolist() == [6.0, 10.0]
    assert w.grad.tolist() == [2.0, 4.0]


def test_a_gradient_of_a_gradient_that_is_zero_may_be_none(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (of_square,) = torch.autograd.grad((x * x).sum(), x, create_graph=True)
    assert torch.autograd.grad(of_square.sum(), x)[0].tolist() == [2.0, 2.0]
    (of_line,) = torch.autograd.grad((x * 3).sum(), x, create_graph=True)
    with pytest.raises(Missing, match="zero, or none"):
        of_line.sum().backward()
    # The first one is what it is.
    (x * 0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "ask",
    [
        lambda torch, x: torch.sum(x, dtype=torch.float64),
        lambda torch, x: torch.sum(x, out=x),
        lambda torch, x: x.__iadd__(x),
        lambda torch, x: x & x,
        lambda torch, x: (x * 2).sum().backward(inputs=[x]),
        lambda torch, x: torch.tensor([1.0], dtype=torch.float64).lerp(x, x),
        lambda torch, x: setattr(x, "grad", x),
        lambda torch, x: (x * 2).backward([x]),
        lambda torch, x: x.reshape(1, 2, 1).t(),
    ],
)
def test_what_the_library_lacks_is_missing(torch, ask):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises((Missing, AttributeError)):
        ask(torch, x)


def test_a_step_that_the_library_cannot_do_is_unsupported(torch):
    program = record(lambda torch, x: x.lerp(x, 0.5), {"x": SAMPLE})
    (_, step) = run(program, torch).steps
    assert (step.outcome, step.reason) == ("unsupported", "Tensor.lerp")


def test_an_integer_keeps_its_dtype_and_a_number_is_no_vector(torch):
    assert torch.tensor(3).dtype is torch.int64
    assert torch.tensor(3.0).tolist() == 3.0
    assert torch.tensor(3.0).numpy().shape == ()


class Taped:
    """A library with a tape: numbers that remember the two that they are the product of."""

    def __init__(self, value, made_of=()):
        self.value, self.made_of, self.grad = np.asarray(value), made_of, None
        self.shape, self.dtype = self.value.shape, self.value.dtype

    def backward(self, cotangent):
        if not self.made_of:
            self.grad = Taped(cotangent if self.grad is None else self.grad.value + cotangent)
        for one, other in (self.made_of, self.made_of[::-1]) if self.made_of else ():
            one.backward(cotangent * other.value)


def test_a_library_with_a_tape_runs_its_own_backward():
    tape = Tape(
        track=lambda value: value,
        backward=lambda value, cotangent, retain: value.backward(1.0 if cotangent is None else cotangent.value),
        grad=lambda value: value.grad,
    )
    rows = {"mul": lambda input, other: Taped(input.value * other.value, (input, other))}
    torch = module_of(library(tape, array=Taped, numpy=lambda value: value.value, operators=rows))
    x, w = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0)
    (x * w).backward()
    (x * x).backward(torch.tensor(10.0))
    assert x.grad.item() == 43.0
    assert x.grad is x.grad
    # The tape keeps one of w as well, which no program asked for.
    assert w.value.grad is not None
    assert w.grad is None
    with pytest.raises(Missing):
        torch.autograd.grad(x * x, x)


def test_a_tape_that_can_is_asked_for_gradients_of_inputs():
    asked = []

    def gradient(outputs, inputs, cotangents, *options):
        asked.append(options)
        return [Taped(7.0), None]

    tape = Tape(track=lambda value: value, backward=lambda *_: None, grad=lambda value: None, gradient=gradient)
    torch = module_of(library(tape, array=Taped, numpy=lambda value: value.value))
    x, w = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0)
    found, unused = torch.autograd.grad(x, [x, w], create_graph=True, allow_unused=True)
    assert (found.item(), found.requires_grad, unused) == (7.0, True, None)
    assert asked == [(None, True, True)]


def test_a_second_backward_is_unsupported_where_pytorch_may_have_let_go_of_the_graph(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0]
    with pytest.raises(Missing, match="let go of"):
        y.backward()


def test_a_gradient_is_added_to_where_it_is_held(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    held = x.grad
    (x * 3).sum().backward()
    assert held is x.grad
    assert held.tolist() == [5.0, 7.0]
    (x * 3).sum().backward(create_graph=True)
    assert held.tolist() == [5.0, 7.0]
    assert x.grad.tolist() == [8.0, 10.0]


def test_setting_the_flag_is_asking_for_a_gradient(torch):
    x = torch.tensor([1.0, 2.0])
    x.requires_grad = True
    y = (x * x).sum()
    torch.autograd.backward([y], grad_tensors=[torch.tensor(1.0)], retain_graph=True)
    assert x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(Missing):
        y.requires_grad = False


def test_what_has_nothing_to_do_gives_its_operand_back(torch):
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 2.0]])
    assert x.flatten() is x
    assert y.flatten().shape == (2,)


def test_a_comparison_with_what_is_no_number_may_be_no_tensor():
    torch = module_of(library(Functional(by_differences), operators={"eq": lambda input, other: False}))
    assert (torch.tensor([1.0]) == "one") is False


class Lazy:
    """An array that is added up only when its shape is asked for."""

    def __init__(self, one, other=None):
        self.one, self.other = one, other

    @property
    def made(self):
        return self.one if self.other is None else self.one.made + self.other.made

    shape = property(lambda self: self.made.shape)
    dtype = property(lambda self: np.dtype("float32"))


def test_what_a_lazy_library_refuses_is_raised_at_its_step():
    rows = {"add": lambda input, other: Lazy(input, other)}
    lazy = library(Functional(by_differences), array=Lazy, numpy=lambda value: value.made, operators=rows)
    torch = module_of(lazy)
    assert (torch.tensor([1.0]) + torch.tensor([2.0])).tolist() == [3.0]
    with pytest.raises(ValueError, match="broadcast"):
        torch.tensor([1.0, 2.0]) + torch.tensor([1.0, 2.0, 3.0])


def test_what_a_lazy_library_computes_anew_is_read_once():
    read = []
    once = library(Functional(by_differences), numpy=lambda value: read.append(0) or np.asarray(value), lazy=True)
    torch = module_of(once)
    x = torch.tensor([1.0, 2.0])
    assert x.tolist() == x.tolist()
    assert x.__torchstone_read__() == np.array([1.0, 2.0], "<f4").tobytes()
    assert len(read) == 1


def test_how_long_a_tensor_lives_is_not_asked(torch):
    asks = program(bind("x", SAMPLE), call("weakref.ref", "$x"))
    assert run(asks, torch).steps[-1].reason == "weakref.ref of a tensor"


def test_too_few_cotangents_leave_no_gradient(torch):
    x, y = torch.tensor([1.0], requires_grad=True), torch.tensor([2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="2 tensors and 1 gradients"):
        torch.autograd.backward([x * 2, y * 2], [torch.tensor([1.0])])
    assert x.grad is None


def test_an_option_that_is_a_tensor_is_not_compared_by_the_library(torch):
    x = torch.tensor([1.0], requires_grad=True)
    with pytest.raises(Missing, match="grad_variables"):
        torch.autograd.backward(x * 2, grad_variables=x)


def test_a_shape_of_no_dimension_is_said():
    class Given:
        def permute(self, order, *more):
            return order, more

    row = methods(lambda signature: Given.permute if signature.name == "permute" else None)["permute"]
    assert row(input=Given(), dims=()) == ((), ())
    assert row(input=Given(), dims=(1, 0)) == (1, (0,))


def test_behind_what_a_library_lacks_nothing_is_run(torch):
    program = record(lambda torch, x: (x.lerp(x, 0.5), x.exp(), x.log()), {"x": SAMPLE})
    one, lacking, *others = InProcess(torch).run(program).steps
    assert (one.outcome, lacking.outcome) == ("returned", "unsupported")
    assert {(step.outcome, step.reason) for step in others} == {("unsupported", "Tensor.lerp")}
    assert len(others) == 2


def test_only_what_a_library_is_compared_in_is_looked_at(torch):
    assert InProcess(torch).facets == frozenset(FACETS)
    program = record(lambda torch, x: x.reshape(2), {"x": SAMPLE})
    assert all(step.alias is UNSET for step in InProcess(torch).run(program).steps)


def test_a_library_in_another_python_is_driven_by_this_package(tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@" "$PYTHONPATH" > {tmp_path}/asked\nexit 3\n')
    python.chmod(0o755)
    with pytest.raises(SubjectUnavailable):
        open_subject(f"jax@{python}")
    said = (tmp_path / "asked").read_text()
    assert said.startswith("-m conformance.subjects.child jax")
    assert str(Path(__file__).parents[2]) in said


def test_one_kind_of_numbers_stands_for_others_in_what_a_program_is_given():
    doubles = library(Functional(by_differences), dtypes=("float64",), stands={"float32": "float64"}, array=np.float64)
    torch = module_of(doubles)
    x = torch.tensor([1.0, 2.0])
    assert (x.dtype, x.numpy().dtype.name, (x * 2).dtype) == (torch.float32, "float32", torch.float64)


def test_what_a_library_says_that_it_lacks_is_missing_and_what_it_refuses_is_not():
    def refuses(text):
        def row(input):
            raise ValueError(text)

        return row

    rows = {"exp": refuses("not yet supported"), "log": refuses("no logarithm of that")}
    torch = module_of(library(Functional(by_differences), operators=rows, lacking="not (yet )?supported"))
    with pytest.raises(Missing, match="not yet supported"):
        torch.tensor([1.0]).exp()
    with pytest.raises(ValueError, match="no logarithm"):
        torch.tensor([1.0]).log()


def test_every_row_names_an_operator_of_the_table():
    assert set(operators(np)) <= set(SIGNATURES)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_that_is_not_installed_says_what_to_install(name, monkeypatch):
    import importlib

    def absent(module):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(SubjectUnavailable, match=rf"torchstone\[{LIBRARIES[name].extra}\]"):
        open_subject(name, isolate=False)
