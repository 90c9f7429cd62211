"""Gradients that autograd.grad returns: where they lie, what they are, and what the pass leaves behind."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)
STEPS = ((3, 1), (1, 2), (4, 1), (1, 3), (6, 2), (2, 4))
WAYS = {
    "number by leaf": lambda torch, y, x, **kwargs: torch.autograd.grad(y, x, **kwargs),
    "number by leaves": lambda torch, y, x, **kwargs: torch.autograd.grad(y, [x, x], **kwargs),
    "with a seed": lambda torch, y, x, **kwargs: torch.autograd.grad([y], [x], [torch.ones(())], **kwargs),
}
"""Each takes a way of its own through numtorch."""
Way = st.sampled_from(sorted(WAYS))


@case(requires=["grad", "factories"])
def captured_gradient_has_strides_of_its_own(
    torch,
    x: floats(shape=(2, 3), values="finite", dtype=("float32",)),
    steps: st.sampled_from(STEPS),
    flat: st.booleans(),
    way: Way,
):
    """A captured gradient is laid out as it was computed, whatever the strides of its leaf."""
    memory = torch.zeros(12)
    leaf = memory.as_strided((3,), (2,)).data.copy_(x[0]) if flat else memory.as_strided((2, 3), steps).data.copy_(x)
    leaf.requires_grad_()
    weights = torch.ones((3,) if flat else (2, 3))
    turned = weights.t().clone(memory_format=torch.contiguous_format).t()
    for other in (weights, turned, leaf * weights, leaf.detach().exp()):
        g = WAYS[way](torch, (leaf * other).sum(), leaf)[0]
        (g + weights).stride()
        (turned * g).exp().stride()
        g.reshape(-1)
    WAYS[way](torch, (leaf.sin() + leaf.exp()).sum(), leaf)[0] * turned


@case(requires=["grad", "backward"])
def captured_gradient_becomes_a_leaf(torch, x: floats(values="finite"), way: Way):
    """A captured gradient is a leaf as any other once it requires grad."""
    x.requires_grad_()
    gradients = WAYS[way](torch, (x * x).sum(), x)
    gradients[0].requires_grad_()
    (gradients[0] * 2).sum().backward()
    (gradients[0] * 3).sum().backward()


@case(requires=["grad", "backward", "exp"])
def pass_frees_what_it_needs(
    torch,
    x: floats(shape=(3,), values="finite"),
    z: floats(shape=(3,), values="finite"),
    graphed: st.booleans(),
    way: Way,
):
    """Nodes forget what they saved if they lead to what is captured, and no others."""
    x.requires_grad_()
    z.requires_grad_()
    grad = WAYS[way]
    chain = x.exp().sin().sum()
    grad(torch, chain, z, allow_unused=True)
    chain.backward()
    other = x.exp() * x
    fork = (z.sin() * other + other.cos()).sum()
    grad(torch, fork, z, create_graph=graphed, retain_graph=False)
    other.sum().backward()
    aside = (x * x).exp()
    joined = (z.exp() * aside.sin() + z * aside).sum() + z.cos().sum()
    grad(torch, joined, z, create_graph=graphed, retain_graph=False)
    aside.sum().backward()
    joined.backward()


@case(requires=["grad", "exp"])
def what_a_pass_needed_is_gone(torch, x: floats(shape=(3,), values="finite"), looks: st.booleans(), way: Way):
    """A second pass that captures by the same graph is refused."""
    x.requires_grad_()
    root = ((x * x).exp() * 2).sum()
    WAYS[way](torch, root, x)
    WAYS[way](torch, root, x)
    inner = x.exp() * x
    root = (inner * inner).sum()
    if looks:
        inner.grad_fn.name()
    WAYS[way](torch, root, x, create_graph=True, retain_graph=False)
    WAYS[way](torch, root, x)


@case(requires=["grad", "anomaly"])
def anomaly_mode_looks_at_captured_gradients(torch, x: floats(shape=(2,), values="finite"), way: Way):
    """Anomaly mode refuses a nan on the way to what is captured."""
    x.requires_grad_()
    with torch.autograd.detect_anomaly(check_nan=True):
        WAYS[way](torch, ((x - x.detach()).sqrt() * 0).sum(), x)


@case(requires=["grad", "views", "in_place"])
def part_of_what_was_written_to(torch, x: floats(shape=(2,), values="finite"), number: st.booleans(), way: Way):
    """A captured gradient of a view goes through what was written to its base since."""
    x.requires_grad_()
    whole = x * 2
    part = whole[0]
    whole.mul_(3)
    WAYS[way](torch, part, x, retain_graph=True)
    part.mul_(5) if number else whole.mul_(7)
    WAYS[way](torch, part, x)


@case(requires=["grad", "no_grad", "create_graph"])
def graph_of_a_captured_gradient_without_grad_mode(
    torch, x: floats(shape=(2,), values="finite"), several: st.booleans(), way: Way
):
    """With create_graph a captured gradient has a graph, also under no_grad."""
    x.requires_grad_()
    a, b = x.sin().split((1, 1))
    root = (a * b * x.exp()).sum() if several else (x**3).sum()
    with torch.no_grad():
        first = WAYS[way](torch, root, x, create_graph=True)
    torch.autograd.grad(first[0].sum(), x)


@case(requires=["grad", "views", "in_place"])
def views_of_one_captured_number(
    torch, x: floats(shape=(), values="finite"), z: floats(shape=(), values="finite"), scaled: st.booleans()
):
    """Two captured gradients that are views of one number share its memory."""
    x.requires_grad_()
    z.requires_grad_()
    both = x.view(1).view(()) + z.view(1, 1).view(())
    gradients = torch.autograd.grad(both * 3 if scaled else both, [x, z])
    gradients[0].add_(1)


NUMBERS = {
    "product": lambda x: x * 2,
    "quotient": lambda x: x / 4,
    "sum": lambda x: x + 1,
    "exp": lambda x: x.exp(),
    "view": lambda x: x.view(()),
    "leaf": lambda x: x,
}
Step = st.sampled_from(sorted(NUMBERS))


@case(requires=["grad", "backward"], observe="last")
def number_goes_on_to_two_numbers(
    torch,
    x: floats(shape=(), values="finite"),
    z: floats(shape=(), values="finite"),
    first: Step,
    second: Step,
    way: Way,
    behind: st.booleans(),
):
    """The gradient of a sum of numbers goes on to both as it is, whatever made them."""
    total = NUMBERS[first](x.requires_grad_()) + NUMBERS[second](z.requires_grad_())
    total = (total * 3 if behind else total * total) * 2
    WAYS[way](torch, total, x, retain_graph=True)
    gradients = torch.autograd.grad(total, [x, z], retain_graph=True)
    gradients[0].add_(1)
    total.backward()
    x.grad.add_(1)


@case(requires=["grad", "views"])
def incoming_gradient_of_a_number_is_held(
    torch, x: floats(shape=(), values="finite"), a: floats(shape=(), values="finite")
):
    """What a pass begins with is not added to in place, where it arrives as it is."""
    x.requires_grad_()
    for ask in WAYS.values():
        ask(torch, (x * 2).view(()) + (x + a), x)
        ask(torch, (x + a) + (x * 2).view(()), x)
        ask(torch, (x * a).view(()) + (x + a) + x.view(()), x)


@case(requires=["grad", "shaping"])
def parts_of_several_sizes(torch, x: floats(shape=(5,), values="finite"), first: st.booleans(), way: Way):
    """Each of the parts that a tensor was split into has a gradient of its own, of its own size."""
    a, b = x.requires_grad_().split((2, 3))
    WAYS[way](torch, (a.exp() * 2).sum() + b.sin().sum() if first else (a * a).sum() + b.sum(), x)


@case(requires=["grad", "create_graph"])
def sum_with_a_graph_is_not_written_to(torch, x: floats(shape=(2,), values="finite"), n: st.integers(2, 4), way: Way):
    """With create_graph gradients are added up out of place."""
    y = x.requires_grad_()
    for _ in range(n):
        y = y * x
    WAYS[way](torch, y.sum(), x, create_graph=True)


@case(requires=["grad", "hooks"])
def incoming_gradient_is_captured(
    torch,
    x: floats("float32", shape=(2,), values="finite"),
    wide: st.booleans(),
    needs: st.booleans(),
    hooked: st.booleans(),
):
    """What is given as the gradient of what is asked for comes back, a cast of it with its graph."""
    y = x.requires_grad_() * 2
    if hooked:
        y.register_hook(lambda grad: None)
    given = torch.ones(2, dtype=torch.float64 if wide else torch.float32).requires_grad_(needs)
    torch.autograd.grad(y, [y, x], given)


@case(requires=["grad", "backward", "inference_mode"])
def gradients_made_in_inference_mode(
    torch, x: floats(shape=(2,), values="finite"), seeded: st.booleans(), graphed: st.booleans(), way: st.integers(0, 2)
):
    """Gradients that are made in inference mode are inference tensors."""
    x.requires_grad_()
    y = x * x * 2
    root = y.sum()
    with torch.inference_mode():
        if way == 0:
            grads = torch.autograd.grad(root, x, create_graph=graphed)
            grads[0].is_inference()
        elif seeded:
            y.backward(torch.ones(2), create_graph=graphed)
            x.grad.is_inference()
        else:
            root.backward(create_graph=graphed)
            x.grad.is_inference()
