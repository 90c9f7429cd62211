"""How gradients add up in the grad of the leaves."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, same_shape, tensors

REQUIRES = ("tape",)


@case(lecture="accumulation", requires=["backward", "pow"], covers=["acc.sum"])
def backward_adds_to_grad(torch, x: floats(min_dims=1)):
    """Tensor.backward() adds to the grad of the leaves."""
    u = x.requires_grad_().pow(3).sum()
    u.backward(retain_graph=True)
    u.backward()


@case(lecture="accumulation", requires=["backward"], covers=["acc.sum"])
def backward_of_two_losses_is_that_of_their_sum(torch, x: floats()):
    """Gradients of two losses add up to the gradient of their sum."""
    y = x.requires_grad_().clone()
    y.sum().backward()
    (x * 3).sum().backward()


@case(lecture="accumulation", requires=["backward"], covers=["acc.sum"])
def mini_batches_add_up(
    torch, w: floats("float32", shape=(3,)), batches: st.lists(floats("float32", shape=(2, 3)), min_size=2, max_size=3)
):
    """One backward pass for each mini-batch accumulates the gradient of the whole batch."""
    w.requires_grad_()
    for batch in batches:
        (batch @ w - 1).pow(2).sum().backward()


@case(lecture="accumulation", requires=["backward"], covers=["acc.unused"])
def unused_leaf_keeps_none(torch, x: floats(), w: floats()):
    """The grad of a leaf that the output does not depend on stays None."""
    w.requires_grad_()
    x.requires_grad_().sum().backward()
    w.grad


@case(lecture="accumulation", requires=["backward"], covers=["acc.self_use"])
def leaf_used_twice_gets_one_sum(torch, x: floats()):
    """A leaf that is used twice gets the sum of both gradients."""
    (x.requires_grad_() * x + x).sum().backward()


@case(lecture="accumulation", requires=["backward"], covers=["acc.assign_ok"])
def grad_is_reset_by_none(torch, x: floats()):
    """Assigning None to grad starts the accumulation afresh."""
    (x.requires_grad_() * 2).sum().backward()
    x.grad = None
    (x * 3).sum().backward()


@case(lecture="accumulation", requires=["backward", "in_place"], covers=["acc.leaf_mutated_between"])
def grad_is_reset_by_zero(torch, x: floats()):
    """Zeroing grad in place starts the accumulation afresh, in the same tensor."""
    (x.requires_grad_() * 2).sum().backward()
    x.grad.zero_()
    (x * 3).sum().backward()


@case(lecture="accumulation", requires=["backward", "alias"], covers=["acc.inplace", "acc.grad_property_identity"])
def accumulation_is_in_place(torch, x: floats()):
    """The second backward() writes into the tensor that the first one left in grad."""
    (x.requires_grad_() * 2).sum().backward()
    g = x.grad
    (x * 3).sum().backward()
    g._version
    x.grad


@case(lecture="accumulation", requires=["backward", "alias"], covers=["acc.assign_then_accumulate"])
def assigned_grad_is_accumulated_into(torch, xg: same_shape(2)):
    """A tensor that was assigned to grad is what backward() adds to."""
    x, g = xg
    x.requires_grad_()
    x.grad = g
    (x * 2).sum().backward()


@case(lecture="accumulation", requires=["backward"], covers=["acc.assign_shape"])
def grad_has_the_shape_of_the_tensor(torch, x: floats(shape=(2, 3)), g: floats("float32")):
    """Assigning to grad a tensor of another shape raises."""
    x.grad = g


@case(lecture="accumulation", requires=["backward"], covers=["acc.assign_dtype", "acc.assign_type"])
def grad_has_the_dtype_of_the_tensor(
    torch, x: floats("float32", shape=(2,)), g: tensors(("float64", "int64", "float32"), "integers", shape=(2,))
):
    """Assigning to grad a tensor of another dtype, or no tensor at all, raises."""
    x.grad = g
    x.grad = 1.0


@case(lecture="accumulation", requires=["backward"], covers=["acc.zero_numel"])
def empty_tensor_has_an_empty_grad(torch, shape: st.sampled_from([(0,), (2, 0), (0, 1)])):
    """The grad of an empty leaf is an empty tensor."""
    x = torch.zeros(shape, requires_grad=True)
    (x * 2).sum().backward()


@case(lecture="accumulation", requires=["backward", "alias"], covers=["acc.user_grad_not_stolen", "acc.view_stolen"])
def grad_may_share_memory_with_the_given_gradient(
    torch, x: floats("float32", shape=(2, 3)), g: floats("float32", shape=(6,))
):
    """A gradient that reaches a leaf through a view node becomes its grad without being copied."""
    x.requires_grad_().view(6).backward(g)


@case(requires=["hooks", "graph", "detach"], covers=["acc.temp_grad_stolen"])
def gradient_is_copied_if_its_tensor_is_kept(
    torch,
    x: floats(values="finite"),
    kept: st.sampled_from(["itself", "a detached alias", "a view"]),
    who: st.sampled_from(["tensor", "accumulator", "node", "function"]),
    is_dual: st.booleans(),
    is_answer: st.booleans(),
):
    """A leaf steals a gradient that only an alias is kept of, and copies one that a view is kept of."""
    keeper = torch.zeros_like(x)

    def keep(g):
        alias = g if kept == "itself" else g.detach() if kept == "a detached alias" else g.view(g.shape)
        keeper.grad = alias
        return g.detach() if is_answer else None

    class Kept(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            mine = g * 2
            answer = keep(mine)
            return answer if is_answer else mine

    y = Kept.apply(x.requires_grad_()) if who == "function" else x * 3
    z = y * 2
    if who == "tensor":
        x.register_hook(keep)
    elif who == "accumulator":
        torch.autograd.graph.get_gradient_edge(x).node.register_prehook(
            lambda grads: (keep(grads[0]),) if is_answer else keep(grads[0])
        )
    elif who == "node":
        y.grad_fn.register_hook(lambda grads, given: (keep(grads[0]), None) if is_answer else keep(grads[0]))
    level = torch.autograd.forward_ad.dual_level() if is_dual else torch.enable_grad()
    with level:
        z.backward(torch.ones_like(z))
    x.grad._version
    x.grad.add_(1)
    keeper.grad._version


@case(requires=["hooks", "graph", "detach"], covers=["acc.temp_grad_stolen"])
def first_gradient_is_held_to_the_end(
    torch,
    x: floats(shape=(), values="finite"),
    step: st.sampled_from(["itself", "add", "view", "mul"]),
    answer: st.sampled_from(["nothing", "itself", "a detached alias"]),
    who: st.sampled_from(["tensor", "accumulator", "nobody"]),
):
    """The ones that a pass begins with are no leaf's to steal, whoever looked at them on their way."""
    x.requires_grad_()
    y = {"itself": x, "add": x + 1, "view": x.view(1), "mul": x * 2}[step]

    def hook(g):
        g.detach()
        return None if answer == "nothing" else g if answer == "itself" else g.detach()

    if who == "tensor":
        x.register_hook(hook)
    elif who == "accumulator":
        torch.autograd.graph.get_gradient_edge(x).node.register_prehook(lambda grads: None)
    y.backward()
    x.grad._version


