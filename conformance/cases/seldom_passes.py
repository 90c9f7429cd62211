"""Passes that are seldom asked for: nodes called by hand, orders of several roots, gradients that somebody saved."""

import math

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats, positive

REQUIRES = ("tape",)
Vector = floats(shape=(3,), values="finite", dtype=("float32",))


@case(requires=["grad", "hooks", "custom_function"])
def hook_sees_nothing_of_what_is_not_captured(torch, x: Vector, w: Vector, kind: st.integers(0, 2)):
    """A node's hook sees no gradient for what is not asked for, but for lists and users' formulas."""
    x.requires_grad_()
    w.requires_grad_()

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, grad):
            a, b = ctx.saved_tensors
            return grad * b, grad * a

    def look(grad_inputs, grad_outputs):
        grad_inputs[0]
        grad_inputs[1]

    y = [lambda: x * w, lambda: torch.cat([x, w]), lambda: Product.apply(x, w)][kind]()
    y.grad_fn.register_hook(look)
    torch.autograd.grad(y.sum(), x, retain_graph=True)
    torch.autograd.grad(y.sum(), w, create_graph=True)


@case(requires=["graph", "complex"])
def node_is_called_with_a_complex_gradient(
    torch, x: Vector, z: complexes(shape=(3,), values="finite", dtype=("complex64",)), turned: st.booleans()
):
    """A node that is called gives real gradients of real operands."""
    x.requires_grad_()
    y = z * x if turned else x * z
    y.grad_fn(torch.ones(3, dtype=torch.complex64) * (2 + 1j))
    z = z.clone().requires_grad_()
    (x * z).grad_fn(torch.ones(3, dtype=torch.complex64) * (2 + 1j))
    (x * 2).grad_fn(torch.ones(3))
    (x * torch.ones(3)).grad_fn(torch.ones(3))


@case(requires=["graph", "custom_function"])
def node_of_several_is_called(torch, x: Vector, w: Vector, wants: st.booleans(), undefined: st.booleans()):
    """A node that is called gives what is wanted, that of a list all, and a user's what it returns."""
    x = x.requires_grad_() * 1
    w.requires_grad_(wants)

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, grad):
            a, b = ctx.saved_tensors
            return grad * b, grad * a

    torch.cat([x, w]).grad_fn(None if undefined else torch.ones(6))
    torch.stack([w, x]).grad_fn(None if undefined else torch.ones(2, 3))
    (x * w).grad_fn(None if undefined else torch.ones(3))
    torch.addcmul(w, x, w).grad_fn(None if undefined else torch.ones(3))
    Product.apply(x, w).grad_fn(torch.ones(3))


@case(requires=["graph", "hooks"])
def accumulator_is_called(torch, x: Vector, recording: st.booleans(), watched: st.booleans(), hooked: st.booleans()):
    """An accumulator that is called adds to the gradient of its leaf, and the leaf's hooks run."""
    x.requires_grad_()
    if watched:
        x.register_post_accumulate_grad_hook(lambda leaf: None)
    if hooked:
        x.register_hook(lambda grad: grad * 2)
    node = (x * 2).grad_fn.next_functions[0][0]
    with torch.set_grad_enabled(recording):
        node(torch.ones(3) * 2)
        node(torch.ones(3) * x)


@case(requires=["hooks", "graph"])
def order_to_come_of_several_roots(torch, x: Vector, w: Vector, turned: st.booleans(), n: st.integers(1, 3)):
    """A hook is told the nodes of all roots in the order in which they run."""
    x.requires_grad_()
    roots = [(x * w).sum()]
    for _ in range(n):
        roots.append((x.sin() * w).sum())

    def ask(grad_outputs):
        torch._C._current_graph_task_execution_order()

    roots[-1].grad_fn.register_prehook(ask)
    with torch.autograd.set_multithreading_enabled(False):
        torch.autograd.backward(list(reversed(roots)) if turned else roots)


@case(requires=["retain_grad", "backward"])
def retained_gradient_of_what_is_gone(torch, x: Vector):
    """A tensor that asked to retain its gradient, and is gone, hinders nobody."""
    x.requires_grad_()
    y = x * 2
    y.retain_grad()
    z = y.sum()
    del y
    z.backward()


@case(requires=["backward", "complex"])
def zeros_with_signs_are_accumulated(torch, signs: st.lists(st.sampled_from([0.0, -0.0]), min_size=2, max_size=2)):
    """Where a complex gradient is added it is multiplied by one, which shows in signs of zeros."""
    z = torch.ones(1, dtype=torch.complex64).requires_grad_()
    given = torch.view_as_complex(torch.tensor([signs]))
    z.view(1).backward(given)
    z.view(1).backward(given)
    torch.view_as_real(z.grad).signbit()
    z.grad = None
    (z.view(1) + (z + z)).backward(given)
    torch.view_as_real(z.grad).signbit()


