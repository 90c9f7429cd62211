"""Programs about the engine: random graphs, and everything that can be asked of a pass.

What becomes of a gradient on its way (added up in which memory, stolen or copied, shown to whom, along which way through the
engine) depends on the whole of a graph and of a pass. So there is a case for everything that graphs may be made of and each way
to ask for gradients, and all else is drawn. Once it is over, gradients are written to, which shows who shares memory with them.

Half of the cases are looked at after each step, half when they are over (`conformance.compose.unlooked` says why).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

from conformance.case import Case
from conformance.compose.graphs import Graph, Value

Act = Callable[[Graph], Any]

MEMORY = 16
"""Elements that gradients of the user's share: some more than the largest tensor has."""

# ------------------------------------------------------------------------------------------------------------- functions


def function(graph: Graph) -> None:
    """A Function of the user's."""
    torch, random = graph.torch, graph.random
    value = graph.pick(lambda value: not value.complex)
    if value is None:
        return
    other = graph.pick(lambda one: one.shape == value.shape and not one.complex) or value
    kind = random.choice(("same", "saves", "two", "none", "view", "dirty", "alias", "reentrant", "counts", "fitted"))
    written = random.random() < 0.4

    class Mine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            if kind == "dirty":
                ctx.mark_dirty(a)
                return a.mul_(b.detach() if written else 3)
            if kind == "view":
                return a.unsqueeze(0)
            if kind == "same":
                return a + b
            return a * b

        @staticmethod
        def backward(ctx, grad):
            if kind == "same":
                return grad, grad
            if kind == "none":
                return None, grad
            if kind == "view":
                return grad.squeeze(0), None
            if kind == "alias":
                return grad, grad.view_as(grad)
            if kind == "dirty":
                return grad * 3, None
            if kind == "fitted":  # summed to the shape of the one operand, cast to the type of the other
                return torch.stack((grad, grad * 2)), grad.double()
            if kind == "counts":
                return grad.detach(), grad.clone()
            a, b = ctx.saved_tensors
            if kind == "reentrant":
                with torch.enable_grad():
                    c = a.detach().requires_grad_()
                    torch.autograd.backward((c * b).sin(), grad)
                return grad * c.grad, None
            return grad * b, grad * a

    x = value.tensor
    if kind == "dirty" and (value.leaf or written):
        x = x * 1
    out = Mine.apply(x, other.tensor)
    graph.keep(Value(out, (1, *value.shape) if kind == "view" else value.shape))


def function_of_two(graph: Graph) -> None:
    """A Function of the user's with two results, of which maybe one is used."""
    torch, random = graph.torch, graph.random
    value = graph.pick(lambda value: not value.complex)
    if value is None:
        return
    filled, gives = random.random() < 0.5, random.choice(("the first", "both", "none"))

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(filled)
            ctx.save_for_backward(a)
            return a * 2, a.sin()

        @staticmethod
        def backward(ctx, grad, other):
            (a,) = ctx.saved_tensors
            if gives == "none":
                return None
            return grad * 2 + other * a.cos() if gives == "both" else grad

    out = Both.apply(value.tensor)
    for n in random.choice(((0,), (1,), (0, 1))):
        graph.keep(Value(out[n], value.shape))


def hook(graph: Graph) -> None:
    """Somebody who watches a tensor, a leaf or a node."""
    value = graph.pick()
    assert value is not None
    torch, random, x = graph.torch, graph.random, value.tensor
    holder = x.detach().clone() if graph.chance(0.5) else None
    if holder is not None:
        graph.holders.append(holder)

    def keeps(grad):
        """Whose gradient it is holds the very tensor."""
        if holder is not None:
            holder.grad = grad

    def keeps_and_replaces(grad):
        keeps(grad)
        return grad * 2

    def keeps_an_alias(grad):
        keeps(grad.detach())

    def keeps_and_views(grad):
        keeps(grad)
        grad.view_as(grad)

    def writes(grad):
        grad.mul_(3)

    def keeps_and_writes(grad):
        keeps(grad)
        grad.mul_(2)

    bodies: tuple[Callable[[Any], Any], ...] = (
        lambda g: None,
        lambda g: g * 2,
        lambda g: g.clone(),
        lambda g: g,
        lambda g: g.view_as(g),
        lambda g: g.detach(),
        lambda g: g + g,
        keeps,
        keeps,
        keeps_and_replaces,
        keeps_an_alias,
        keeps_and_views,
        writes,
        keeps_and_writes,
    )
    match random.randrange(9):
        case 0 | 1:
            x.retain_grad()
        case 2 | 3 | 4:
            graph.handles.append(x.register_hook(random.choice(bodies)))
        case 5 if value.leaf:

            def accumulated(p):
                p.grad.sum()

            graph.handles.append(x.register_post_accumulate_grad_hook(accumulated))
        case 6 if not value.leaf:
            doubles = random.random() < 0.5

            def before(grads):
                keeps(grads[0])
                return (grads[0] * 2,) if doubles else None

            graph.handles.append(x.grad_fn.register_prehook(before))
        case 7 if not value.leaf:
            which, doubled = random.choice((0, -1)), random.random() < 0.2

            def after(inputs, outputs):
                outputs[0], outputs[-1]
                keeps(outputs[0] if which else inputs[0])
                return (outputs[0] * 2,) if doubled else None

            graph.handles.append(x.grad_fn.register_hook(after))
        case _:
            some = [one.tensor for one in graph.leaves]
            torch.autograd.graph.register_multi_grad_hook(some, lambda grads: None)


