"""What a subclass with `__torch_function__` is told of, and what it gets, is what PyTorch tells it and gives it."""

import importlib
import warnings

import pytest

pytest.importorskip("torch")

EXPRESSIONS = """
x + p; p + x; x + 1; 1 + x; x * 2; 2 / x; x - p; 1 - x; x ** 2; 2 ** x; -x; +x; abs(x); x @ p; p @ x; x == p; x > 1; x <= p
x != 1; x % 2; p % x; x // 2; x += 1; x.detach().__iadd__(p)
x.add(p); p.add(x); torch.add(x, p); torch.add(p, x); torch.exp(x); x.exp(); x.sum(); torch.sum(x, dim=0); x.mean(); x.norm()
x[0]; x[x > 1]; x.shape; x.T; x.dtype; x.device; x.ndim; x.real; x.layout; x.grad; x.requires_grad; x.is_leaf; x.grad_fn
x.retains_grad; x.output_nr; x._version; x._base; x.data; x.detach(); x.clone(); x.requires_grad_()
x.size(); x.dim(); x.stride()
x.numel(); x.is_contiguous(); x.contiguous(); x.element_size(); x.data_ptr() > 0; x.type(); x.cpu();
x.double(); x.to(torch.float64)
x.view(2, 1); x.reshape(2); x.t(); x.unbind(); x.split(1); x.max(0); x.max(); x.new_zeros(2); x.tolist(); x.sum().item()
list(x); len(x); bool(x.sum()); float(x.sum()); 1.0 in x; reversed(x); hash(x) == id(x); repr(x)
torch.cat([x, p]); torch.stack([p, x]); torch.where(x > 1, x, p); torch.clamp(x, 0); x.clamp(min=0); torch.matmul(x, p)
torch.zeros_like(x); torch.tensor(x); torch.as_tensor(x); torch.is_tensor(x); torch.is_floating_point(x); torch.numel(x)
torch.equal(x, p); torch.allclose(x, p); torch.Tensor(x); torch.square(x); x.relu()
(w * 2).sum().backward(); w.grad; (w * w).backward(p); torch.autograd.grad((w * 2).sum(), w); torch.autograd.grad(w * p, w, p)
(w * 2).sum().grad_fn; w.register_hook(lambda g: None); w.retain_grad(); setattr(w, "grad", None)
x.numpy(); numpy.asarray(x); x.untyped_storage(); x.__dlpack__(); w.__dlpack__(); torch.from_dlpack(x)
F.relu(x); F.gelu(x); F.elu(x); F.softmax(x, 0); F.log_softmax(x, dim=0); F.linear(m, m); F.linear(p, m); F.mse_loss(x, p)
F.mse_loss(x, p, reduction="sum"); F.smooth_l1_loss(x, p); F.huber_loss(x, p); F.nll_loss(m, i); F.cross_entropy(m, i)
F.cross_entropy(m, i, label_smoothing=0.1); F.binary_cross_entropy_with_logits(x, p); F.embedding(i, m); F.dropout(x, 0.0)
F.sigmoid(x); F.tanh(x); F.leaky_relu(x); F.hardtanh(x); F.softplus(x); F.silu(x); F.logsigmoid(x); F.normalize(m); F.glu(x)
F.selu(x); F.relu6(x); F.hardswish(x); F.softsign(x); F.softmin(x, 0); F.hardshrink(x); torch.split(x, 1); torch.atleast_1d(x)
torch.linalg.norm(x); torch.special.expit(x); torch.special.logit(x)
copy.copy(x); copy.deepcopy(x); pickle.dumps(x)[:2]
"""


def answers(module):
    """For each expression: the type of its value, and the calls that the subclass was told of."""
    torch = importlib.import_module(module)
    calls = []

    class Recorder(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            names = None if kwargs is None else {name: str(value) for name, value in kwargs.items()}
            calls.append((func.__name__, [t.__name__ for t in types], [type(arg).__name__ for arg in args], names))
            return super().__torch_function__(func, types, args, kwargs or {})

    globals()["Recorder"] = Recorder  # where pickle looks for it
    Recorder.__qualname__ = "Recorder"
    found = {}
    for expression in EXPRESSIONS.replace("\n", ";").split(";"):
        expression = expression.strip()
        if not expression:
            continue
        names = {
            "torch": torch,
            "x": torch.tensor([1.0, 2.0]).as_subclass(Recorder),
            "p": torch.tensor([3.0, 4.0]),
            "m": torch.tensor([[1.0, 2.0], [0.5, 4.0]]).as_subclass(Recorder),
            "i": torch.tensor([0, 1]),
            "F": torch.nn.functional,
            "w": torch.tensor([1.0, 2.0]).as_subclass(Recorder).requires_grad_(),
            **{name: importlib.import_module(name) for name in ("numpy", "copy", "pickle")},
        }
        calls.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(
                    compile(
                        f"value = ({expression})" if "+=" not in expression else expression, "<expression>", "exec"
                    ),
                    names,
                )
                value = type(names.get("value", names["x"])).__name__
            except Exception as error:
                value = f"{type(error).__name__}: {error}".replace(Recorder.__module__, "")
        found[expression] = value, list(calls)
    del globals()["Recorder"]
    return found


def test_a_subclass_sees_the_same_calls_and_gets_the_same_types():
    expected, actual = answers("torch"), answers("numtorch")
    different = {e: (expected[e], actual[e]) for e in expected if expected[e] != actual[e]}
    assert not different


def refusals(module):
    torch = importlib.import_module(module)

    class Refuses(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return NotImplemented

    class Other(torch.Tensor):
        pass

    found = []
    x = torch.ones(2)
    with torch._C.DisableTorchFunctionSubclass():
        refuses, other = x.as_subclass(Refuses), x.as_subclass(Other)
    for operation in (
        lambda: torch.add(refuses, 1),
        lambda: refuses.exp(),
        lambda: refuses + other,
        lambda: torch.cat([other, refuses]),
        lambda: type(other + x).__name__,
    ):
        try:
            found.append(str(operation()))
        except TypeError as error:
            found.append(str(error).replace(__name__, ""))
    return found


def test_when_all_decline_the_error_names_them():
    assert refusals("numtorch") == refusals("torch")