@case(
    lecture="accumulation", requires=["backward", "alias"], covers=["acc.user_grad_not_stolen", "acc.temp_grad_stolen"]
)
def leaves_of_a_sum_do_not_share_their_grads(torch, xyg: same_shape(3)):
    """The grads of both operands of a sum are tensors of their own."""
    x, y, g = xyg
    (x.requires_grad_() + y.requires_grad_()).backward(g)
    x.grad.add_(1)


@case(lecture="accumulation", requires=["backward"], covers=["acc.shared_expand", "acc.layout_contract"])
def grad_of_a_sum_is_dense(torch, x: floats()):
    """The grad that sum() expands is stored densely, while autograd.grad returns it as it is."""
    x.requires_grad_().sum().backward()
    torch.autograd.grad(x.sum(), x)


@case(lecture="accumulation", requires=["backward", "create_graph"], covers=["acc.grad_requires"])
def grad_does_not_require_grad(torch, xg: same_shape(2)):
    """The grad that backward() leaves does not require grad, even if the given gradient does."""
    x, g = xg
    (x.requires_grad_() * 2).backward(g.requires_grad_())
    x.grad.requires_grad


@case(lecture="accumulation", requires=["backward", "create_graph"], covers=["acc.outofplace_create_graph"])
def accumulation_with_create_graph_is_out_of_place(torch, x: floats()):
    """With create_graph the sum of two gradients is a new tensor that requires grad."""
    (x.requires_grad_() * x).sum().backward(create_graph=True)
    (x * x * x).sum().backward(create_graph=True)


@case(lecture="accumulation", requires=["backward"], covers=["acc.retain_grad_accum"])
def retained_grad_accumulates(torch, x: floats()):
    """A retained gradient accumulates over two passes."""
    y = x.requires_grad_() * 2
    y.retain_grad()
    z = y.sum()
    z.backward(retain_graph=True)
    z.backward()
    y.grad