@case(requires=["saved_tensors_hooks", "in_place", "backward"])
def saved_gradient_is_accumulated_to(torch, x: Vector, w: Vector):
    """In allow_mutation_on_saved_tensors a gradient that somebody saved may be added to."""
    x.requires_grad_()
    w.requires_grad_()
    x.sum().backward()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = x.grad * w
        (x * x * x).sum().backward()
        (x * x * x).backward(torch.ones(3))
        y.sum().backward()


@case(requires=["backward", "views", "hooks"])
def leaf_steals_a_part_of_what_comes_in(torch, x: Vector, w: Vector, hooked: st.booleans(), kind: st.integers(0, 2)):
    """A leaf whose gradient is a view of the incoming one shares its memory and version."""
    x.requires_grad_()
    w.requires_grad_()
    y = [lambda: x.view(3, 1), lambda: x.unsqueeze(1) + 1, lambda: x.unsqueeze(1) + (w * w + w).unsqueeze(1)][kind]()
    if hooked:
        y.register_hook(lambda grad: None)
    given = torch.ones(3, 1)
    y.backward(given)
    given.add_(1)


@case(requires=["backward", "complex"])
def formula_leaves_its_gradient_complex(
    torch,
    x: floats(shape=(), values="finite", dtype=("float32",)),
    w: Vector,
    z: complexes(shape=(3,), values="finite", dtype=("complex64",)),
):
    """A few formulas take no real part, so that the gradient of a real operand is refused."""
    x.requires_grad_()
    w.requires_grad_()
    at, mask = torch.tensor([0, 2]), torch.tensor([True, False, True])
    for y in (
        torch.where(mask, x, z),
        torch.where(mask, w, z),
        z.clone().fill_(x),
        z.fill(x),
        z.index_fill(0, at, x),
        z.masked_fill(mask, x),
        torch.lerp(z, z * 2, x),
        torch.dist(w, z),
        torch.logaddexp(w, z),
    ):
        y.sum().abs().backward()


@case(requires=["backward", "in_place"])
def leaf_of_another_shape_has_a_gradient(torch, x: Vector, rows: st.sampled_from([0, 2, 3])):
    """A leaf's gradient is added to, whatever memory the leaf was given since."""
    x.requires_grad_()
    y = x.view(3)
    y.backward(torch.ones(3), retain_graph=True)
    x.data = torch.ones(rows, 3).expand(2, rows, 3) if rows == 2 else torch.ones(rows, 3)
    y.backward(torch.ones(3), retain_graph=True)
    x.grad = None
    y.backward(torch.ones(3))


