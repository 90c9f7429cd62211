"""Jacobians by function transforms, with the graph of how operators run on a batch of seeds."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import smooth

FUNCTIONS = {
    "activations": lambda torch, F, x, w: F.prelu(x, w[0]) + x.softmax(-1) * F.log_softmax(x.sum(), 0),
    "pools": lambda torch, F, x, w: F.avg_pool1d(x, 2, 1) + F.adaptive_avg_pool1d(x, 2) + F.adaptive_max_pool1d(x, 2),
    "paddings": lambda torch, F, x, w: F.pad(x, (1, 1), "reflect") + F.pad(x, (1, 1), "replicate"),
    "convolutions": lambda torch, F, x, w: (
        F.conv1d(x, w[None], w[:1, 0]) + F.conv1d(w[:, None], x[:1, None, :2].mT * 0 + w[0, 0])
    ),
    "weights": lambda torch, F, x, w: F.conv1d(w, x[:, None], groups=2),
    "means of losses": lambda torch, F, x, w: F.mse_loss(x, w) + F.huber_loss(x, w) + F.smooth_l1_loss(x, w),
    "entropies": lambda torch, F, x, w: F.binary_cross_entropy_with_logits(x, w) + F.nll_loss(x, torch.tensor([2, 0])),
    "norms": lambda torch, F, x, w: F.layer_norm(x, (3,), w[0]) + F.group_norm(x, 1, w[0, :2]),
    "products": lambda torch, F, x, w: x.cumprod(1) + (x[None] @ w.mT).sum(),
    "solved": lambda torch, F, x, w: (
        torch.linalg.solve(x[:, :2] + 3 * torch.eye(2, dtype=x.dtype), w) + torch.det(x[:, :2])
    ),
    "indices": lambda torch, F, x, w: x[torch.tensor([1, 1])] + x.index_fill(0, torch.tensor([0]), 2.0),
}


@case(requires=["func"], covers=["func.nested"])
def jacobians_have_the_nodes_of_batching_rules(
    torch,
    x: smooth(dtype="float64", shape=(2, 3)),
    w: smooth(dtype="float64", shape=(2, 3)),
    kind: st.sampled_from(sorted(FUNCTIONS)),
    way: st.sampled_from(["jacrev", "jacfwd"]),
):
    """The graph of a Jacobian shows the operators that its batch of seeds ran through."""
    x.requires_grad_()
    w.requires_grad_()
    getattr(torch.func, way)(lambda a: FUNCTIONS[kind](torch, torch.nn.functional, a, w))(x)


@case(requires=["func"], covers=["func.vmap"])
def batches_lie_row_major(
    torch,
    x: smooth(dtype="float32", shape=(2, 1, 2, 2, 3)),
    to: st.sampled_from(["clone", "contiguous", "to", "is_contiguous"]),
    form: st.sampled_from(["channels_last", "channels_last_3d"]),
):
    """Within vmap no batch is cloned to, or asked about, a memory format other than row-major."""
    memory_format = getattr(torch, form)
    torch.func.vmap(lambda a: (getattr(a, to)(memory_format=memory_format), a.clone())[1])(x)


@case(requires=["func", "random"], covers=["func.vmap"])
def random_slopes_are_refused(
    torch, x: smooth(dtype="float32", shape=(2, 3)), way: st.sampled_from(["vmap", "jacfwd"])
):
    """rrelu is refused within vmap, under the name of what reaches it there."""
    f = torch.nn.functional.rrelu
    if way == "vmap":
        torch.func.vmap(f)(x)
    else:
        torch.func.jacfwd(f)(x)


PICKS = {
    "list": lambda torch, x: x[[1, 0]] * x,
    "tensor": lambda torch, x: x[torch.tensor([0, 0])] * x,
    "rows": lambda torch, x: x.outer(x)[:, [1, 1]].sum(1),
    "mask": lambda torch, x: x[torch.tensor([True, False])] ** 2,
    "put": lambda torch, x: x.index_put((torch.tensor([1]),), x[:1] * 2) * x,
    "scatter": lambda torch, x: x.scatter(0, torch.tensor([1]), x[:1]) * x,
}


@case(requires=["func"], covers=["func.vmap"])
def second_derivatives_of_picked_elements(
    torch,
    x: smooth(dtype="float32", shape=(2,)),
    name: st.sampled_from(sorted(PICKS)),
    outer: st.sampled_from(["jacfwd", "jacrev"]),
    inner: st.sampled_from(["jacfwd", "jacrev"]),
):
    """Elements that are picked, or put elsewhere, have second derivatives by every way to take them."""
    getattr(torch.func, outer)(getattr(torch.func, inner)(lambda a: PICKS[name](torch, a)))(x)


@case(requires=["functional"], covers=["func.vmap"])
def vectorized_jacobian_is_of_a_basis_that_was_written(
    torch,
    x: smooth(dtype="float32", shape=(2,)),
    strategy: st.sampled_from(["reverse-mode", "forward-mode"]),
    name: st.sampled_from(["itself", "part", "pass", "function"]),
    mode: st.booleans(),
):
    """A vectorized jacobian may be its own seeds, which were written once; a pass within it is refused."""

    def f(a):
        if name == "pass":
            torch.ones((), requires_grad=True).exp().backward()
            return a
        if name == "part" and strategy == "reverse-mode":
            return a[0]
        return a * 2 if name == "function" else a

    with torch.inference_mode(mode and strategy == "reverse-mode"):
        torch.autograd.functional.jacobian(f, x, vectorize=True, strategy=strategy)
