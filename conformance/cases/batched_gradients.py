"""Gradients of a batch of seeds, which one backward computes for all of them, and Jacobians made of them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import same_shape, smooth

CHOICES = st.booleans()


@case(requires=["grad", "hooks"], covers=["call.batched"])
def batched_seeds_run_hooks_once(torch, x: smooth(shape=(2,))):
    """A hook sees the gradients of a whole batch at once, in the shape of one."""
    x.requires_grad_()
    y = x.exp()
    y.register_hook(lambda grad: grad * 2)
    torch.autograd.grad(y * x, x, torch.eye(2), is_grads_batched=True)


@case(requires=["grad", "create_graph"], covers=["call.batched"])
def batched_gradients_have_one_graph(torch, x: smooth(shape=(2,)), y: smooth(shape=(2,))):
    """With create_graph batched gradients have the nodes of one backward, not one for each seed."""
    x.requires_grad_()
    y.requires_grad_()
    a, b = torch.autograd.grad((x * y).exp(), (x, y), torch.eye(2), is_grads_batched=True, create_graph=True)
    torch.autograd.grad(a.sum() + b.prod(), (x, y))


@case(requires=["grad", "custom_function"], covers=["call.batched"])
def a_batched_gradient_has_no_numbers(
    torch, x: smooth(shape=(2,)), look: st.sampled_from(["item", "tolist", "numpy", "random", "write"])
):
    """In a Function's backward a batch can be computed with and written to, but not be looked at."""

    class Looking(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            if look == "item":
                grad.sum().item()
            if look == "tolist":
                grad.tolist()
            if look == "numpy":
                grad.numpy()
            if look == "random":
                grad = grad + torch.rand_like(grad)
            if look == "write":
                zeros = torch.zeros_like(grad)
                zeros += grad
                grad = zeros.mul_(2)
            return grad * 2

    x.requires_grad_()
    torch.autograd.grad(Looking.apply(x), x, torch.eye(2), is_grads_batched=True)


@case(requires=["functional", "hooks"], covers=["fnl.jacobian"])
def vectorized_jacobian_runs_hooks_once(torch, x: smooth(shape=(2,)), vectorize: CHOICES):
    """With vectorize a hook on the way runs once, without it once for each element of the output."""

    def function(a):
        b = a.exp()
        b.register_hook(lambda grad: grad * 2)
        return b * a

    torch.autograd.functional.jacobian(function, x, vectorize=vectorize)


@case(requires=["functional", "create_graph"], covers=["fnl.jacobian"])
def vectorized_jacobian_has_a_graph(torch, x: smooth(shape=(2,)), leaf: CHOICES):
    """With create_graph a vectorized Jacobian has the graph of one backward."""
    x.requires_grad_(leaf)
    j = torch.autograd.functional.jacobian(lambda a: a.exp() * a, x, create_graph=True, vectorize=True)
    torch.autograd.grad(j.sum(), x)


@case(requires=["functional", "forward_ad"], covers=["fnl.jacobian"])
def jacobian_in_forward_mode(torch, xy: same_shape(2, values="smooth", max_dims=2, empty=False)):
    """In forward mode the function is called once, on duals; several inputs give lists."""
    x, y = xy
    torch.autograd.functional.jacobian(lambda a: a.sin(), x, vectorize=True, strategy="forward-mode")
    torch.autograd.functional.jacobian(
        lambda a, b: (a * b, a.sum(), torch.ones(1)), (x, y), vectorize=True, strategy="forward-mode"
    )
    torch.autograd.functional.jacobian(lambda a: (a, 3), x, vectorize=True, strategy="forward-mode")
    torch.autograd.functional.jacobian(lambda a: 3, x, vectorize=True, strategy="forward-mode")


FUNCTIONS = {
    "no rule": lambda torch, x, q: x.tanh() + torch.nn.functional.gelu(x),
    "no rule of a sum": lambda torch, x, q: x * q[0, 0],
    "written in place": lambda torch, x, q: x.std(0) + torch.nn.functional.binary_cross_entropy_with_logits(x, x * 2),
    "zeros written": lambda torch, x, q: q[:, :1].squeeze() * x.select(0, 1) + q.diagonal(),
    "lists": lambda torch, x, q: torch.cat([x, torch.stack([x.norm(3), x[0]])]).softmax(0),
    "composites": lambda torch, x, q: q.mv(x) + x.cumprod(0) + (q @ x),
    "products": lambda torch, x, q: torch.stack([q, q.mT]).bmm(torch.stack([q, q])).sum((0, 1)),
    "of no values": lambda torch, x, q: torch.stack([x.clone().lt_(0.5), torch.copysign(x, q[0])]),
    "blocks": lambda torch, x, q: torch.linalg.matrix_exp(q),
    "singular values": lambda torch, x, q: torch.linalg.det(q) * x,
    "indices": lambda torch, x, q: x[torch.tensor([1, 0, 1])].exp(),
}


@case(requires=["grad", "create_graph"], covers=["call.batched"])
def batched_gradients_tell_what_ran_for_each_seed(
    torch, x: smooth(shape=(2,)), q: smooth(shape=(2, 2)), kind: st.sampled_from(sorted(FUNCTIONS)), graph: CHOICES
):
    """The graph of batched gradients shows which operators ran for each seed, and which for all at once."""
    x.requires_grad_()
    q.requires_grad_()
    y = FUNCTIONS[kind](torch, x, q)
    seeds = torch.stack([torch.ones_like(y), torch.ones_like(y) * 0.5])
    torch.autograd.grad(y, (x, q), seeds, is_grads_batched=True, create_graph=graph, allow_unused=True)


@case(requires=["grad", "create_graph", "nn"], covers=["call.batched"])
def batched_gradients_of_cross_entropies_are_written(
    torch,
    x: smooth(shape=(2, 3)),
    name: st.sampled_from(["binary_cross_entropy", "binary_cross_entropy_with_logits"]),
    reduction: st.sampled_from(["mean", "none"]),
    weighted: CHOICES,
    positive: CHOICES,
    twice: CHOICES,
    graph: CHOICES,
    by_vmap: CHOICES,
):
    """The gradient of a cross entropy is multiplied in its own memory by what is the same for each seed."""
    x, target = x.sigmoid().requires_grad_(), x.detach().cos().square().requires_grad_()
    options = {"weight": x.detach() + 1} if weighted else {}
    if positive and name != "binary_cross_entropy":
        options["pos_weight"] = x.detach()[0] * 2
    y = getattr(torch.nn.functional, name)(x, target, reduction=reduction, **options)
    if twice:
        (y, *_) = torch.autograd.grad(y, (x, target), torch.ones_like(y), create_graph=True)
    seeds = torch.stack([torch.ones_like(y), torch.ones_like(y) * 0.5])
    if by_vmap:
        torch.func.vmap(lambda seed: torch.autograd.grad(y, (x, target), seed, create_graph=graph))(seeds)
    else:
        torch.autograd.grad(y, (x, target), seeds, is_grads_batched=True, create_graph=graph)


@case(requires=["func", "nn"])
def weights_of_logits_have_derivatives_within_a_transform(
    torch,
    x: smooth(shape=(2, 3)),
    which: st.sampled_from(["weight", "pos_weight"]),
    how: st.sampled_from(["grad", "jacfwd", "vmap", "outside"]),
):
    """By its weights the cross entropy of logits is derived within a transform, and nowhere else."""

    def loss(weight):
        target = x.detach().sigmoid()
        return torch.nn.functional.binary_cross_entropy_with_logits(x.detach(), target, **{which: weight})

    if how == "vmap":
        torch.func.vmap(loss)(torch.stack([x, x * 2]).requires_grad_())
    elif how == "outside":
        loss(x.requires_grad_())
    else:
        getattr(torch.func, how)(loss)(x)
