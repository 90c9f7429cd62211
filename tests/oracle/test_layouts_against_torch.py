"""Results of elementwise operators lie in memory as PyTorch's do, however the operands lie, and so do their gradients."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
import numtorch.nn.functional  # noqa: E402
from conformance.operators import TABLE  # noqa: E402
from conformance.program import Float  # noqa: E402

LAYOUTS = (
    """
torch.ones(()).expand(0) | torch.ones(()).expand(1, 1) | torch.ones(()).expand(1, 0, 2) | torch.ones(3).expand(2, 3)
torch.ones(2, 1).expand(2, 3) | torch.ones(0, 2).t() | torch.ones(2, 0, 3).permute(2, 0, 1) | torch.ones(0, 2).diagonal()
torch.ones(0, 2).unfold(1, 2, 2) | torch.ones(1, 1).diagonal() | torch.ones(1).unfold(-1, 1, 2) | torch.ones(1, 3).t()
torch.ones(2, 1).unfold(-2, 2, 1) | torch.ones(2, 2).unfold(-2, 2, 1) | torch.ones(3).unfold(0, 2, 1)
torch.ones(3, 3).t()[:, :1] | torch.ones(3, 3)[:, :1] | torch.ones(3, 3)[:, ::2] | torch.ones(3, 3).t()[1:]
torch.ones(1, 3, 2).permute(1, 0, 2) | torch.ones(1, 2, 3).permute(2, 0, 1) | torch.ones(2, 3, 2).permute(1, 2, 0)
torch.ones(2, 4)[:, ::4].t() | torch.ones(1, 3).unsqueeze(-1).transpose(0, 2) | torch.ones(1, 2).t().squeeze(1)
""".replace("\n", " | ")
    .strip(" |")
    .split(" | ")
)
"""Tensors that NumPy would describe otherwise: empty, expanded, overlapping, and with odd strides where the size is 1."""

BESIDE = ("x", "x.contiguous()", "torch.ones(())", "torch.ones(2, *x.shape)", "x.double()", "x.long()")
"""What a second operand may be."""

ROWS = [row for row in TABLE.values() if row.kind in ("pointwise", "comparison") and row.function and not row.several]


def texts(row):
    """Calls of an operator on `x`, one a kind of second operand."""
    for beside in BESIDE:
        given, tensors = ["x"], 0
        for argument in row.arguments:
            if argument.optional:
                continue
            tensors += argument.tensor != ""
            text = f"({beside}) > 0" if argument.tensor == "mask" else beside
            if not argument.tensor:
                number = argument.choose((2, 3), 0)
                text = repr(float(number.value) if isinstance(number, Float) else number)
            given.append(f"{argument.keyword}={text}" if argument.keyword else text)
        yield f"{row.function}({', '.join(given)})"
        if not tensors:
            return


def seen(lib, layout, text):
    """Types and strides of the result and of the gradient of `x`, or the error."""
    leaf = eval(layout, {"torch": lib}).detach().requires_grad_()
    try:
        y = eval(text, {"torch": lib, "x": leaf})
    except (RuntimeError, TypeError, IndexError, NotImplementedError) as error:
        return type(error).__name__, str(error)
    found = [str(y.dtype), tuple(y.shape), y.stride()]
    if y.requires_grad:
        try:
            (gradient,) = lib.autograd.grad(y, [leaf], lib.ones_like(y), allow_unused=True)
        except (RuntimeError, NotImplementedError) as error:
            return *found, str(error)
        found += [None if gradient is None else (str(gradient.dtype), gradient.stride(), gradient._version)]
    return found


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_strides_follow_those_of_the_operands_as_pytorchs_do(name):
    differing = []
    for text in texts(TABLE[name]):
        for layout in LAYOUTS:
            ours, theirs = (seen(lib, layout, text) for lib in (numtorch, torch))
            if ours != theirs:
                differing.append(f"x = {layout}; {text}: {ours}, and PyTorch has {theirs}")
    assert not differing, "\n".join(differing)