@case(requires=["grad", "backward", "custom_function"])
def only_some_operands_have_a_derivative(
    torch,
    x: positive(shape=(2,)),
    w: positive(shape=(2,)),
    graphed: st.booleans(),
    which: st.sampled_from(["xw", "x", "w"]),
):
    """What is not implemented is refused where it is asked for, even for no gradient."""

    class Ends(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 1

        @staticmethod
        def backward(ctx, grad):
            return None

    if "x" in which:
        x.requires_grad_()
    if "w" in which:
        w.requires_grad_()
    for f in (torch.special.zeta, torch.special.gammainc, torch.special.gammaincc):
        for operand in (x, w):
            torch.autograd.grad(f(x + 1, w + 1).sum(), operand, create_graph=graphed)
            f(x + 1, w + 1).sum().backward(inputs=[operand])
        Ends.apply(f(x + 1, w + 1)).sum().backward()


@case(requires=["hooks", "retain_grad", "backward"])
def nothing_behind_what_is_asked_for_is_computed(
    torch, x: Vector, w: Vector, both: st.booleans(), graphed: st.booleans(), behind: st.booleans()
):
    """The formula of a node computes nothing where only the gradient of its own result is asked for."""

    def look(grad_inputs, grad_outputs):
        return None

    x.requires_grad_()
    w.requires_grad_(both)
    for y in (torch.cat([x, w]), torch.stack([x, w]), x * w, x.sin(), (x * w).unbind()[1], torch.var_mean(x)[0]):
        y.retain_grad()
        y.grad_fn.register_hook(look)
        y.sum().backward(inputs=[y, x] if behind else [y], create_graph=graphed)


@case(requires=["saved_tensors_hooks", "create_graph", "grad"])
def formula_saves_what_it_needs_for_what_is_asked_for(
    torch, x: Vector, w: Vector, first: st.booleans(), all: st.booleans()
):
    """With create_graph formulas compute and save only what the gradients that are asked for need."""
    x.requires_grad_()
    w.requires_grad_()
    for f in (torch.mul, torch.div, torch.atan2, torch.hypot, torch.dot, torch.outer):
        y = f(x, w).sum()
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
            torch.autograd.grad(y, [x, w] if all else [x] if first else [w], create_graph=True)


@case(requires=["grad", "inference_mode"])
def gradients_that_no_operator_makes_in_inference_mode(
    torch, x: Vector, w: Vector, needs: st.booleans(), made: st.booleans()
):
    """In inference mode a pass makes inference tensors, and what is handed on stays what it was."""
    x.requires_grad_()
    w.requires_grad_()
    ways = (
        x.pow(0),
        x.sgn(),
        w.copysign(x),
        x.clone().lt_(w),
        (x * torch.tensor([1.0, 0.0, 0.0])).prod().expand(3),
        x.view_as(w),
        x.view(3, 1).view(3),
        x + w,
        x * w,
        x.repeat(1),
    )
    given = torch.ones(3).requires_grad_(needs)
    with torch.inference_mode():
        if made:
            given = torch.ones(3)
        for y in ways:
            torch.autograd.grad(y, [x, w], given, allow_unused=True)[0].is_inference()


WIDER = {
    "addmm": lambda torch, x, v, q, b: torch.addmm(v, x, q),
    "baddbmm": lambda torch, x, v, q, b: torch.baddbmm(v, b, torch.stack([q, q])),
    "block_diag": lambda torch, x, v, q, b: torch.block_diag(v, x),
    "dist": lambda torch, x, v, q, b: x.dist(v),
    "cross": lambda torch, x, v, q, b: torch.linalg.cross(x, v),
    "huber_loss": lambda torch, x, v, q, b: torch.nn.functional.huber_loss(x, v, reduction="none"),
    "index_put": lambda torch, x, v, q, b: x.index_put((torch.tensor([0, 1]),), v),
    "lerp": lambda torch, x, v, q, b: torch.lerp(x, v, b),
    "lu_solve": lambda torch, x, v, q, b: torch.linalg.lu_solve(*torch.linalg.lu_factor(q), b.mT),
    "masked_fill": lambda torch, x, v, q, b: v.masked_fill(torch.ones(2, 3, dtype=torch.bool), 2.0),
    "masked_scatter": lambda torch, x, v, q, b: v.masked_scatter(torch.ones(2, 3, dtype=torch.bool), x),
    "masked_select": lambda torch, x, v, q, b: v.masked_select(torch.ones(2, 3, dtype=torch.bool)),
    "maximum": lambda torch, x, v, q, b: torch.maximum(x, v),
    "mul": lambda torch, x, v, q, b: x * v,
    "prelu": lambda torch, x, v, q, b: torch.nn.functional.prelu(x, v),
    "solve": lambda torch, x, v, q, b: torch.linalg.solve(q, b.mT),
    "solve of several": lambda torch, x, v, q, b: torch.linalg.solve(torch.stack([q, q.mT]), x.mT),
    "solve_triangular": lambda torch, x, v, q, b: torch.linalg.solve_triangular(q, b.mT, upper=True),
    "where": lambda torch, x, v, q, b: torch.where(x > 0.5, v, x),
}


@case(lecture="graph", requires=["backward"])
def node_called_by_hand_shows_what_is_summed_later(torch, name: st.sampled_from(sorted(WIDER)), graph: st.booleans()):
    """What a node gives for an operand that was stretched is mostly summed by the pass alone."""
    shapes = ((2, 3), (3,), (3, 3), (2, 2, 3))
    x, v, q, b = [torch.linspace(0.1, 1, math.prod(shape)).sin().view(shape) for shape in shapes]
    leaves = [leaf.requires_grad_() for leaf in (x, v, q + torch.eye(3), b)]
    y = WIDER[name](torch, *leaves)
    weight = torch.ones_like(y).requires_grad_(graph)
    y.grad_fn(weight)
    torch.autograd.grad(y, leaves, weight, allow_unused=True, create_graph=graph)


@case(requires=["backward", "in_place", "retain_grad"])
def written_base_that_is_the_input_itself_runs_its_write(
    torch,
    x: Vector,
    how: st.sampled_from(["item", "mul_", "exp_", "view", "plain"]),
    retain: st.booleans(),
    between: st.booleans(),
):
    """A pass that is asked for its root's own gradient reads what the write of that root saved."""
    w = x.requires_grad_() * 1
    y = x * 1
    if how == "item":
        y[:1] = w[:1]
    elif how == "view":
        y.view(-1).mul_(w)
    elif how == "plain":
        y.mul_(w)
    else:
        getattr(y[:1], how)(*([w[:1]] if how == "mul_" else []))
    if between:
        w.add_(1)
    y.backward(torch.ones_like(y), retain_graph=retain, inputs=[y])
    y.backward(torch.ones_like(y), inputs=[y])
    y.grad