def remove(graph: Graph) -> None:
    """A hook is removed."""
    if graph.handles:
        graph.handles.pop(graph.random.randrange(len(graph.handles))).remove()


def saved(graph: Graph) -> None:
    """What is saved is packed, or written to."""
    torch = graph.torch
    if graph.chance(0.5):
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
            graph.two()
            graph.one()
    elif graph.chance(0.5):
        with torch.no_grad():
            graph.one()
    else:
        value = graph.pick()
        assert value is not None
        graph.keep(Value(value.tensor.detach().requires_grad_(), value.shape, True, value.complex))
        graph.leaves.append(graph.live[-1])


def forget(graph: Graph) -> None:
    """Nobody holds a tensor any more."""
    if len(graph.live) > 2:
        graph.live.pop(graph.random.randrange(len(graph.live) - 1))


def complex_leaf(graph: Graph) -> None:
    graph.leaf(complex=True)


PLAIN: tuple[Act, ...] = (Graph.one, Graph.two, Graph.two, Graph.reduced, Graph.one, Graph.matrices, Graph.chain)

CONTENTS: dict[str, tuple[Act, ...]] = {
    "plain": (*PLAIN, forget),
    "wide": (Graph.two, Graph.two, Graph.one, Graph.chain),
    "several": (*PLAIN, Graph.several, Graph.several, Graph.several),
    "views": (*PLAIN, Graph.view, Graph.view, Graph.view, Graph.view),
    "writes": (Graph.one, Graph.two, Graph.view, Graph.write, Graph.write, Graph.write, Graph.buffer, Graph.buffer),
    "functions": (Graph.one, Graph.two, function, function, function_of_two, Graph.view),
    "hooks": (*PLAIN, hook, hook, hook, Graph.view, remove),
    "watched": (Graph.one, Graph.two, Graph.view, Graph.view, Graph.chain, hook, hook, hook),
    "saved": (*PLAIN, saved, saved, Graph.write, Graph.view),
    "complex": (*PLAIN, complex_leaf, Graph.view, Graph.write),
    "mixed": (
        *PLAIN,
        Graph.several,
        Graph.view,
        Graph.view,
        Graph.write,
        Graph.buffer,
        function,
        hook,
        hook,
        saved,
        forget,
    ),
}
"""What graphs are made of."""

# ---------------------------------------------------------------------------------------------------------------- passes


def seed_for(graph: Graph, value: Value) -> Any:
    """An incoming gradient, which its owner may write to when the pass is over, and which may require grad itself."""
    seed = seed_of(graph, value)
    graph.seeds.append(seed.detach().requires_grad_() if graph.chance(0.1) else seed)
    return graph.seeds[-1]


def seed_of(graph: Graph, value: Value) -> Any:
    """An incoming gradient: of its own, repeated, turned, conjugated, or of another type."""
    shape = value.shape
    whole = graph.numbers(shape, complex=value.complex)
    match graph.random.randrange(9):
        case 0 if shape:
            return graph.numbers((1,) * len(shape), complex=value.complex).expand(shape)
        case 1 if len(shape) > 1:
            return graph.numbers((*shape[:-2], shape[-1], shape[-2]), complex=value.complex).mT
        case 2:
            return whole.to(graph.torch.complex128 if value.complex else graph.torch.float64)
        case 3:
            return graph.torch.ones(shape)
        case 4 if shape:
            return graph.numbers((*shape, 2), complex=value.complex)[..., 0]
        case 5 | 6 if not value.complex:
            return window(graph, value)
        case 5 | 6:
            return whole.conj()
        case _:
            return whole


