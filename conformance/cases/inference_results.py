"""What becomes of inference tensors outside of their mode: versions of what operators and formulas make of them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("inference_mode",)


def inference(torch, *shape):
    """Ones that were made in inference mode."""
    with torch.inference_mode():
        return torch.ones(shape)


INTO_ZEROS = {
    "gather": lambda torch, x: x.gather(1, torch.zeros(2, 1).long()),
    "index_select": lambda torch, x: x.index_select(0, torch.tensor([1, 0, 1])),
    "index": lambda torch, x: x[torch.tensor([1, 0, 1])],
    "max": lambda torch, x: x.max(),
    "median": lambda torch, x: x.median(),
    "nanmedian": lambda torch, x: x.nanmedian(),
    "unfold": lambda torch, x: x.unfold(1, 2, 1),
    "unfold apart": lambda torch, x: x.unfold(1, 2, 2),
    "im2col": lambda torch, x: torch.nn.functional.unfold(x.reshape(1, 1, 2, 4), 2),
    "pad": lambda torch, x: torch.nn.functional.pad(x, (1, 2)),
    "pixel_shuffle": lambda torch, x: torch.nn.functional.pixel_shuffle(x.reshape(1, 4, 1, 2), 2),
    "pixel_unshuffle": lambda torch, x: torch.nn.functional.pixel_unshuffle(x.reshape(1, 1, 2, 4), 2),
    "channel_shuffle": lambda torch, x: torch.nn.functional.channel_shuffle(x.reshape(1, 4, 2), 2),
}
AS_WINDOWS = {
    "view": lambda torch, x: x.view(4, 2),
    "unsqueeze": lambda torch, x: x.unsqueeze(1),
    "flatten": lambda torch, x: x.flatten(),
    "cat": lambda torch, x: torch.cat([x, x * 2]),
    "stack": lambda torch, x: torch.stack([x, x * 2]),
    "sum": lambda torch, x: x[0, 0].sum(0),
    "select_scatter": lambda torch, x: torch.zeros(3, 2, 4).select_scatter(x, 0, 1),
    "t": lambda torch, x: x.t(),
}


@case(requires=["backward"])
def inference_gradient_written_into_zeros_counts_twice(torch, name: st.sampled_from(sorted(INTO_ZEROS))):
    """What a formula writes of an inference gradient into zeros counts, and that they are filled counts."""
    x = torch.ones(2, 4).requires_grad_()
    y = INTO_ZEROS[name](torch, x)
    y.backward(inference(torch, *y.shape))
    x.grad


@case(requires=["backward"])
def window_of_an_inference_gradient_is_kept_as_one(
    torch, name: st.sampled_from(sorted(AS_WINDOWS)), again: st.booleans()
):
    """A leaf that takes a window of an inference gradient as it is has an inference tensor for its grad."""
    x = torch.ones(2, 4).requires_grad_()
    y = AS_WINDOWS[name](torch, x)
    y.backward(inference(torch, *y.shape), retain_graph=True)
    x.grad.is_inference()
    if again:
        y.backward(torch.ones(y.shape))


@case(requires=["backward", "nn"])
def inference_gradient_of_a_resized_picture_counts_once(
    torch, mode: st.sampled_from(["nearest", "nearest-exact", "area", "bilinear", "bicubic"]), dims: st.integers(1, 3)
):
    """The gradient of interpolate() is written once, of whatever mode."""
    if mode.startswith("bi"):
        dims = 2
    x = torch.ones((1, 2, *(3,) * dims)).requires_grad_()
    y = torch.nn.functional.interpolate(x, (2, 4, 3)[:dims], mode=mode)
    y.backward(inference(torch, *y.shape))


@case(requires=["nn"])
def operators_of_pictures_count_writes_over_inference_tensors(
    torch,
    name: st.sampled_from(["max_pool3d", "adaptive_avg_pool3d", "fold", "pixel_shuffle", "pixel_unshuffle"])
    | st.sampled_from(["channel_shuffle", "pad", "pdist", "interpolate"]),
    batch: st.sampled_from([(), (1,), (2,)]),
    amount: st.sampled_from([1, 2, -1]),
):
    """Pictures made of inference tensors have versions that say in how many steps."""
    functional = torch.nn.functional
    if name == "pad":
        functional.pad(inference(torch, *batch, 4, 4), (0, amount))
    elif name == "pdist":
        functional.pdist(inference(torch, len(batch) + 1, abs(amount) - 1))
    elif name == "interpolate":
        functional.interpolate(inference(torch, 1, 2, 3, 3), 2, mode="nearest-exact")
    elif name == "fold":
        functional.fold(inference(torch, *batch, 4, 3), (2, 4), (2, 2))
    elif name == "channel_shuffle":
        functional.channel_shuffle(inference(torch, 1, 4, 2, 2), abs(amount))
    else:
        shape = {"pixel_shuffle": (4, 2, 2), "pixel_unshuffle": (1, 2, 4)}.get(name, (1, 2, 4, 4))
        getattr(functional, name)(inference(torch, *batch, *shape), abs(amount))


@case()
def products_with_an_addend_count_writes_over_inference_tensors(
    torch,
    name: st.sampled_from(["addmm", "addbmm", "baddbmm"]),
    inner: st.integers(0, 2),
    beta: st.sampled_from([0, 1, 2]),
    batch: st.integers(0, 3),
):
    """The addend of inference tensors is copied to unless it is multiplied by zero, and then scaled."""
    lead = () if name == "addmm" else (batch,)
    a, b = inference(torch, *lead, 2, inner), inference(torch, *lead, inner, 3)
    getattr(torch, name)(inference(torch, 3), a, b, beta=beta)


@case()
def selections_count_writes_over_inference_tensors(
    torch,
    name: st.sampled_from(["index_add", "index_reduce", "scatter_reduce", "repeat", "select_scatter", "slice_scatter"])
    | st.sampled_from(["masked_fill", "fill", "index_put"]),
    how: st.sampled_from(["mean", "prod", "amax"]),
    count: st.integers(0, 2),
    flag: st.booleans(),
):
    """What is put into copies of inference tensors counts, beside inference tensors alone."""
    x, source = inference(torch, 2, 3), inference(torch, count, 3)
    with torch.inference_mode():
        index = torch.zeros(count).long()
        value = torch.ones(())
        mask = torch.ones(3).bool()
    if name == "index_add":
        x.index_add(0, index, source, alpha=2 if flag else 1)
    elif name == "index_reduce":
        x.index_reduce(0, index, source, how, include_self=flag)
    elif name == "scatter_reduce":
        with torch.inference_mode():
            index = index.reshape(-1, 1).clone()
        x.scatter_reduce(0, index, source, how, include_self=flag)
    elif name == "repeat":
        x.repeat(count, 1)
    elif name == "masked_fill":
        x.masked_fill(mask, value if flag else 1.0)
    elif name == "fill":
        torch.fill(x, value)
    elif name == "index_put":
        x.index_put((index,), torch.ones(()) if flag else value)
    elif name == "select_scatter":
        x.select_scatter(inference(torch, 3), 0, 1)
    else:
        x.slice_scatter(source, 0, 0, count)


@case(requires=["linalg"])
def factors_count_writes_over_inference_tensors(
    torch,
    shape: st.sampled_from([(2, 2), (3, 2), (2, 3), (3, 0), (0, 2)]),
    mode: st.sampled_from(["reduced", "complete", "r", "lu"]),
):
    """The factors of an inference tensor have versions by its shape."""
    a = inference(torch, *shape)
    if mode == "lu":
        torch.linalg.lu(a)
    else:
        torch.linalg.qr(a, mode=mode)


OPERATORS = {
    "clone": lambda torch, x: x.clone(),
    "add_": lambda torch, x: x.clone().add_(x),
    "1 + x": lambda torch, x: 1 + x,
    "2 * x": lambda torch, x: 2 * x,
    "1 - x": lambda torch, x: 1 - x,
    "double": lambda torch, x: x.double(),
    "t": lambda torch, x: x.expand(2, 3).t().contiguous(),
    "round": lambda torch, x: x.round() * x,
    "floor": lambda torch, x: x.floor(),
    "div": lambda torch, x: torch.div(x, x, rounding_mode="trunc"),
    "zero_": lambda torch, x: x.clone().zero_(),
    "fill": lambda torch, x: torch.fill(x, 2.0),
    "masked_fill": lambda torch, x: x.masked_fill(x > 1, 0.0),
    "index_put": lambda torch, x: x.index_put((torch.tensor([1, 0]),), x[:2]),
    "index": lambda torch, x: x[torch.tensor([1, 0])],
    "take": lambda torch, x: x.take(torch.tensor([1, 0])),
    "aminmax": lambda torch, x: x.aminmax()[0] + x.aminmax()[1],
    "xlogy": lambda torch, x: torch.xlogy(x, x),
    "fmax": lambda torch, x: torch.fmax(x, 2 * x),
    "diag": lambda torch, x: x.expand(3, 3).diag(),
    "norm": lambda torch, x: x.norm(0),
    "fft": lambda torch, x: torch.fft.fft(x).abs(),
    "inv": lambda torch, x: (torch.eye(3) * x).inverse(),
    "mse_loss": lambda torch, x: torch.nn.functional.mse_loss(x, x.sin()),
    "huber_loss": lambda torch, x: torch.nn.functional.huber_loss(x, x.sin()),
    "soft_margin_loss": lambda torch, x: torch.nn.functional.soft_margin_loss(x, torch.ones(3)),
    "glu": lambda torch, x: torch.nn.functional.glu(torch.cat([x, x])),
    "avg_pool1d": lambda torch, x: torch.nn.functional.avg_pool1d(x.view(1, 3), 2),
    "max_pool1d": lambda torch, x: torch.nn.functional.max_pool1d(x.view(1, 1, 3), 2),
    "interpolate": lambda torch, x: torch.nn.functional.interpolate(x.view(1, 1, 3), 2),
    "pad": lambda torch, x: torch.nn.functional.pad(x.view(1, 3), (1, 1), mode="reflect"),
    "cdist": lambda torch, x: torch.cdist(x.view(1, 3), x.view(1, 3) + 1),
    "embedding": lambda torch, x: torch.nn.functional.embedding(torch.tensor([1, 0]), x.view(3, 1)),
}


@case(requires=["func", "vmap", "forward_mode"])
def transforms_within_the_mode_count_the_steps_of_operators(
    torch,
    x: floats("float32", shape=(3,), values="positive"),
    name: st.sampled_from(sorted(OPERATORS)),
    kind: st.sampled_from(["jvp", "vjp", "grad", "jacfwd", "jacrev", "hessian"]),
    inside: st.booleans(),
):
    """What a transform in inference mode makes has a version that says in how many steps it was made."""
    f = OPERATORS[name]
    with torch.inference_mode():
        if inside:
            x = x * 1
        function = {
            "jvp": lambda: torch.func.jvp(lambda a: f(torch, a), (x,), (x,)),
            "vjp": lambda: torch.func.vjp(lambda a: f(torch, a).sum(), x)[1](torch.ones(())),
            "grad": lambda: torch.func.grad(lambda a: f(torch, a).sum().float())(x),
            "jacfwd": lambda: torch.func.jacfwd(lambda a: f(torch, a))(x),
            "jacrev": lambda: torch.func.jacrev(lambda a: f(torch, a))(x),
            "hessian": lambda: torch.func.hessian(lambda a: (f(torch, a) ** 2).sum())(x),
        }[kind]
        function()


@case(requires=["data"])
def data_of_an_inference_tensor_makes_one_that_has_a_version(
    torch, inside: st.booleans(), which: st.sampled_from(["leaf", "tracked leaf", "part"])
):
    """A tensor whose data is set to an inference tensor is one, and its version stays in the mode."""
    x = torch.zeros(2).requires_grad_(which == "tracked leaf")
    y = x[:] if which == "part" else x
    frozen = inference(torch, 2)
    with torch.inference_mode(inside):
        y.data = frozen
        y.is_inference()
        (y * y).requires_grad
        (y * 2).requires_grad
        y.cos_()
        y.add_(1)
    y.view(1, 2).is_inference()
    y.detach().add_(1)


@case(requires=["detach"])
def detached_inference_tensor_counts_outside_the_mode_alone(torch, inside: st.booleans()):
    """What detach() makes of an inference tensor has a version, which stays as it is in the mode."""
    y = inference(torch, 2).detach()
    with torch.inference_mode(inside):
        y.add_(1)
        y._version
    y.mul_(2)


@case(requires=["functional", "inference_mode"])
def tangent_of_a_part_of_memory_is_copied(torch, x: floats(shape=(3,)), at: st.integers(0, 2)):
    """jacfwd() of what begins later in its memory makes tangents that begin there, too."""
    y = x.unbind()[at]
    with torch.inference_mode():
        torch.func.jacfwd(lambda a: a)(y)


COPIES = {
    "sort": lambda torch, x: x.sort()[0],
    "msort": lambda torch, x: x.msort(),
    "stable": lambda torch, x: x.sort(stable=True, descending=True)[0],
    "double": lambda torch, x: x.double(),
    "pow": lambda torch, x: x**1,
    "square": lambda torch, x: x**2,
    "diag_embed": lambda torch, x: x.diag_embed(),
    "pad": lambda torch, x: torch.nn.functional.pad(x, (1, 1), value=2.5),
    "cropped": lambda torch, x: torch.nn.functional.pad(x, (1, -1)),
    "of a number": lambda torch, x: x[0].sort()[0],
    "flip": lambda torch, x: x.flip(0),
    "flip of a number": lambda torch, x: x[0].flip(0),
    "max of a number": lambda torch, x: x[0].max(0)[0],
    "topk": lambda torch, x: x.topk(1)[0],
}


@case(requires=["forward_ad"])
def kernel_that_copies_an_inference_tensor_copies_its_tangent(
    torch, x: floats("float32", shape=(3,), values="smooth"), name: st.sampled_from(sorted(COPIES)), mode: st.booleans()
):
    """A tangent of an inference tensor goes on with what a kernel copies, in its own order."""
    with torch.inference_mode():
        y = x * 1
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(y, torch.tensor([1.0, 2.0, 3.0]))
        with torch.inference_mode(mode):
            out = COPIES[name](torch, dual)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(out)


MEETS = {
    "view": lambda torch, x: x.view(-1),
    "select": lambda torch, x: x[0],
    "reshape to itself": lambda torch, x: x.reshape(2, 1),
    "contiguous": lambda torch, x: x.contiguous(),
    "detach": lambda torch, x: x.detach().is_inference(),
    "data": lambda torch, x: x.data.is_inference(),
    "result": lambda torch, x: x * 2,
    "saved": lambda torch, x: x * torch.ones(2, 1, requires_grad=True),
    "written": lambda torch, x: x.mul_(2),
    "leaf": lambda torch, x: x.requires_grad_() + 1,
}


@case(requires=["inference_mode", "data", "versions"])
def inference_tensor_over_ordinary_memory_has_no_version(
    torch, name: st.sampled_from(sorted(MEETS)), mode: st.booleans(), inference: st.booleans()
):
    """An inference tensor that gets an ordinary one's memory is ordinary, but without a version."""
    with torch.inference_mode():
        x = torch.ones(())
        other = torch.ones(2, 1)
    x.data = other if inference else torch.zeros(2, 1)
    x.is_inference()
    with torch.inference_mode(mode):
        MEETS[name](torch, x)
    x._version
