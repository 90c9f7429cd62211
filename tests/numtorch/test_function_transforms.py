"""torch.func on numtorch alone: levels keep apart, and operators are what they were when no transform runs."""

import subprocess
import sys
import threading

import numpy as np
import pytest

import numtorch as torch
from numtorch import dispatch, levels
from numtorch.calls import replacing
from numtorch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

VALUES = [0.5, -1.5, 2.0]

FUNCTIONS = {
    "products": lambda a: (a * a.sin() * a).sum(),
    "softmax": lambda a: (a.softmax(0) * a).sum(),
    "matrix": lambda a: (torch.ones(2, 3) @ a).pow(2).sum(),
    "views": lambda a: (a[1:] * a[:-1]).sum() * a[0],
    "maximum": lambda a: torch.maximum(a, a * a).sum(),
    "sorted": lambda a: (a.sort()[0] * torch.tensor([1.0, 2.0, 3.0])).sum(),
    "norm": lambda a: a.norm(),
    "product of all": lambda a: a.prod(),
    "written": lambda a: written(a),
}


def written(a):
    z = a * 1
    z[0] = a[1] * a[2]
    z.mul_(2)
    return (z * z).sum()


def numbers(t):
    return np.asarray(t.detach().tolist())


def by_differences(f, x, step=1e-3):
    """The gradient by central differences, in double precision."""
    x = np.asarray(x, np.float64)
    found = []
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        found.append((f(torch.tensor(up)).item() - f(torch.tensor(down)).item()) / (2 * step))
    return np.array(found)


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_grad_is_what_differences_say(name):
    f = FUNCTIONS[name]
    np.testing.assert_allclose(numbers(grad(f)(torch.tensor(VALUES))), by_differences(f, VALUES), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_forward_mode_is_reverse_mode(name):
    f, x = FUNCTIONS[name], torch.tensor(VALUES)
    np.testing.assert_allclose(numbers(jacfwd(f)(x)), numbers(jacrev(f)(x)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n != "written"])
def test_second_derivatives_agree_in_every_order(name):
    f, x = FUNCTIONS[name], torch.tensor(VALUES)
    wanted = np.stack([by_differences(lambda v, i=i: grad(f)(v)[i], VALUES) for i in range(3)])
    for found in (hessian(f)(x), jacrev(grad(f))(x), jacrev(jacfwd(f))(x)):
        np.testing.assert_allclose(numbers(found), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("transform", [lambda f: f, grad, jacfwd], ids=["value", "grad", "jacfwd"])
def test_vmap_is_a_loop(name, transform):
    f = transform(FUNCTIONS[name])
    batch = torch.tensor([VALUES, [1.0, 2.0, -3.0], [0.25, 4.0, 1.0]])
    wanted = np.stack([numbers(f(row)) for row in batch])
    np.testing.assert_allclose(numbers(vmap(f)(batch)), wanted, rtol=1e-9)
    np.testing.assert_allclose(numbers(vmap(f, in_dims=1)(batch.t())), wanted, rtol=1e-9)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradient_of_vmap_is_that_of_each(name):
    f = FUNCTIONS[name]
    batch = torch.tensor([VALUES, [1.0, 2.0, -3.0]])
    wanted = np.stack([numbers(grad(f)(row)) for row in batch])
    np.testing.assert_allclose(numbers(grad(lambda b: vmap(f)(b).sum())(batch)), wanted, rtol=1e-9)


def test_operators_are_what_they_were_afterwards():
    replacing.put_all_back()
    code = dispatch.mul.__code__
    seen = []

    def f(a):
        seen.append(dispatch.mul.__code__ is code)
        return (a * a).sum()

    grad(f)(torch.tensor(VALUES))
    assert seen == [False]
    dispatch.mul(torch.tensor(1.0), 2.0)
    assert dispatch.mul.__code__ is code
    assert levels.state.stack == []


def test_operators_are_what_they_were_after_an_error():
    replacing.put_all_back()
    code = dispatch.mul.__code__
    with pytest.raises(ZeroDivisionError):
        vmap(grad(lambda a: 1 / 0))(torch.tensor([VALUES]))
    with pytest.raises(ZeroDivisionError):
        jvp(lambda a: 1 / 0, (torch.tensor(VALUES),), (torch.tensor(VALUES),))
    dispatch.mul(torch.tensor(1.0), 2.0)
    assert dispatch.mul.__code__ is code
    assert levels.state.stack == []
    assert torch.is_grad_enabled()


def test_another_thread_is_at_no_level():
    found = []
    w = torch.tensor(VALUES, requires_grad=True)

    def f(a):
        thread = threading.Thread(target=lambda: found.append((w * w).requires_grad))
        thread.start()
        thread.join()
        found.append((w * w).requires_grad)
        return (a * w).sum()

    grad(f)(torch.tensor(VALUES))
    assert found == [True, False]


def test_function_of_vjp_works_when_its_level_is_over():
    x = torch.tensor(VALUES, requires_grad=True)
    _, vjp_fn = vjp(lambda a: a.exp(), x)
    (g,) = vjp_fn(torch.ones(3))
    np.testing.assert_allclose(numbers(torch.autograd.grad(g.sum(), x)[0]), np.exp(VALUES))


def test_an_empty_batch_gives_an_empty_result():
    assert vmap(lambda a: a.sin().sum())(torch.zeros(0, 3)).shape == (0,)


def test_functions_that_are_called_as_modules_do_not_stand_in_for_them():
    code = (
        "import numtorch as t; t.index_put; from numtorch.func import grad; print(grad(lambda a: a * a)(t.tensor(3.0)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "tensor(6.)\n"


READERS = {
    "histc": lambda a: torch.histc(a, 4, 0, 10),
    "searchsorted": lambda a: torch.searchsorted(a.sort()[0], a, right=True),
    "bucketize": lambda a: torch.bucketize(a, torch.tensor([1.0, 4.0, 6.0]), right=True),
    "isin": lambda a: torch.isin(a, torch.tensor([1.0, 8.0]), invert=True),
    "isin of a batch": lambda a: torch.isin(torch.tensor([1.0, 8.0]), a),
    "quantile": lambda a: torch.quantile(a, 0.5),
    "nll_loss": lambda a: torch.nn.functional.nll_loss(a[None], a[:1].long() % 4, ignore_index=0),
    "repeat_interleave": lambda a: torch.repeat_interleave(a, 2),
}


@pytest.mark.parametrize("name", READERS)
def test_what_reads_numbers_itself_reads_those_of_each_element(name):
    f = READERS[name]
    batch = torch.tensor([[3.0, 1.0, 2.0, 5.0], [8.0, 6.0, 7.0, 5.5], [0.0, 9.0, 4.0, 4.0]])
    np.testing.assert_array_equal(numbers(vmap(f)(batch)), numbers(torch.stack([f(row) for row in batch])))


@pytest.mark.parametrize("name", ["equal", "allclose"])
def test_a_batch_is_not_answered_with_one_bool(name):
    batch = torch.ones(3, 4)
    with pytest.raises(RuntimeError, match=name):
        vmap(lambda a: a * getattr(torch, name)(a, batch[0]))(batch)
    assert numbers(grad(lambda a: a.sum() * getattr(torch, name)(a, batch[0]))(batch[0])).tolist() == [1.0] * 4


def test_gradients_of_values_that_fill_a_mask():
    """A batch of values is spread over each element's mask, and gets back what is its own."""
    x, v = torch.tensor([[0.0, 3.0], [4.0, 5.0]]), torch.tensor([7.0, 8.0], requires_grad=True)
    filled = vmap(lambda a, b: a.masked_fill(a > 2, b))(x, v)
    assert numbers(filled).tolist() == [[0.0, 7.0], [8.0, 8.0]]
    assert numbers(torch.autograd.grad(filled.sum(), v)[0]).tolist() == [1.0, 2.0]