def window(graph: Graph, value: Value) -> Any:
    """A part of memory that other gradients may be parts of, too; seldom what was made in inference mode."""
    count = math.prod(value.shape)
    if value.complex or count > MEMORY or graph.chance(0.1):
        with graph.torch.inference_mode(graph.chance(0.5)):
            return graph.numbers(value.shape, complex=value.complex)
    if graph.memory is None:
        graph.memory = graph.numbers((MEMORY,))
    first = graph.random.choice((0, 0, 0, 1, min(2, MEMORY - count), MEMORY - count))
    return graph.memory[first : first + count].view(value.shape)


def some_of(graph: Graph, leaves_only: bool = False) -> list[Any]:
    """Tensors to ask for the gradients of."""
    values = graph.leaves if leaves_only or graph.chance(0.5) else [*graph.leaves, *graph.live]
    found = [value.tensor for value in graph.random.choices(values, k=graph.random.choice((1, 1, 2, 2, 3)))]
    return [value.tensor for value in graph.leaves] if graph.chance(0.25) else found


def options(graph: Graph) -> dict[str, Any]:
    kwargs: dict[str, Any] = {}
    if graph.chance(0.4):
        kwargs["retain_graph"] = True
    return kwargs


def backward(graph: Graph) -> None:
    graph.scalar().backward()


def seeded(graph: Graph) -> None:
    root = graph.live[-1]
    root.tensor.backward(seed_for(graph, root), **options(graph))


def again(graph: Graph) -> None:
    loss = graph.scalar()
    loss.backward(retain_graph=True)
    if graph.chance(0.3):
        graph.leaves[0].tensor.grad = None
    if graph.chance(0.3):
        with graph.torch.no_grad():
            graph.leaves[-1].tensor.grad.zero_()
    (graph.scalar() if graph.chance(0.5) else loss).backward(retain_graph=graph.chance(0.3))
    if graph.chance(0.3):
        loss.backward()


def limited(graph: Graph) -> None:
    graph.scalar().backward(inputs=some_of(graph), **options(graph))


def captured(graph: Graph) -> None:
    inputs = some_of(graph)
    root = graph.live[-1]
    outs, seeds = ([graph.scalar()], None) if graph.chance(0.5) else ([root.tensor], [seed_for(graph, root)])
    kwargs: dict[str, Any] = {"allow_unused": graph.chance(0.8), **options(graph)}
    if graph.chance(0.2):
        kwargs["materialize_grads"] = True
    found = graph.torch.autograd.grad(outs, inputs, seeds, **kwargs)
    shared(graph, [found[n] for n in range(len(inputs))])
    rest(graph)


def plainly(graph: Graph) -> None:
    """One number by one leaf, with nothing else asked for; maybe for each of several, as the rows of a Jacobian are."""
    numbers = [value for value in graph.live if not value.shape and not value.complex]
    root = graph.random.choice(numbers).tensor if numbers and graph.chance(0.5) else graph.scalar()
    leaves = graph.random.choices(graph.leaves, k=graph.random.choice((1, 1, 2)))
    for leaf in leaves:
        if graph.chance(0.1):
            leaf.tensor.requires_grad_(False)
        kwargs: dict[str, Any] = {"retain_graph": True} if len(leaves) > 1 or graph.chance(0.3) else {}
        if graph.chance(0.3):
            kwargs["create_graph"] = True
        shared(graph, [graph.torch.autograd.grad(root, leaf.tensor, **kwargs)[0]])
    rest(graph)


def rest(graph: Graph) -> None:
    """What a pass did not need can still be gone through."""
    if graph.chance(0.4):
        other = graph.random.choice(graph.live)
        other.tensor.backward(seed_for(graph, other))


def twice(graph: Graph) -> None:
    inputs = some_of(graph)
    found = graph.torch.autograd.grad(graph.scalar(), inputs, create_graph=True, allow_unused=True)
    first = found[0]
    if graph.chance(0.5):
        first.abs().sum().backward(retain_graph=graph.chance(0.3))
    else:
        graph.torch.autograd.grad(first.abs().sum(), some_of(graph), allow_unused=True, create_graph=graph.chance(0.3))


