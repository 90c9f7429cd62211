"""The version counter: who shares it, who has one of its own, and what moves it."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)


@case(requires=["in_place", "backward"], covers=["ver.increment"])
def version_can_be_incremented(torch, x: floats(shape=(2, 3))):
    """increment_version counts a write to each tensor given, and backward() notices."""
    y = x.requires_grad_() * 2
    z = y.exp() * y
    torch.autograd.graph.increment_version(y)
    torch.autograd.graph.increment_version([y, y[0]])
    y._version
    torch.autograd.graph.increment_version(3)
    torch.autograd.graph.increment_version([y, 3])
    z.sum().backward()


@case(requires=["in_place", "backward"], covers=["ver.increment"])
def version_can_be_set(torch, x: floats(shape=(3,)), version: st.integers(-1, 9)):
    """The unsafe functions set a version, or keep it, so that backward() notices nothing."""
    y = x.requires_grad_() * 2
    z = y.sin()
    y.mul_(2)
    torch._C._autograd._unsafe_set_version_counter((y,), (version,))
    y._version
    torch._C._autograd._unsafe_set_version_counter((y,), (0,))
    with torch.autograd._unsafe_preserve_version_counter(y):
        y.add_(1)
        y._version
    y._version
    z.sum().backward()


@case(requires=["detach", "in_place"], covers=["ver.setdata", "leaf.data_setter"])
def version_survives_new_data(torch, x: floats(shape=(3,)), y: lambda x: floats(x.dtype, shape=(2,))):
    """Assigning .data keeps the version of the tensor, and parts it from its views."""
    v = x[1:]
    x.add_(1)
    x.data = y
    x._version
    y._version
    x.mul_(2)
    x._version
    v._version
    v._base
    y.add_(1)
    v.add_(1)
    x.data.add_(1)
    x._version


@case(requires=["detach", "in_place"], covers=["ver.setdata", "leaf.data"])
def data_has_a_version_of_its_own(torch, x: floats(shape=(3,))):
    """.data starts at version zero each time, whatever was written to the tensor or to it."""
    x.add_(1)
    d = x.data
    d._version
    d.add_(1)
    d._version
    x.data._version
    x._version


@case(requires=["detach"], covers=["leaf.data_setter"])
def data_takes_tensors_of_a_kind(torch, x: floats(shape=(3,))):
    """Integers cannot be the data of a tensor that requires grad, nor what is no tensor."""
    x.data = torch.tensor([1, 2])
    x.requires_grad_()
    x.data = torch.tensor([1, 2, 3])
    x.data = 3
    x.data = None
    del x.data


@case(requires=["numpy", "in_place", "backward", "alias"], covers=["ver.numpy_write"])
def write_by_numpy_is_not_counted(torch, x: floats("float32", shape=(3,))):
    """Memory that is shared with an array can be written there without any version moving."""
    y = x.requires_grad_().exp()
    a = y.detach().numpy()
    a.fill(0)
    y._version
    y.sum().backward()


@case(requires=["set_", "alias"], covers=["ver.set_"])
def set_gives_a_tensor_other_memory(torch, x: floats(shape=(3,)), y: lambda x: floats(x.dtype, shape=(2, 2))):
    """set_() lets a tensor show another's memory, which counts as a write to the first alone."""
    v = x[:2]
    x.set_(y)
    x._version
    v._version
    y._version
    x.add_(1)
    y._version
    x.set_(y, 1, (2,), (2,))
    x.set_(y.untyped_storage(), 1, (3,), (1,))
    x.is_set_to(y)
    x.set_(y, 2, (3,), (1,))
    x.set_()
    x.set_(torch.ones(2, dtype=torch.int64))


@case(requires=["set_", "backward"], covers=["ver.set_"])
def set_has_no_derivative(torch, x: floats(shape=(3,)), y: lambda x: floats(x.dtype, shape=(3,))):
    """set_() refuses a leaf that requires grad; elsewhere it leaves a node without a derivative."""
    x.requires_grad_()
    x.set_(y)
    z = x * 2
    z.set_(y)
    z.grad_fn.name()
    z.sum().backward()
    y.clone().set_(x).requires_grad
    with torch.no_grad():
        x.set_(y)
    x.is_leaf


@case(requires=["set_", "backward"], covers=["ver.set_"])
def set_of_a_saved_value_is_noticed(torch, x: floats(shape=(3,)), y: lambda x: floats(x.dtype, shape=(3,))):
    """Giving a saved tensor, or its detached twin, other memory counts as a write to it."""
    z = x.requires_grad_() * 2
    w = z.sin()
    z.detach().set_(y)
    z._version
    w.sum().backward()


@case(requires=["resize_"], covers=["ver.set_", "inp.resize"])
def resize_shows_another_shape(torch, x: floats(shape=(6,))):
    """resize_() shows memory in another shape, which counts as a write if it is another."""
    v = x[2:4]
    x.resize_(2, 2)
    x.resize_(2, 2)
    x._version
    v.resize_((2, 2))
    v.storage_offset()
    x.resize_([3])
    x.resize_(6)
    x.resize_as_(v)
    x.resize_()
    v._base