@case(requires=["backward", "mul", "alias"])
def summed_gradients_are_added_in_place(
    torch,
    shape: st.sampled_from([(), (1,), (3,), (1, 1), (1, 3), (2, 1), (2, 3)]),
    name: st.sampled_from(["mul", "pow", "atan2", "addcmul", "lerp", "kron"]),
):
    """Gradients summed to their operand's shape are added in place, unless the sum is a view."""
    x = torch.full(shape, 2.0).requires_grad_()
    y = torch.full((2, 3), 3.0).requires_grad_()
    operands = {"addcmul": (y, x, x), "lerp": (y, x, x), "kron": (x, x)}.get(name, (y, x))
    out = getattr(torch, name)(*operands) * x
    (g,) = torch.autograd.grad(out, x, torch.ones_like(out), create_graph=True)
    out.backward(torch.ones_like(out), retain_graph=True)
    first = x.grad
    x.grad = None
    g.backward(torch.ones_like(g))


@case(requires=["backward", "create_graph"])
def gradient_of_another_layout_is_complained_about(
    torch, x: floats(shape=(2, 3)), g: lambda x: cotangent(x), graph: st.booleans(), turned: st.booleans()
):
    """What is added to a grad that lies otherwise than its leaf is added with a warning."""
    if turned:
        x = x.t().contiguous().t()
    x.requires_grad_()
    x.grad = g.t().contiguous().t()
    (x * 2).sum().backward(create_graph=graph)
    x.grad = g
    (x * 2).sum().backward(create_graph=graph)


@case(requires=["backward"], covers=["acc.sum"])
def gradient_of_another_shape_is_not_added_to(
    torch, x: floats(shape=(2,)), n: st.sampled_from([(), (1,), (3,), (2, 2)])
):
    """A gradient that does not broadcast to the .grad that is there is refused as an in-place sum is."""
    x.requires_grad_()
    (x * 2).sum().backward()
    x.grad.data = torch.ones(n)
    (x * 3).sum().backward()


@case(requires=["backward", "views"])
def gradient_made_of_the_grad_itself_is_not_added_to_it(
    torch,
    x: floats(shape=(2, 2), values="finite"),
    how: st.sampled_from([lambda t: t, lambda t: t.t(), lambda t: t.flip(0), lambda t: t.view(2, 2)]),
    graph: st.booleans(),
):
    """A gradient that lies otherwise in the memory of the grad that it is added to is refused."""
    x.requires_grad_()
    y = how(x)
    x.backward(torch.ones_like(x))
    y.backward(x.grad, create_graph=graph)


@case(requires=["backward", "views"])
def grad_that_repeats_an_element_is_not_added_to(
    torch,
    x: floats(shape=(2, 2), values="finite"),
    g: floats(shape=(2, 1)),
    graph: st.booleans(),
    turned: st.booleans(),
):
    """A grad that repeats elements is refused as soon as a gradient is to be added to it in place."""
    x.requires_grad_()
    x.grad = (g.expand(2, 2).t() if turned else g.expand(2, 2)).detach()
    (x * x).sum().backward(create_graph=graph)
    x.backward(torch.ones(2, 2))


@case(requires=["backward", "in_place"], covers=["acc.sum"])
def gradient_with_more_dimensions_than_its_leaf_is_warned_of(
    torch, x: floats(shape=(2,), values="finite"), at: st.sampled_from([0, 1]), graph: st.booleans()
):
    """A .grad that was given another dimension in place does not obey the layout contract of its leaf."""
    x.requires_grad_().grad = torch.ones(2, dtype=x.dtype)
    x.grad.unsqueeze_(at)
    (x * 2).sum().backward(create_graph=graph)


@case(requires=["backward"])
def large_gradients_are_added_up(torch, size: st.sampled_from([499, 500, 3000]), seeded: st.booleans()):
    """A second gradient of many elements is added to the first in place."""
    x = torch.ones(size, requires_grad=True)
    for factor in (2.0, 3.0):
        y = x * factor
        y.backward(torch.ones(size)) if seeded else y.sum().backward()
    x.grad.sum()


TURNS = {
    "t": lambda y: y.t(),
    "transpose": lambda y: y.transpose(0, -1),
    "permute": lambda y: y.permute(*range(y.dim())),
    "view": lambda y: y.view_as(y),
    "expand": lambda y: y.expand_as(y),
    "index": lambda y: y[...],
    "flatten": lambda y: y.flatten(),
}


@case(requires=["in_place", "backward", "views"])
def gradient_that_is_a_view_is_not_added_to_in_place(
    torch, shape: st.sampled_from([(), (1,), (3,)]), name: st.sampled_from(sorted(TURNS))
):
    """A gradient that comes by a view is no memory of the pass's own, be it of one number."""
    x = torch.ones(shape).requires_grad_()
    y = abs(x)
    y[...] = x
    z = TURNS[name](y).asinh()
    z.backward(torch.ones_like(z))
    x.grad
