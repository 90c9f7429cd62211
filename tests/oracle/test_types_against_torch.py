"""Operands of types that do not fit, or of several types: what comes out, what is refused, and in which order."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
from conformance.operators import TABLE  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

CALLS = """
a=torch.tensor(1.,dtype=torch.float16); b=torch.tensor(2.); F.huber_loss(a,b)
a=torch.tensor(1.,dtype=torch.float16); b=torch.tensor(2.); F.huber_loss(b,a)
a=torch.tensor([1.],dtype=torch.float16); b=torch.tensor(2.); F.huber_loss(a,b)
a=torch.tensor([1.],dtype=torch.float16); b=torch.tensor([2.]); F.huber_loss(a,b)
a=torch.tensor([1.],dtype=torch.float16); b=torch.tensor([2.]); F.huber_loss(b,a)
a=torch.tensor(1.,dtype=f64); b=torch.tensor(2.); F.huber_loss(b,a)
a=torch.tensor(1.,dtype=f64); b=torch.tensor(2.); F.huber_loss(a,b,reduction='none')
a=torch.tensor(1.,dtype=f64); b=torch.tensor(2.); F.huber_loss(b,a,reduction='none')
a=torch.tensor(1.,dtype=f64); b=torch.tensor([2.]); F.huber_loss(b,a,reduction='none')
a=torch.tensor(1.,dtype=f64); b=torch.tensor([2.]); F.huber_loss(a,b)
a=torch.tensor(1); b=torch.tensor([2.]); F.huber_loss(a,b)
a=torch.tensor(1); b=torch.tensor([2.]); F.huber_loss(b,a)
a=torch.tensor(1); b=torch.tensor(2.); F.huber_loss(a,b)
a=torch.tensor([1]); b=torch.tensor([2.]); F.huber_loss(a,b)
a=torch.tensor(1); b=torch.tensor(2.); F.huber_loss(b,a)
a=torch.tensor(1); F.huber_loss(a,a)
a=torch.tensor(1+1j); F.huber_loss(a,a)
a=torch.tensor(1.); F.huber_loss(a,a.to(torch.complex64))
a=torch.tensor(1.); F.huber_loss(a.to(torch.complex64),a)
a=torch.tensor(1.); F.huber_loss(a>0,a)
a=torch.tensor(1.,requires_grad=True); b=torch.tensor(2.,dtype=f64); F.huber_loss(a,b).backward(); a.grad
a=torch.tensor(1.,requires_grad=True,dtype=torch.float16); b=torch.tensor(2.); F.huber_loss(a,b).backward(); a.grad
a=torch.tensor(1.,requires_grad=True,dtype=f64); b=torch.tensor(2.); F.huber_loss(a,b).backward(); a.grad
a=torch.tensor([1.],requires_grad=True,dtype=f64); b=torch.tensor(2.); F.huber_loss(a,b).backward(); a.grad
a=torch.tensor([1.],requires_grad=True); b=torch.tensor([2.],dtype=f64); F.huber_loss(a,b).backward(); a.grad
a=torch.tensor([1.],requires_grad=True); b=torch.tensor([2.],dtype=f64,requires_grad=True); F.huber_loss(b,a).backward(); a.grad
a=torch.tensor([1.],requires_grad=True); b=torch.tensor(True); F.soft_margin_loss(a,b).backward(); a.grad
a=torch.tensor([1.],requires_grad=True); b=torch.tensor([True]); F.soft_margin_loss(a,b)
a=torch.tensor([1.],requires_grad=True); b=torch.tensor([True]); F.soft_margin_loss(a,b).backward(); a.grad
a=torch.tensor([1.],requires_grad=True); b=torch.tensor([1]); F.soft_margin_loss(a,b).backward(); a.grad
x=torch.ones(2,3,dtype=f64); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(2,3); x.addr_(torch.ones(2),torch.ones(3,dtype=f64))
x=torch.ones(2,3); x.addr_(torch.ones(2,dtype=torch.int64),torch.ones(3))
x=torch.ones(2,3,dtype=torch.int64); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(2,3,dtype=torch.int64); x.addr_(torch.ones(2,dtype=torch.int64),torch.ones(3))
x=torch.ones(2,3,dtype=torch.float16); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(2,3).t(); x.addr_(torch.ones(3),torch.ones(2))
x=torch.ones(2,3,dtype=torch.bool); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(2,3,dtype=torch.bool); x.addr_(torch.ones(2)>0,torch.ones(3)>0)
x=torch.ones(2,3); x.addr_(torch.ones(2,dtype=torch.complex64),torch.ones(3))
x=torch.ones(3); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(2,3); x.addr_(torch.ones(2,1),torch.ones(3))
x=torch.ones(3,1).expand(3,2); x.addr_(torch.ones(3),torch.ones(2))
x=torch.ones(2,2,2); torch.baddbmm(x,x,x.double())
x=torch.ones(2,2,2); torch.baddbmm(x,x.double(),x)
x=torch.ones(2,2,2); x.baddbmm_(x.clone(),x.double())
x=torch.ones(2,9,9); torch.baddbmm(x,x,x.double())
x=torch.ones(2,9,9); torch.baddbmm(x,x,x.long())
x=torch.ones(2,9,9); x.bmm(x.double())
x=torch.ones(2,9,9); x.bmm(x.long())
x=torch.ones(2,2,2); torch.addbmm(x[0],x,x.double())
x=torch.ones(2,2,2); torch.addbmm(x[0],x.double(),x)
x=torch.ones(3,dtype=torch.bool); x.cumsum_(0)
x=torch.ones(3,dtype=torch.bool); x.cumprod_(0)
x=torch.ones(3,dtype=torch.bool); x.cumsum_(0,dtype=torch.int64)
x=torch.ones(3,dtype=torch.bool); x.cumsum_(0,dtype=torch.float32)
x=torch.ones(3,dtype=torch.bool); x.cumprod_(0,dtype=torch.bool)
x=torch.ones(3,dtype=torch.int32); x.cumsum_(0)
x=torch.ones(3,dtype=torch.int32); x.cumprod_(0)
x=torch.ones(3,dtype=torch.int32); x.cumprod_(0,dtype=torch.float32)
x=torch.ones(3,dtype=torch.float32); x.cumprod_(0,dtype=f64)
x=torch.ones(3,dtype=torch.float32); x.cumprod_(0,dtype=torch.int64)
x=torch.tensor(True); x.cumprod_(0)
x=torch.tensor([],dtype=torch.bool); x.cumprod_(0)
a=torch.ones(2,dtype=torch.complex64); F.hardswish(a)
a=torch.ones(2,dtype=torch.complex64); F.hardswish(a,inplace=True)
a=torch.ones(2,dtype=torch.int64); F.hardswish(a)
a=torch.ones(2,dtype=torch.complex64); F.hardsigmoid(a)
a=torch.ones(2,dtype=torch.complex64); F.hardtanh(a)
a=torch.ones(2,dtype=torch.complex64); F.relu6(a)
a=torch.tensor(1+1j); torch.nanmedian(a)
a=torch.ones(2,dtype=torch.complex64); torch.nanmedian(a)
a=torch.ones(2,dtype=torch.complex64); torch.nanmedian(a,0)
a=torch.ones(2,dtype=torch.complex64); torch.median(a)
a=torch.ones(2,dtype=torch.complex64); torch.median(a,0)
a=torch.ones(2,dtype=torch.bool); torch.median(a,0)
a=torch.ones(2,dtype=torch.bool); torch.median(a)
a=torch.ones(2,dtype=torch.bool); torch.nanmedian(a)
x=torch.tensor(1.0,requires_grad=True); x.squeeze_(-3)
x=torch.tensor([1.0],requires_grad=True); x.squeeze_(3)
x=torch.tensor([1.0],requires_grad=True); x.squeeze_((0,3))
x=torch.tensor([1.0],requires_grad=True); x.unsqueeze_(3)
x=torch.tensor([1.0],requires_grad=True); x.transpose_(3,0)
x=torch.tensor([[1.0]],requires_grad=True); x.t_()
x=torch.ones(2,2,2,requires_grad=True); x.t_()
x=torch.ones(2,2,2,requires_grad=True); x.swapaxes_(4,0)
x=torch.ones(2,2,2,requires_grad=True)*2; x.detach().squeeze_(7)
y=torch.tensor(1); y.lerp_(torch.tensor(1),torch.tensor(1.))
y=torch.tensor(1); y.lerp(torch.tensor(1),torch.tensor(1.))
y=torch.tensor([1]); y.lerp(torch.tensor([1]),torch.tensor(1.))
y=torch.tensor([1]); y.lerp_(torch.tensor([1]),torch.tensor([1.]))
y=torch.tensor([1]); y.lerp(torch.tensor([1]),torch.tensor([1]))
y=torch.tensor([1]); y.lerp(torch.tensor([1]),1)
y=torch.tensor([1]); y.lerp_(torch.tensor([1]),0.5)
y=torch.tensor([1.]); y.lerp(torch.tensor([1.]),torch.tensor(1.,dtype=f64))
y=torch.tensor([1.]); y.lerp(torch.tensor([1.]),torch.tensor([1.],dtype=f64))
y=torch.tensor([1.]); y.lerp_(torch.tensor([1.]),torch.tensor([1.],dtype=f64))
y=torch.tensor(1.); y.lerp(torch.tensor(1.),torch.tensor(1.,dtype=f64))
y=torch.tensor(1.); y.lerp_(torch.tensor(1.),torch.tensor(1.,dtype=f64))
y=torch.tensor(1.); y.lerp_(torch.tensor(1.),torch.tensor([1.]))
y=torch.tensor(1.); y.lerp_(torch.tensor(1.),torch.tensor([1.,2.]))
y=torch.tensor(1.); y.lerp(torch.tensor(1.,dtype=f64),torch.tensor([1.,2.]))
y=torch.tensor([1.]); y.lerp(torch.tensor(1.,dtype=f64),torch.tensor([1.,2.]))
y=torch.tensor([1.]); y.lerp(torch.tensor([1.],dtype=f64),0.5)
y=torch.tensor(1.); y.lerp(torch.tensor([1.],dtype=f64),0.5)
y=torch.tensor(1.,dtype=f64); y.lerp_(torch.tensor(1.),torch.tensor(1.))
y=torch.tensor(1.,dtype=torch.float16); y.lerp_(torch.tensor(1.,dtype=torch.float16),torch.tensor(1.))
y=torch.tensor(1.,dtype=torch.float16); y.lerp_(torch.tensor(1.,dtype=torch.float16),torch.tensor(1))
y=torch.tensor(1.); y.lerp_(torch.tensor(1.),torch.tensor(1))
y=torch.tensor(1.); y.lerp(torch.tensor(1.),torch.tensor(1))
y=torch.tensor(True); y.lerp_(torch.tensor(True),torch.tensor(1.))
y=torch.tensor(1); y.lerp(torch.tensor(1.),torch.tensor(1.))
y=torch.tensor(1.); y.lerp(torch.tensor(1),torch.tensor(1.))
y=torch.tensor(1.); y.lerp(torch.tensor(1+1j),torch.tensor(1.))
y=torch.tensor(1.); y.lerp(torch.tensor(1.),torch.tensor(1j))
A=torch.tensor([[nan,1.],[1.,2.]]); torch.linalg.solve(A,torch.ones(2))
A=torch.tensor([[nan,1.],[1.,2.]]); torch.linalg.solve(A,torch.ones(2,2))
A=torch.tensor([[1.,nan],[1.,2.]]); torch.linalg.solve(A,torch.ones(2,2))
A=torch.tensor([[1.,1.],[nan,2.]]); torch.linalg.solve(A,torch.ones(2,2))
A=torch.tensor([[1.,1.],[1.,nan]]); torch.linalg.solve(A,torch.ones(2,2))
A=torch.tensor([[inf,1.],[1.,1]]); torch.linalg.solve(A,torch.ones(2,2))
A=torch.tensor([[0.,1.],[nan,1]]); torch.linalg.solve(A,torch.ones(2,2))
A=torch.tensor([[0.,0.],[nan,1]]); torch.linalg.solve(A,torch.ones(2,2))
A=torch.tensor([[0.,0.],[nan,1]]); torch.linalg.inv(A)
A=torch.tensor([[nan,0.],[0,0]]); torch.linalg.inv(A)
A=torch.full((2,2),nan); torch.linalg.inv(A)
A=torch.full((2,2),nan); torch.linalg.solve(A,torch.ones(2))
A=torch.full((1,1),nan); torch.linalg.solve(A,torch.ones(1))
A=torch.full((3,3),nan); torch.linalg.solve(A,torch.ones(3))
A=torch.full((3,3),nan); torch.linalg.det(A)
A=torch.tensor([[nan,0.],[0,0]]); torch.linalg.slogdet(A)
A=torch.tensor([[nan,0.,1],[0,0,2],[1,2,0]]); torch.linalg.solve(A,torch.ones(3))
a=torch.tensor([1.],requires_grad=True); b=torch.tensor([2]); F.huber_loss(a,b).backward(); a.grad
a=torch.tensor([1.],requires_grad=True); b=torch.tensor(2); F.huber_loss(a,b).backward(); a.grad
a=torch.tensor([1.,2],requires_grad=True); F.huber_loss(a,a*2,reduction='none').backward(torch.ones(2,dtype=f64)); a.grad
a=torch.tensor([1.],requires_grad=True); F.huber_loss(torch.tensor([2]),a).backward(); a.grad
a=torch.tensor([1.],requires_grad=True); F.huber_loss(torch.tensor([2.],dtype=f64),a).backward(); a.grad
a=torch.tensor([1+1j]); F.mse_loss(a,a)
a=torch.tensor([1+1j]); F.smooth_l1_loss(a,a)
a=torch.tensor([1+1j]); F.kl_div(a,a)
a=torch.tensor([[1+1j,2]]); F.softmax(a,0)
a=torch.tensor([[1+1j,2]]); F.softmax(a,1)
a=torch.tensor([[1+1j,2]]); F.log_softmax(a,0)
a=torch.tensor(1+1j); F.log_softmax(a,0)
a=torch.tensor([1.,2]); torch.float_power(a,1j)
a=torch.tensor([1.,2j]); torch.float_power(a,2)
a=torch.tensor([1.,2j],dtype=torch.complex128); a.float_power_(2)
a=torch.tensor([1.,2]); a.float_power_(2j)
x=torch.ones(3); x.addr_(torch.ones(2,1),torch.ones(3))
x=torch.ones(3,2); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(3,2,1); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(()); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(1,3); x.addr_(torch.ones(2),torch.ones(3))
x=torch.ones(3); x.addr_(torch.ones(2),torch.ones(3,dtype=torch.complex64))
x=torch.ones(3,dtype=torch.int8); x.cumsum_(0,dtype=torch.int16)
x=torch.ones(3,dtype=torch.uint8); x.cumsum_(0,dtype=torch.float16)
x=torch.ones(3,dtype=torch.bfloat16); x.cumsum_(0,dtype=torch.complex64)
x=torch.tensor(1.); x.cumsum_(0,dtype=f64)
x=torch.zeros(0); x.cumsum_(0,dtype=f64)
x=torch.zeros(2,dtype=torch.bool); x.cumsum_(3)
x=torch.zeros(2); x.cumsum_(3,dtype=torch.int64)
x=torch.zeros(2,requires_grad=True); x.cumsum_(3,dtype=torch.int64)
y=torch.tensor([1,2]); y.lerp(torch.tensor([1,2]),torch.tensor(1.,dtype=f64))
y=torch.tensor([1,2]); y.lerp(torch.tensor([1,2]),torch.tensor(1+1j))
y=torch.tensor([1.,2]); y.lerp(torch.tensor([1.,2]),torch.tensor(1+1j))
y=torch.tensor([1.,2]); y.lerp_(torch.tensor([1.,2]),torch.tensor(1+1j))
y=torch.tensor(1); y.lerp_(torch.tensor([1,2]),torch.tensor(1.))
y=torch.tensor([1,2]); y.lerp(torch.tensor([1,2]),torch.tensor(1))
y=torch.tensor([1,2]); y.lerp_(torch.tensor([1,2]),torch.tensor(1))
y=torch.tensor([1,2]); y.lerp(torch.tensor([1,2]),torch.tensor(.25))
y=torch.tensor([1,2]); y.lerp(torch.tensor([1,2]),torch.tensor(True))
y=torch.tensor([1.,2]); y.lerp(torch.tensor([1.,2]),torch.tensor(True))
A=torch.tensor([[0.,1.],[nan,2.]]); torch.linalg.det(A)
A=torch.tensor([[1.,1.,1],[nan,2.,1],[2,2,2]]); torch.linalg.solve(A,torch.ones(3))
A=torch.tensor([[0.,1.,1],[nan,2.,1],[2,2,2]]); torch.linalg.solve(A,torch.ones(3))
A=torch.tensor([[inf,1.,1],[3,2.,1],[2,2,2]]); torch.linalg.solve(A,torch.ones(3))
A=torch.tensor([[1,inf,1],[3,2.,1],[2,2,2]]); torch.linalg.solve(A,torch.ones(3))
A=torch.tensor([[1,inf,1],[3,2.,1],[2,2,2]]); torch.linalg.inv(A)
A=torch.tensor([[1,2,1],[3,2.,nan],[2,2,2]]); torch.linalg.inv(A)
A=torch.tensor([[1,2,1],[3,2.,nan],[2,2,2]]); torch.linalg.solve(A,torch.ones(3,3))
A=torch.tensor([[1,2,1],[3,2.,nan],[2,2,2]]); torch.linalg.solve(A,torch.ones(3,3),left=False)
A=torch.tensor([[nan,0.],[0,0]]); torch.linalg.solve(A,torch.ones(2))
A=torch.tensor([[nan,0.],[0,0]],dtype=f64); torch.linalg.solve(A,torch.ones(2,dtype=f64))
A=torch.tensor([[0,0],[nan,1]],dtype=f64); torch.linalg.solve(A,torch.ones(2,dtype=f64))
x=torch.tensor([1,2.,2.5,100],dtype=torch.float16); torch.sinc(x)
x=torch.tensor([-.82,-2.75,-3,1],dtype=torch.float16); F.gelu(x)
x=torch.tensor([-.82,-2.75,-3,1],dtype=torch.float16); F.gelu(x,approximate='tanh')
x=torch.tensor([-.82,-2.75,-3,1],dtype=torch.bfloat16); F.gelu(x)
"""


def said(module: Any, line: str) -> str:
    """What the expression behind the last semicolon is once what stands before it has run, or the error of either."""
    names = {"torch": module, "f64": module.float64, "F": module.nn.functional, "nan": math.nan, "inf": math.inf}
    before, _, last = line.rpartition(";")
    try:
        exec(before, names)
        found = eval(last.strip(), names)
        layout = (found.dtype, found.stride()) if isinstance(found, module.Tensor) else ""
        return f"{found!r} {layout}".replace("numtorch", "torch")
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("line", CALLS.strip().splitlines())
def test_types_are_met_as_pytorch_meets_them(line):
    assert said(numtorch, line) == said(torch, line)


def refusing() -> list[str]:
    """Calls of the table's operators, with complex numbers and nothing else."""
    calls = []
    for row in TABLE.values():
        given = [one for one in row.arguments if not one.optional]
        if not row.function or any(one.tensor != "float" for one in given):
            continue
        operands = ["a"] * len(given)
        for a in ("[1+1j, 2.]", "1+1j"):
            calls.append(f"a = torch.tensor({a}); {row.function}({', '.join(['a', *operands])})")
        if any(form.startswith("inplace") for form in row.forms):
            calls.append(f"a = torch.tensor([1+1j, 2.]); a.{row.method}_({', '.join(operands)})")
    return calls


WORDS = ("not implemented", "not supported", "not support", "not yet implemented", "not intended")


@pytest.mark.parametrize("line", refusing())
def test_complex_numbers_are_refused_where_pytorch_refuses_them(line):
    theirs = said(torch, line)
    if any(word in theirs for word in WORDS):
        assert said(numtorch, line) == theirs
    else:
        assert not any(word in said(numtorch, line) for word in WORDS) or "logaddexp(" in line


@pytest.mark.parametrize("name", ["floor_divide_", "remainder_", "fmod_"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_division_writes_until_a_divisor_is_zero(name, turned):
    """Before it raises, in the order of memory, whichever of its operands is the divisor."""
    for divisor in ([[3, 5], [0, 2]], [[1, 0], [1, 1]], [[0, 1], [1, 1]], None):
        left = []
        for lib in (numtorch, torch):
            target = lib.tensor([[6, 4], [2, 0]])
            target = target.t() if turned else target
            with pytest.raises(RuntimeError, match="ZeroDivisionError"):
                getattr(target, name)(target if divisor is None else lib.tensor(divisor))
            left.append((target.tolist(), target._version))
        assert left[0] == left[1]