def graphed(graph: Graph) -> None:
    graph.scalar().backward(create_graph=True)
    leaf = graph.random.choice(graph.leaves).tensor
    if graph.chance(0.6):
        leaf.grad.abs().sum().backward()


def rooted(graph: Graph) -> None:
    some = [graph.live[-1], *graph.random.choices(graph.live, k=graph.random.choice((1, 1, 2)))]
    seeds = [seed_for(graph, value) for value in some]
    if graph.chance(0.2) and some[0].shape == some[1].shape:
        seeds[1] = seeds[0]
    inputs = {"inputs": some_of(graph)} if graph.chance(0.2) else {}
    graph.torch.autograd.backward([value.tensor for value in some], seeds, **inputs, **options(graph))


def kept(graph: Graph) -> None:
    """The leaves have gradients, which others hold, too."""
    for value in graph.leaves:
        match graph.random.randrange(7):
            case 0 | 1:
                value.tensor.grad = graph.numbers(value.shape, complex=value.complex)
            case 2 if len(value.shape) > 1:
                value.tensor.grad = seed_for(graph, value)
            case 3 if value.shape:
                value.tensor.grad = graph.numbers((1,) * len(value.shape)).expand(value.shape)
            case 4:
                value.tensor.grad = value.tensor.detach()
            case 5:
                value.tensor.grad = window(graph, value)
    if graph.chance(0.5):
        seeded(graph)
    else:
        graph.scalar().backward(create_graph=graph.chance(0.2))


def moded(graph: Graph) -> None:
    torch = graph.torch
    loss = graph.scalar()
    mode = graph.random.choice(
        (
            lambda: torch.autograd.set_detect_anomaly(True),
            lambda: torch.no_grad(),
            lambda: torch.inference_mode(),
            lambda: torch.autograd.set_multithreading_enabled(False),
            lambda: torch.autograd.graph.allow_mutation_on_saved_tensors(),
        )
    )
    with mode():
        if graph.chance(0.5):
            loss.backward()
        else:
            torch.autograd.grad(loss, some_of(graph), allow_unused=True, create_graph=graph.chance(0.3))


def failing(graph: Graph) -> None:
    """What was saved was written to, or let go of, somewhere."""
    for _ in range(graph.random.choice((1, 1, 2))):
        value = graph.random.choice(graph.live)
        with graph.torch.no_grad():
            value.tensor.mul_(2)
    graph.scalar().backward()
    if graph.chance(0.5):
        graph.scalar().backward()


def shared(graph: Graph, grads: list[Any]) -> None:
    """Gradients are written to, and whoever shares memory with one shows it; or are differentiated by, as any tensor may be."""
    with graph.torch.no_grad():
        for grad in grads[:2]:
            if graph.chance(0.7):
                grad.add_(1)
            elif graph.chance(0.5):
                grad.sum()
    for grad in grads[:2]:
        if graph.chance(0.2):
            grad.requires_grad_()
            (grad * grad).sum().backward()


PASSES: dict[str, Act] = {
    one.__name__: one
    for one in (
        backward,
        seeded,
        again,
        limited,
        captured,
        plainly,
        twice,
        graphed,
        rooted,
        kept,
        moded,
        failing,
    )
}
"""How a pass is asked for."""


def case_of(content: str, way: str, observe: str) -> Case:
    """The case of one kind of graph and one way to differentiate."""

    def passes(torch, drawn: st.integers(0, 2**62)):  # type: ignore[no-untyped-def, valid-type]
        random = Random(f"{content} {way} {drawn}")  # Hypothesis draws 0 of every case first
        graph = Graph(torch, random)
        kind = random.choice((None, None, "float32"))
        for _ in range(random.choice((1, 2, 2, 3))):
            graph.leaf(kind)
        for _ in range(random.randint(2, 12)):
            random.choice(CONTENTS[content])(graph)
        PASSES[way](graph)
        shared(graph, [value.tensor.grad for value in graph.leaves])
        shared(graph, [holder.grad for holder in graph.holders])
        if graph.seeds and graph.chance(0.5):
            with torch.no_grad():
                random.choice(graph.seeds).add_(1)

    passes.__name__ = f"{content}_{way}_{observe}"
    passes.__doc__ = f"A graph of {content}, differentiated ({way}), looked at: {observe}."
    return Case(passes, requires=["backward"], observe=observe)  # type: ignore[arg-type]


globals().update(
    {
        case.name: case
        for content in CONTENTS
        for way in PASSES
        for observe in ("every", "last")
        for case in [case_of(content, way, observe)]
    }
)
