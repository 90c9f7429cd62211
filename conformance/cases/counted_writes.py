"""How often PyTorch's formulas write to the gradients that they return, which their versions tell, along each way of a pass."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats

REQUIRES = ("tape",)
Vector = floats("float32", shape=(3,), values="finite")


def results(torch: Any, x: Any, w: Any) -> Iterator[Callable[[], Any]]:
    """What is computed of two vectors by operators whose formulas write, or hand on parts of what arrives."""
    at, mask, wide = torch.tensor([0, 2]), torch.tensor([True, False, True]), w.double()
    yield lambda: torch.maximum(x, w)
    yield lambda: torch.minimum(x, wide)
    yield lambda: torch.maximum(x.view(3, 1), w)
    yield lambda: torch.maximum(x[:1], w)
    yield lambda: x.max()
    yield lambda: x.max(0)[0]
    yield lambda: x.sort()[0]
    yield lambda: x.topk(2)[0]
    yield lambda: x.median(0)[0]
    yield lambda: x.cummax(0)[0]
    yield lambda: torch.aminmax(x)[0]
    yield lambda: sum(torch.aminmax(x))
    yield lambda: sum(torch.aminmax(x, dim=0, keepdim=True))
    yield lambda: x[at]
    yield lambda: x.take(at)
    yield lambda: x.gather(0, at)
    yield lambda: x.index_select(0, at)
    yield lambda: x.masked_select(mask)
    yield lambda: x.repeat(2)
    yield lambda: x.repeat(1)
    yield lambda: x.view(3, 1).mm(w.view(1, 3)).trace()
    yield lambda: torch.copysign(x, w)
    yield lambda: torch.copysign(x, wide)
    yield lambda: torch.copysign(x, w[:1])
    yield lambda: x.clone().lt_(w)
    yield lambda: x.clone().ge_(wide)
    yield lambda: x.clone().eq_(1)
    yield lambda: torch.cat([x, w])
    yield lambda: torch.cat([x, wide])
    yield lambda: torch.cat([x[:0], w])
    yield lambda: torch.stack([x, w])
    yield lambda: x.index_copy(0, at, w[:2])
    yield lambda: x.index_add(0, at, w[:2])
    yield lambda: x.index_fill(0, at, w.sum())
    yield lambda: x.select_scatter(w.sum(), 0, 1)
    yield lambda: torch.var_mean(x)[0]
    yield lambda: sum(torch.var_mean(x, 0))
    yield lambda: x.logcumsumexp(0)
    yield lambda: torch.nn.functional.binary_cross_entropy_with_logits(x, w)
    yield lambda: torch.nn.functional.prelu(x, w[:1])
    yield lambda: x.as_strided((2,), (1,))


def differentiate(torch: Any, x: Any, w: Any, way: Callable[[Any], Any]) -> None:
    """Each of them anew, and what its gradients are added up with."""
    for result in results(torch, x, w):
        x.grad = w.grad = None
        way(result().sum())


@case(requires=["backward", "indexing"])
def writes_of_formulas_to_what_leaves_steal(torch, x: Vector, w: Vector):
    """A leaf's gradient has the version of the memory that it steals."""
    differentiate(torch, x.requires_grad_(), w.requires_grad_(), lambda y: y.backward())


@case(requires=["grad", "indexing"])
def writes_of_formulas_to_what_is_captured(torch, x: Vector, w: Vector, graphed: st.booleans()):
    """A captured gradient has the version of its memory."""
    leaves = [x.requires_grad_(), w.requires_grad_()]

    def capture(y):
        torch.autograd.grad(y, leaves[:1], create_graph=graphed, allow_unused=True)
        return

    differentiate(torch, *leaves, capture)


@case(requires=["hooks", "backward", "indexing"])
def writes_of_formulas_to_what_hooks_see(torch, x: Vector, w: Vector):
    """A hook sees a gradient with the version of its memory, which it counts in."""

    def see(grad):
        grad.mul_(2)

    x.requires_grad_().register_hook(see)
    w.requires_grad_().register_hook(see)
    differentiate(torch, x, w, lambda y: y.backward())


@case(requires=["saved_tensors_hooks", "backward", "indexing"])
def writes_of_formulas_while_somebody_watches(torch, x: Vector, w: Vector):
    """Where writes to saved tensors are watched, most formulas write to nothing."""
    x.requires_grad_()
    w.requires_grad_()

    def watched(y):
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            y.backward()

    differentiate(torch, x, w, watched)


@case(requires=["forward_ad", "backward", "indexing"])
def writes_of_formulas_in_a_dual_level(torch, x: Vector, w: Vector):
    """Gradients that may have tangents have the versions of their memory, too."""
    x.requires_grad_()
    w.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        differentiate(torch, x, w, lambda y: y.backward())


@case(requires=["hooks", "backward", "create_graph"])
def gradients_of_aminmax_are_added_as_long_as_they_are(
    torch,
    x: st.one_of(*(floats(shape=shape, values="finite") for shape in ((), (1,), (2, 3)))),
    dim: st.sampled_from([None, 0, -1]),
    keepdim: st.booleans(),
    both: st.booleans(),
    more: st.booleans(),
):
    """The gradients of aminmax() are added in place, and the sum of those of a number is another."""
    y = x.requires_grad_() * 1

    def look(grad):
        grad._version

    y.register_hook(look)
    low, high = torch.aminmax(y, dim=dim, keepdim=keepdim)
    (low * 2 + high if both else high).sum().backward(create_graph=more)


@case(requires=["hooks", "backward", "create_graph"])
def nothing_is_concatenated_and_filled(
    torch,
    x: st.one_of(floats(shape=(2, 3), dtype=("float32", "float64")), complexes(shape=(2, 3))),
    kind: st.sampled_from(["float32", "float64"]),
    dim: st.integers(0, 1),
    last: st.booleans(),
    more: st.booleans(),
):
    """The gradient of nothing among what is concatenated counts that it is filled, unless it is cast."""
    nothing = torch.zeros(0, dtype=getattr(torch, kind), requires_grad=True)
    leaf = torch.zeros(0, dtype=getattr(torch, kind), requires_grad=True)
    between = nothing * 1

    def look(grad):
        grad._version

    between.register_hook(look)
    leaf.register_hook(look)
    x.requires_grad_()
    torch.cat([x, between, leaf] if last else [leaf, between, x], dim).sum().abs().backward(create_graph=more)
    leaf.grad._version
    torch.cat([leaf, x, leaf], dim).sum().abs().backward()
