"""Programs of the derivatives of every operator: the first, the second, that of forward mode, and of complex numbers.

The operators are those of `conformance.operators.expressions`, and the values are drawn, so that a formula that is wrong in one
term differs in one program, whichever operator it is of. Random programs reach few second derivatives, and few operators twice.
"""

from typing import Any

from hypothesis import strategies as st

from conformance.case import Case
from conformance.generate import encode, floats
from conformance.operators.expressions import expressions
from conformance.program import TensorLiteral

SHAPES = {"x": (2, 3), "y": (2, 3), "v": (3,), "w": (2,), "m": (3, 2), "b": (2, 2, 3), "e": (2, 3, 2), "s": ()}
"""The leaves whose values may be any."""

SOME: dict[str, tuple[list[float], ...]] = {
    "u": ([0.31, -0.62, 0.14, 0.83, -0.27, 0.55], [-0.44, 0.08, 0.91, -0.73, 0.36, -0.19]),  # between -1 and 1
    "q": (  # well-conditioned
        [2.31, 0.42, -0.53, 0.38, 1.77, 0.61, -0.24, 0.35, 2.68],
        [1.13, -0.64, 0.27, 0.59, 2.42, -0.31, 0.18, 0.77, -1.95],
    ),
    "c": ([1.5, 0.7, 2.2, 0.9, 1.1, 3.1], [0.6, 1.9, 0.8, 2.7, 1.3, 0.5]),
}
"""Values of those that an operator's domain is narrow for."""

ONE_OF_SEVERAL = frozenset(
    ["max_dim", "min_dim", "median_dim", "kthvalue", "sort", "sort_stable", "topk", "cummax", "cummin", "nanmedian_dim"]
    + ["mode", "frexp"]
)
"""Operators that return a tuple, of which only the first has a derivative."""

BOTH = frozenset(["aminmax", "var_mean", "std_mean", "unbind", "split", "split_with_sizes", "linalg_qr"])
"""Those of which the first two have."""


USED = {"mask": [[True, False, True], [False, False, True]], "i": [1, 0], "j": [[0, 1, 1], [1, 0, 0]]}
"""What expressions index with."""


def of(name: str, kind: Any) -> st.SearchStrategy[TensorLiteral]:
    """Values for a leaf."""
    if name in SOME:
        shape = (3, 3) if name == "q" else (2, 3)
        return st.sampled_from([TensorLiteral("float64", shape, encode(values, "float64")) for values in SOME[name]])
    return floats("float64", shape=SHAPES.get(name, (2, 3)), values="positive" if name == "p" else kind)


def unlike(torch: Any, like: Any) -> Any:
    """A tensor of this shape, of which no two elements are alike."""
    return (torch.arange(like.numel(), dtype=torch.float64) * 0.7 + 0.3).cos().reshape(like.shape)


def results(torch: Any, operator: str, text: str, leaves: dict[str, Any]) -> list[Any]:
    """What an expression gives of some leaves, as far as it has a derivative."""
    known = {name: torch.tensor(values) for name, values in USED.items() if name in compile(text, "", "eval").co_names}
    out = eval(text, {"torch": torch, "F": torch.nn.functional, "inf": float("inf"), **known, **leaves})
    return [out[0]] if operator in ONE_OF_SEVERAL else [out[0], out[1]] if operator in BOTH else [out]


def case_of(operator: str, texts: list[str]) -> Case:
    """The case of one operator."""
    used = {text: compile(text, "", "eval").co_names for text in texts}
    names = [name for name in ("p", *SHAPES, *SOME) if any(name in found for found in used.values())]

    def derivatives(
        torch,
        values: st.sampled_from(["smooth", "finite"]).flatmap(lambda kind: st.tuples(*[of(n, kind) for n in names])),
        text: st.sampled_from(texts),
        how: st.sampled_from(["once", "twice", "forward", "complex"]),
        turned: st.booleans(),
    ):
        leaves = {name: value for name, value in zip(names, values, strict=True) if name in used[text]}
        if how == "complex":
            leaves = {name: torch.complex(leaf, unlike(torch, leaf)) for name, leaf in leaves.items()}
        if how == "forward":
            with torch.autograd.forward_ad.dual_level():
                make_dual = torch.autograd.forward_ad.make_dual
                duals = {name: make_dual(leaf, unlike(torch, leaf)) for name, leaf in leaves.items()}
                for out in results(torch, operator, text, duals):
                    primal, tangent = torch.autograd.forward_ad.unpack_dual(out)
            return
        for leaf in leaves.values():
            leaf.requires_grad_()
        outs = results(torch, operator, text, leaves)
        seeds = [unlike(torch, out) for out in outs]
        if how == "complex" and turned:
            seeds = [torch.complex(seed, seed.sin()) for seed in seeds]
        if how != "twice":
            torch.autograd.backward(outs, seeds)
            return
        inputs = [*leaves.values(), *[seed.requires_grad_() for seed in seeds]]
        firsts = [*torch.autograd.grad(outs, list(leaves.values()), seeds, create_graph=True)]
        weights = [unlike(torch, first) for first in firsts]
        seconds = [
            *torch.autograd.grad(firsts, inputs, weights, allow_unused=True)
        ]  # named, so that they are looked at

    derivatives.__name__ = operator
    derivatives.__doc__ = (
        f"The derivatives of {operator} are right once, twice, in forward mode and of complex numbers."
    )
    return Case(derivatives, requires=["backward", "create_graph"])


globals().update({operator: case_of(operator, texts) for operator, texts in expressions().items()})