@case(requires=["resize_"], covers=["inp.resize"])
def what_requires_grad_is_not_resized(torch, x: floats(shape=(2, 3))):
    """resize_() refuses whatever requires grad in every mode; a detached twin can be resized."""
    y = x.requires_grad_() * 2
    x.resize_(6)
    y.resize_(6)
    y.resize_as_(x)
    with torch.no_grad():
        x.resize_(6)
    y.detach().resize_(6)
    y._version
    x.data.resize_(3)
    x.shape


@case(requires=["set_", "views"], covers=["ver.set_"])
def set_of_a_view_rebases_its_base(torch, x: floats(shape=(2, 3)), y: lambda x: floats(x.dtype, shape=(2, 2))):
    """set_() of a view counts as a write to its base, which gets a CopySlices."""
    z = x.requires_grad_() * 2
    v = z[0]
    v.set_(y)
    z.grad_fn.name()
    z._version
    z.sum().backward()


@case(requires=["resize_", "inference_mode", "detach"], covers=["inp.resize", "leaf.detach_inplace"])
def inference_mode_does_not_ask_autograd(torch, x: floats(shape=(2, 3))):
    """In inference mode detach_() does nothing, and resize_() takes what requires grad."""
    y = x.requires_grad_() * 2
    with torch.inference_mode():
        y.detach_()
        y[0].detach_()
        y.resize_(2)
    y.requires_grad
    y.grad_fn.name()
    y.shape


@case(requires=["backward", "in_place", "graph"], covers=["graph.saved_only_needed"])
def what_one_formula_reads_is_saved_if_it_is_needed(
    torch,
    name: st.sampled_from(["addmm", "addmv", "addr", "baddbmm", "addcmul", "addcdiv", "lerp"]),
    tracked: st.integers(1, 7),
    written: st.integers(1, 2),
):
    """What one gradient alone reads is saved if that is needed, what several read in any case."""
    shapes = {"addmm": ((2, 2), (2, 3), (3, 2)), "addmv": ((2,), (2, 3), (3,)), "addr": ((2, 3), (2,), (3,))}
    shapes["baddbmm"] = ((2, 2, 2), (2, 2, 3), (2, 3, 2))
    given = [torch.full(shape, 1.5) for shape in shapes.get(name, ((2,), (2,), (2,)))]
    for i, x in enumerate(given):
        if tracked >> i & 1:
            x.requires_grad_()
    y = getattr(torch, name)(*given).exp()
    with torch.no_grad():
        given[written].mul_(2)
    y.sum().backward()


@case(requires=["backward", "cat"], covers=["ver.shared_views"])
def stolen_windows_of_one_gradient_share_a_version(
    torch,
    x: floats(shape=(2,), values="finite"),
    join: st.sampled_from(["cat", "hstack", "stack"]),
    kind: st.sampled_from(["float32", "complex64"]),
    seeded: st.booleans(),
):
    """Leaves that steal parts of one gradient count the writes to any of them."""
    y = x.clone().to(getattr(torch, kind)).requires_grad_()
    x.requires_grad_()
    z = getattr(torch, join)((x, y))
    if seeded:
        z.backward(torch.ones_like(z))
    else:
        (z * 1).abs().sum().backward()
    (x * 3).sum().backward()
    x.grad._version
    y.grad._version


@case(requires=["backward"])
def gradients_of_scores_are_written_to(
    torch,
    x: floats("float32", shape=(3,), values="finite"),
    weighted: st.booleans(),
    positive: st.booleans(),
    reduction: st.sampled_from(["mean", "sum", "none"]),
    graph: st.booleans(),
):
    """The gradients of the cross entropy of scores were written to once for each factor."""
    x.requires_grad_()
    target = torch.tensor([0.25, 0.5, 1.0]).requires_grad_()
    ones = torch.ones(3)
    y = torch.nn.functional.binary_cross_entropy_with_logits(
        x, target, ones if weighted else None, reduction=reduction, pos_weight=ones if positive else None
    )
    torch.autograd.grad(y.sum(), (x, target), create_graph=graph)


@case(requires=["in_place", "views", "backward"])
def gradient_of_a_written_view_is_written_to_alone(
    torch,
    x: floats("float32", shape=(2, 2), values="finite"),
    name: st.sampled_from(["exp_", "sin_", "square_"]),
    saved: st.sampled_from(["as it is", "on the cpu", "packed"]),
):
    """The gradient that a write to a view leaves belongs to nobody else, whatever the write saved."""
    y = x.requires_grad_().fmod(x)
    view = y.unsqueeze(-1)
    if saved == "as it is":
        getattr(view, name)()
    elif saved == "packed":
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
            getattr(view, name)()
    else:
        with torch.autograd.graph.save_on_cpu():
            getattr(view, name)()
    y.backward(torch.ones_like(y))
    x.grad._version


