"""allow_mutation_on_saved_tensors: what was saved is cloned when it is written to; and packing before the write."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape

REQUIRES = ("tape",)


@case(requires=["saved_tensors_hooks", "in_place", "backward"], covers=["inp.allow_mutation"])
def saved_values_are_cloned_when_they_are_written_to(torch, builtins, x: floats(shape=(4,)), start: st.integers(0, 2)):
    """A write clones what was saved of the memory that begins where the written tensor begins."""
    x.requires_grad_()
    with torch.autograd.graph.allow_mutation_on_saved_tensors() as kept:
        y = x * 2
        z = y.sin() * y
        y[start:].mul_(y.detach()[start:])
        builtins.len(builtins.getattr(kept, "cloned"))
        builtins.len(builtins.getattr(kept, "original"))
        y.data.zero_()
        builtins.len(builtins.getattr(kept, "cloned"))
        z.sum().backward()
        builtins.len(builtins.getattr(kept, "tid_to_weakhandle"))
        torch.add(y.detach(), 1, out=y.detach())
    builtins.len(builtins.getattr(kept, "cloned"))


@case(requires=["saved_tensors_hooks", "in_place", "backward", "alias"], covers=["inp.allow_mutation"])
def gradients_are_not_added_in_place_where_writes_are_watched(
    torch, builtins, x: floats(values="finite"), n: st.integers(1, 4)
):
    """In allow_mutation_on_saved_tensors a pass adds out of place what it adds up, and .grad in place."""
    x.requires_grad_()
    with torch.autograd.graph.allow_mutation_on_saved_tensors() as kept:
        y = x * 2
        for i in range(n):
            y = y + x * i
        y.sum().backward()
        x.grad._version
        grad = x.grad
        z = (x * grad).sum()
        z.backward()
        builtins.len(builtins.getattr(kept, "cloned"))
        grad._version


@case(requires=["hooks", "in_place", "backward"], covers=["hook.saved_default"])
def operands_are_packed_before_the_write(
    torch, xw: same_shape(2, values="finite"), which: st.sampled_from(["mul_", "atan2_", "xlogy_"])
):
    """An in-place operator packs its operands as they are before it writes."""
    x, w = (t.requires_grad_() for t in xw)

    def pack(t):
        return t.clone()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = x * 2
        getattr(y, which)(y)
        y.addcmul_(y, w)
    y.sum().backward()


@case(requires=["saved_tensors_hooks", "views"])
def reshape_is_a_view_where_writes_are_watched(torch, x: floats(shape=(2, 3))):
    """In allow_mutation_on_saved_tensors a reshape that copies nothing is a view, with that node."""
    y = x.requires_grad_().t()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y.reshape(1, 3, 2).grad_fn.name()
        y.unsqueeze(0).flatten(0, 1).grad_fn.name()
    y.reshape(1, 3, 2).grad_fn.name()


@case(requires=["saved_tensors_hooks", "hooks", "create_graph"], covers=["inp.allow_mutation"])
def formulas_write_to_nothing_where_writes_are_watched(
    torch,
    x: floats(shape=(2, 2), values="finite"),
    which: st.sampled_from(
        ["index", "mask", "selected", "trace", "median", "prod", "extremes", "cumprod", "loss", "det", "pool", "pad"]
    ),
    graph: st.booleans(),
):
    """In allow_mutation_on_saved_tensors a formula computes out of place what it else writes to."""
    x.requires_grad_()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        outs = {
            "index": lambda: [x[torch.tensor([0, 0])]],
            "mask": lambda: [x[torch.tensor([[True, False], [True, True]])]],
            "selected": lambda: [x.masked_select(torch.tensor([[True, False], [True, True]]))],
            "trace": lambda: [x.trace()],
            "det": lambda: [(x + 9 * torch.eye(2)).det()],
            "pool": lambda: [torch.nn.functional.avg_pool1d(x, 2)],
            "pad": lambda: [torch.nn.functional.pad(x, (1, 1), "reflect")],
            "median": lambda: [x.median()],
            "prod": lambda: [x.prod()],
            "extremes": lambda: [x.aminmax()[0], x.aminmax()[1]],
            "cumprod": lambda: [x.cumprod(0)],
            "loss": lambda: [torch.nn.functional.binary_cross_entropy_with_logits(x, x.detach())],
        }[which]()
        loss = outs[0].square().sum()
        for out in outs[1:]:
            loss = loss + out.square().sum()
        (g,) = torch.autograd.grad(loss, [x], create_graph=graph, retain_graph=True)
        g._version
        loss.backward(create_graph=graph)
        x.grad._version
        if graph:
            (h,) = torch.autograd.grad(g.sum(), [x], allow_unused=True)


@case(requires=["custom_function", "saved_tensors_hooks", "backward"], covers=["inp.allow_mutation"])
def undefined_gradients_are_unwritten_zeros_where_writes_are_watched(torch, x: floats(), graph: st.booleans()):
    """In allow_mutation_on_saved_tensors the zeros that a Function gets for no gradient count no write."""

    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, first, second):
            second._version
            return first + second

    x.requires_grad_()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y, z = Two.apply(x)
        torch.autograd.grad(y.sum(), [x], create_graph=graph)
    y, z = Two.apply(x)
    torch.autograd.grad(y.sum(), [x], create_graph=graph)


@case(requires=["saved_tensors_hooks", "inference_mode"], covers=["inp.allow_mutation"])
def new_tensors_of_inference_mode_cannot_be_watched(
    torch, x: floats(shape=(2,)), how: st.sampled_from(["new", "of", "kept"])
):
    """In inference mode torch.tensor() and detach_() count as writes, of which no version is known."""
    with torch.autograd.graph.allow_mutation_on_saved_tensors(), torch.inference_mode():
        if how == "new":
            torch.tensor([1.0])
        elif how == "of":
            x.new_tensor([1.0])
        else:
            x[[1, 0]].detach_()


@case(requires=["saved_tensors_hooks", "forward_ad", "inference_mode"])
def dual_of_another_mode_has_no_primal(torch, x: floats("float32"), made: st.booleans(), unpacked: st.booleans()):
    """Where writes to saved tensors are allowed, only the mode that made a tensor unpacks it as a dual."""
    with torch.inference_mode(made):
        y = x * 2
    allowed, level = torch.autograd.graph.allow_mutation_on_saved_tensors(), torch.autograd.forward_ad.dual_level()
    with allowed, level, torch.inference_mode(unpacked):
        torch.autograd.forward_ad.unpack_dual(y)


@case(requires=["saved_tensors_hooks", "inference_mode", "views"])
def composed_views_have_no_base_where_writes_are_watched(
    torch,
    x: floats("float32", shape=(2, 2)),
    name: st.sampled_from(
        ["T", "mT", "flatten", "ravel", "swapaxes", "reshape", "view_as", "tensor_split", "view", "t"]
    ),
    tracked: st.booleans(),
):
    """In inference mode what several operators compose shares memory alone where writes are watched."""
    y = x.requires_grad_() * 2 if tracked else x
    with torch.autograd.graph.allow_mutation_on_saved_tensors(), torch.inference_mode():
        if name in ("T", "mT"):
            z = getattr(y, name)
        elif name == "tensor_split":
            z, _ = y.tensor_split(2)
        else:
            given = {"swapaxes": (0, 1), "reshape": (4,), "view": (4,), "view_as": (x,)}
            z = getattr(y, name)(*given.get(name, ()))
        z.requires_grad
        z.mul_(2)
    z._version
    y._version
    z._base


@case(requires=["saved_tensors_hooks", "backward"], covers=["inp.allow_mutation"])
def infinite_gradient_of_an_extreme_is_multiplied_where_writes_are_watched(
    torch,
    x: floats(shape=(3,), values="smooth"),
    name: st.sampled_from(["max", "min", "median", "nanmedian", "prod"]),
    far: st.sampled_from([float("nan"), float("inf"), 2.0]),
    before: st.booleans(),
    whole: st.booleans(),
):
    """Where writes are watched an extreme's gradient is multiplied by a mask, and nan goes everywhere."""
    x.requires_grad_()
    y = getattr(x, name)()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = y if before else getattr(x, name)()
        z = y * far
        if whole:
            z.backward()
        else:
            torch.autograd.grad(z, x)


@case(requires=["forward_ad", "inference_mode", "views"], covers=["inp.allow_mutation"])
def watched_view_of_a_dual_that_inference_mode_composes_has_no_tangent(
    torch,
    name: st.sampled_from(["movedim", "view_as", "reshape", "ravel", "swapaxes", "narrow", "t", "expand", "unsqueeze"]),
    watched: st.booleans(),
):
    """Where writes are watched, a view of a dual that inference mode composes has no tangent."""
    x, more = torch.ones(2, 2), {"movedim": (0, 1), "reshape": (4,), "swapaxes": (0, 1), "narrow": (0, 0, 1)}
    more |= {"expand": (2, 2), "unsqueeze": (0,), "view_as": (x,)}
    hooks = torch.autograd.graph.allow_mutation_on_saved_tensors() if watched else torch.enable_grad()
    with hooks, torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones(2, 2))
        with torch.inference_mode():
            y = getattr(dual, name)(*more.get(name, ()))
        primal, tangent = torch.autograd.forward_ad.unpack_dual(y)
