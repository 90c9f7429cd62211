"""Programs over the core, with what PyTorch 2.13.0 printed for them.

`p` prints, tensors with their strides, version and flags; `err` prints what a call raises; `chain` is the graph behind a
tensor. core_transcripts.json was recorded by running each program on PyTorch.
"""

import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import numtorch as torch

CASES = json.loads(Path(__file__).with_name("core_transcripts.json").read_text())


def chain(t: Any, depth: int = 6) -> str:
    node = t if hasattr(t, "next_functions") else t.grad_fn
    if node is None:
        return "None"
    out = node.name()
    if depth and node.next_functions:
        out += (
            "("
            + ", ".join(
                "None" if g is None else chain(g, depth - 1) + ("" if n == 0 else f":{n}")
                for g, n in node.next_functions
            )
            + ")"
        )
    return out


def show(a: Any) -> str:
    if isinstance(a, (tuple, list)):
        return "(" + ", ".join(map(show, a)) + ")"
    if isinstance(a, torch.Tensor):
        version = a._version if not a.is_inference() else None
        return f"{a!r} st={tuple(a.stride())} v={version} leaf={a.is_leaf} rg={a.requires_grad} dt={a.dtype}"
    return str(a)


def transcript(program: str) -> list[str]:
    """What the program prints, raises and warns of."""
    out: list[str] = []

    def err(call: Any) -> None:
        try:
            out.append("no error " + show(call()))
        except Exception as e:
            out.append(f"{type(e).__name__}: {e}")

    names = {"torch": torch, "chain": chain, "err": err, "p": lambda *a: out.append(" ".join(map(show, a)))}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(program, names)
        out += [f"WARN {w.category.__name__} {str(w.message)[:200]}" for w in caught]
    return [re.sub(r"0x[0-9a-f]+", "0x", line) for line in out]


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{c['program'][0][:40]}" for i, c in enumerate(CASES)])
def test_program_prints_what_pytorch_prints(case: dict[str, Any]) -> None:
    assert transcript("\n".join(case["program"])) == case["expected"]