@case(requires=["backward"])
def zeros_for_what_was_never_repeated_are_written_to(
    torch, x: floats(shape=(2,)), times: st.lists(st.integers(0, 2), min_size=1, max_size=3), graph: st.booleans()
):
    """The gradient of what was repeated no times is filled with zeros, which counts as a write."""
    y = x.requires_grad_().repeat(*times)
    torch.autograd.grad(y.sum(), x, create_graph=graph)


@case(requires=["backward", "indexing"])
def gradient_of_what_a_mask_repeats_was_written_to_by_nobody(
    torch,
    x: floats(shape=st.sampled_from([(), (1,), (3,), (1, 3), (2, 3), (2, 1), (1, 1)]), values="finite"),
    shape: st.sampled_from([(), (3,), (2, 3), (1, 3)]),
    graph: st.booleans(),
):
    """The gradient of a masked selection counts a write, unless it is the sum of one that does."""
    y = x.requires_grad_().masked_select(torch.ones(shape, dtype=torch.bool))
    torch.autograd.grad(y.sum(), x, create_graph=graph, retain_graph=True)
    y.sum().backward()
    x.grad._version


@case(requires=["in_place", "backward"], covers=["ver.basic"])
def sum_of_gradients_takes_its_version_along(
    torch,
    x: floats("float32", shape=(3,)),
    way: st.sampled_from(["add", "view", "neg", "two leaves"]),
    times: st.sampled_from([1, 2, 3]),
):
    """A gradient that was added up in place counts those writes as .grad of what it reaches unchanged."""
    x.requires_grad_()
    w = torch.zeros(3, requires_grad=True)
    ways = {"add": lambda: x + 1, "view": lambda: x.view(3, 1), "neg": lambda: -x, "two leaves": lambda: x + w}
    y = ways[way]()
    z = y * y
    for _ in range(times):
        z = z + y.exp()
    z.sum().backward()
    x.grad._version
    w.grad


_TURNED = {
    "t": lambda x: x.t(),
    "T": lambda x: x.T,
    "permute": lambda x: x.permute(()),
    "transpose": lambda x: x.transpose(0, -1),
    "view": lambda x: x.view(()),
    "t_": lambda x: x.clone().t_(),
}


@case(requires=["backward", "alias"])
def gradient_of_a_turned_number_was_written_to_by_nobody(
    torch,
    x: floats("float32", shape=()),
    how: st.sampled_from(sorted(_TURNED)),
    after: st.sampled_from(["", "add", "sgn"]),
):
    """The gradient of a number that was transposed is a new tensor, which its leaf takes without a copy."""
    y = _TURNED[how](x.requires_grad_())
    z = y + 1 if after == "add" else y.sgn() if after == "sgn" else y
    z.backward(retain_graph=True)
    x.grad._version
    z.backward()


@case(requires=["create_graph"])
def second_gradients_of_normalization_are_summed_in_place(
    torch,
    x: floats("float32", shape=(2, 3), values="finite"),
    name: st.sampled_from(["batch_norm", "layer_norm", "evaluated"]),
    among: st.sets(st.sampled_from(["x", "weight", "bias"]), min_size=1),
):
    """Each further term of a second gradient of a normalization is a write to the first."""
    weight = torch.full((3,), 1.5).requires_grad_()
    bias = torch.zeros(3).requires_grad_()
    g = torch.ones(2, 3).requires_grad_()
    x.requires_grad_()
    if name == "layer_norm":
        y = torch.nn.functional.layer_norm(x, (3,), weight, bias)
    else:
        stats = (torch.zeros(3), torch.ones(3)) if name == "evaluated" else (None, None)
        y = torch.nn.functional.batch_norm(x, *stats, weight, bias, name == "batch_norm")
    wanted = [v for n, v in (("x", x), ("weight", weight), ("bias", bias)) if n in among]
    found = torch.autograd.grad(y, wanted, g, create_graph=True)
    torch.autograd.backward(found, [torch.ones_like(f) for f in found])
    x.grad
    g.grad


@case(requires=["forward_mode"])
def tangent_of_a_transposed_running_product_lies_as_its_primal(
    torch, x: floats("float32", shape=(2, 3), values="finite"), dim: st.integers(0, 1), turned: st.booleans()
):
    """The tangent of a running product lies row by row, and so is kept as it is."""
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones(2, 3))
        p, t = torch.autograd.forward_ad.unpack_dual((dual.t() if turned else dual).cumprod(dim))
        t._version


@case(requires=["backward", "views", "detach"], covers=["ver.requires_grad_nobump"])
def number_that_a_node_saved_is_written_behind_its_back(
    torch, x: floats(shape=(), values="smooth"), name: st.sampled_from(["exp", "tanh", "sigmoid", "rsqrt", "tan"])
):
    """A number that its node saved is the tensor's memory, also where .data is written to."""
    y = getattr(x.requires_grad_(), name)()
    y.grad_fn._saved_result
    y.data.mul_(2)
    y.grad_fn._saved_result
    y.backward(retain_graph=True)
    y.view(1).data.add_(1)
    y.backward()
