"""Gathering and scattering: elements picked and put by tensors of indices, duplicates included."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import bools, cotangent, floats, indices

x23 = floats("float32", shape=(2, 3), values="finite")
y23 = floats("float32", shape=(2, 3), values="finite")
g23 = cotangent((2, 3))
tied = floats("float32", shape=(2, 3), values="special")


@case(requires=["backward", "gather"], covers=["num.duplicates", "graph.names_shape"])
def gather_adds_up_duplicates(torch, x: x23, index: indices(2, shape=(2, 3)), dim: st.sampled_from([0, 1, -1]), g: g23):
    """An element that gather picks several times gets the sum of its gradients."""
    y = x.requires_grad_().gather(dim, index)
    y.grad_fn._saved_dim
    y.backward(g)


@case(requires=["backward", "index_select"], covers=["num.duplicates"])
def index_select_adds_up_duplicates(torch, x: x23, index: indices(2, shape=(3,)), dim: st.sampled_from([0, 1, -2])):
    """A slice that index_select picks several times gets the sum of its gradients."""
    y = x.requires_grad_().index_select(dim, index)
    (y * y.detach()).sum().backward()


@case(requires=["backward", "take"], covers=["num.duplicates"])
def take_adds_up_duplicates(torch, x: x23, index: indices(6, shape=(4,)), g: cotangent((4,))):
    """take counts the elements in row-major order and adds up the gradients of those it picks again."""
    x.requires_grad_().take(index).backward(g)
    x.t().take(index - 3).backward(g)


@case(requires=["backward", "scatter"], covers=["num.scatter_dup", "graph.names_shape"])
def scatter_keeps_the_last(
    torch, x: x23, y: y23, index: indices(2, shape=(2, 3)), dim: st.sampled_from([1, -1]), g: g23
):
    """Of the elements that scatter puts at one place the last stays, and all of them get its gradient."""
    z = x.requires_grad_().scatter(dim, index, y.requires_grad_())
    z.grad_fn.next_functions
    z.backward(g)


@case(requires=["backward", "scatter"], covers=["num.scatter_dup"])
def scatter_add_accumulates(torch, x: x23, y: y23, index: indices(2, shape=(2, 3)), g: g23):
    """scatter_add adds all elements that go to one place, and each gets the whole gradient."""
    x.requires_grad_().scatter_add(1, index, y.requires_grad_()).backward(g)


@case(requires=["backward", "scatter"], covers=["num.scatter_dup"])
def scatter_reduce_combines(
    torch,
    x: tied,
    y: tied,
    index: indices(2, shape=(2, 3)),
    how: st.sampled_from(["sum", "prod", "mean", "amax", "amin"]),
    keep: st.booleans(),
    g: g23,
):
    """scatter_reduce combines what goes to one place, with what was there or without."""
    x.requires_grad_().scatter_reduce(1, index, y.requires_grad_(), how, include_self=keep).backward(g)


@case(requires=["backward", "index_add"], covers=["num.scatter_dup", "graph.names_shape"])
def index_add_accumulates(
    torch, x: x23, y: y23, index: indices(3, shape=(3,)), alpha: st.sampled_from([1, 2, -0.5]), g: g23
):
    """index_add adds slices, scaled, also several to one place."""
    x.requires_grad_().index_add(1, index, y.requires_grad_(), alpha=alpha).backward(g)


@case(requires=["backward", "index_add"], covers=["num.scatter_dup"])
def index_reduce_combines(
    torch,
    x: tied,
    y: tied,
    index: indices(3, shape=(3,)),
    how: st.sampled_from(["prod", "mean", "amax", "amin"]),
    g: g23,
):
    """index_reduce combines whole slices that go to one place."""
    x.requires_grad_().index_reduce(1, index, y.requires_grad_(), how).backward(g)


@case(requires=["backward", "index_add"], covers=["num.scatter_dup", "graph.names_shape"])
def index_fill_and_copy_overwrite(
    torch, x: x23, y: y23, s: floats("float32", shape=()), index: indices(3, shape=(3,)), g: g23
):
    """What index_fill and index_copy overwrite gets no gradient; a filled-in tensor gets it once a slice."""
    x.requires_grad_()
    x.index_fill(1, index, s.requires_grad_()).backward(g)
    x.index_fill(1, index, 2).backward(g)
    x.index_copy(1, torch.tensor([2, 0, 1]), y.requires_grad_()).backward(g)


@case(requires=["backward", "index_put"], covers=["num.scatter_dup"])
def index_put_accumulates(
    torch, x: x23, v: floats("float32", shape=(3,)), index: indices(2, shape=(3,)), add: st.booleans(), g: g23
):
    """index_put adds what goes to one place if asked to, and each value gets its place's gradient."""
    columns = torch.tensor([0, 2, 2])
    x.requires_grad_().index_put((index, columns), v.requires_grad_(), accumulate=add).backward(g)


@case(requires=["backward", "put"], covers=["num.scatter_dup"])
def put_accumulates(torch, x: x23, v: floats("float32", shape=(4,)), index: indices(6, shape=(4,)), g: g23):
    """put adds elements at places counted in row-major order."""
    x.requires_grad_().put(index, v.requires_grad_(), accumulate=True).backward(g)


@case(requires=["backward", "masked_scatter"], covers=["graph.names_shape"])
def masked_scatter_puts_in_order(torch, x: x23, y: y23, mask: bools(shape=(2, 3)), g: g23):
    """masked_scatter puts elements in order where a mask holds; those left over get gradient zero."""
    x.requires_grad_().masked_scatter(mask, y.requires_grad_()).backward(g)


@case(requires=["scatter"])
def index_in_range(torch, x: x23, y: y23, index: indices(9, shape=(2, 3)), dim: st.sampled_from([0, 1, 2])):
    """Indices out of range, and dimensions that do not exist, are refused."""
    x.gather(dim, index)
    x.scatter(dim, index, y)
    x.scatter_add(dim, index - 1, y)
    x.index_select(dim, index[0])
    x.index_add(dim, index[0], y)
    x.index_copy(dim, index[0], y)
    x.index_fill(dim, index[0], 0)
    x.take(index - 2)


@case(requires=["scatter"])
def index_dtypes(torch, x: x23, y: y23, kind: st.sampled_from(["float32", "int32", "bool"])):
    """Indices are integers, and what is put has the dtype of what it is put into."""
    index = torch.zeros(2, 3, dtype=getattr(torch, kind))
    x.gather(0, index)
    x.index_select(0, index[0])
    x.take(index)
    x.index_copy(1, index[0], y)
    x.scatter(0, torch.zeros(2, 3, dtype=torch.int64), y.double())
    x.index_add(1, torch.tensor([0, 1, 2]), y.double())


@case(requires=["backward", "scatter", "in_place"], covers=["graph.names_shape"])
def scattering_in_place(
    torch,
    x: x23,
    y: y23,
    index: indices(2, shape=(2, 3)),
    name: st.sampled_from(
        ["scatter_", "scatter_add_", "scatter_reduce_", "index_add_", "index_copy_", "index_fill_", "put_"]
    ),
    g: g23,
):
    """What is scattered in place has the same node, and a leaf refuses it."""
    x.requires_grad_(), y.requires_grad_()
    z = x * 1
    columns = torch.tensor([2, 0, 1])
    call = {
        "scatter_": lambda t: t.scatter_(1, index, y),
        "scatter_add_": lambda t: t.scatter_add_(1, index, y),
        "scatter_reduce_": lambda t: t.scatter_reduce_(1, index, y, "amax"),
        "index_add_": lambda t: t.index_add_(1, columns, y),
        "index_copy_": lambda t: t.index_copy_(1, columns, y),
        "index_fill_": lambda t: t.index_fill_(1, columns[1:], 3.0),
        "put_": lambda t: t.put_(columns, y[0]),
    }[name]
    call(z)
    z.backward(g)
    call(x)


@case(requires=["backward", "gather", "create_graph"])
def gathered_twice(torch, x: x23, index: indices(3, shape=(2, 2)), y: floats("float32", shape=(2, 2), values="finite")):
    """The second derivative goes through gather's gradient, a scatter_add, and back."""
    out = (x.requires_grad_().gather(1, index) ** 3 * y.requires_grad_()).sum()
    (first,) = torch.autograd.grad(out, x, create_graph=True)
    first.grad_fn
    first.sum().backward()


@case(requires=["indexing"])
def filling_slices_of_nothing(
    torch,
    shape: st.sampled_from([(0,), (0, 2), (2, 0), (0, 3, 2)]),
    places: st.sampled_from([[0], [0, 1], [], [5]]),
    room: st.booleans(),
):
    """index_fill() of an empty tensor looks at its memory as if the index named as many slices."""
    x = torch.ones(7)[:0].view(shape) if room else torch.zeros(shape)
    index = torch.tensor(places, dtype=torch.int64)
    for dim in range(len(shape)):
        x.index_fill(dim, index, 2.0)
        x.index_fill_(dim, index, 2.0)


@case(requires=["indexing"])
def combining_nothing_refuses_nothing(
    torch,
    kind: st.sampled_from(["float32", "complex64", "int64"]),
    reduce: st.sampled_from(["sum", "prod", "mean", "amax", "amin"]),
    tracked: st.booleans(),
):
    """scatter_reduce() without an index compares nothing, complex numbers neither."""
    x = torch.ones(2).to(getattr(torch, kind))
    if tracked and kind != "int64":
        x.requires_grad_()
    for size in (0, 1):
        x.scatter_reduce(0, torch.zeros(size, dtype=torch.int64), torch.ones(size, dtype=x.dtype), reduce)


@case()
def complex_slices_are_put_among_reals(
    torch,
    x: floats("float32", shape=(2, 3), values="finite"),
    y: floats("float32", shape=(2,), values="finite"),
    at: st.integers(0, 2),
):
    """Complex numbers that replace a part of real ones lose their imaginary parts with a warning."""
    z = torch.complex(y, y)
    x.select_scatter(z, 1, at)
    x.slice_scatter(torch.stack([z, z], 1), 1, 1)
    x.diagonal_scatter(z)


@case(requires=["backward"])
def one_value_is_put_by_a_mask_whatever_its_type(
    torch,
    x: floats("float32", shape=(2, 3), values="finite"),
    value: floats("float64", shape=st.sampled_from([(), (1,)]), values="finite"),
    mask: bools(shape=(2, 3)),
):
    """index_put puts a single value of any type by a mask, and gives it a gradient of its own type."""
    x.index_put((mask,), value.requires_grad_()).sum().backward()


@case(requires=["backward", "gather"])
def nothing_that_is_scattered_has_a_gradient_of_its_source(
    torch,
    x: floats("float32", shape=(2, 3), values="finite"),
    shape: st.sampled_from([(1, 1), (0, 3), (2, 0), (2, 3)]),
    name: st.sampled_from(["scatter", "scatter_add"]),
    graph: st.booleans(),
):
    """A source beside an empty index has a gradient of zeros if it is one element, else none that fits."""
    source = torch.ones(shape).requires_grad_()
    y = getattr(x.requires_grad_(), name)(1, torch.zeros((2, 0), dtype=torch.int64), source)
    torch.autograd.grad(y.sum(), (x, source), create_graph=graph)


@case(requires=["hooks", "gather"])
def index_is_packed_before_it_is_looked_at(
    torch,
    name: st.sampled_from(
        ["index_add", "index_copy", "scatter", "scatter_add", "index_add_", "index_copy_", "scatter_"]
    ),
    which: st.sampled_from([(True, False), (False, True), (True, True)]),
    index: st.sampled_from([[9], [0, 0], [[0]], [0.0]]),
    double: st.booleans(),
):
    """An index and a source that do not fit are saved, and so packed, before they are refused."""
    x, source = (torch.ones(n).requires_grad_(yes) for n, yes in zip((2, 1), which, strict=True))
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        x = x + 1
        getattr(x, name)(0, torch.tensor(index), source.double() if double else source)


@case(requires=["scatter", "create_graph"])
def several_zeros_among_scattered_factors(
    torch, x: floats(shape=(3,), values="finite"), zeros: st.integers(0, 3), by_index: st.booleans()
):
    """A product over several zeros that were scattered to one place has no second derivative."""
    source = torch.tensor([2.0, 3.0, 5.0]).to(x.dtype)
    source[:zeros] = 0
    source.requires_grad_()
    index = torch.tensor([0, 0, 1])
    x.requires_grad_()
    y = x.index_reduce(0, index, source, "prod") if by_index else x.scatter_reduce(0, index, source, "prod")
    (g, h) = torch.autograd.grad(y.sum(), (x, source), create_graph=True)
    g.sum().backward(retain_graph=True)
    h.sum().backward()


@case(requires=["scatter", "create_graph", "graph"])
def nodes_of_gathered_gradients(torch, x: floats(shape=(3,), values="finite"), dim: st.sampled_from([0, -1])):
    """The gradient of what was scattered is gathered, by a node that keeps the dimension as it was given."""
    source = torch.ones(3).to(x.dtype).requires_grad_()
    index = torch.tensor([0, 2, 1])
    for y in (x.scatter_add(dim, index, source), x.scatter(dim, index, source), x.index_add(dim, index, source)):
        (g,) = torch.autograd.grad(y.pow(2).sum(), source, create_graph=True)
        g.grad_fn._saved_dim
    (g,) = torch.autograd.grad(x.scatter_add(dim, index, source).pow(2).sum(), source, create_graph=True)
    g.grad_fn._saved_sparse_grad


INDEXED = [
    *("gather", "scatter", "scatter_add", "scatter_reduce", "index_select", "index_add", "index_fill"),
    *("take", "put", "[]", "index_put", "max", "sort"),
]


@case(requires=["backward", "gather"], covers=["num.duplicates"])
def backward_looks_at_an_index_again(
    torch,
    x: floats("float32", shape=(3,), values="finite"),
    name: st.sampled_from(INDEXED),
    to: st.sampled_from([0, 2, 3, -1, -4]),
):
    """An index that was written to through .data is looked at again by backward: it may be out of range."""
    x.requires_grad_()
    index, ones = torch.tensor([0, 1, 2]), torch.ones(3)
    if name in ("gather", "index_select"):
        y = getattr(x, name)(0, index)
    elif name == "take":
        y = x.take(index)
    elif name == "[]":
        y = x[index]
    elif name == "index_fill":
        y = x.index_fill(0, index, 2.0)
    elif name == "put":
        y = x.put(index, ones)
    elif name == "index_put":
        y = x.index_put((index,), ones)
    elif name in ("max", "sort"):
        y, index = getattr(x, name)(0)
    else:
        y = getattr(ones * 2, name)(0, index, x, *(["amax"] if name == "scatter_reduce" else []))
    index.data.fill_(to)
    y.sum().backward()


@case(requires=["in_place"])
def source_that_is_the_target_is_read_as_it_has_become(
    torch,
    x: floats("float64", shape=(2, 3), values="distinct"),
    mask: bools(shape=(2, 3)),
    source: st.sampled_from(["itself", "turned", "tail", "detached"]),
    turned: st.booleans(),
):
    """masked_scatter_() from its own memory reads what it has written, unless the source has holes."""
    target, where = (x.t(), mask.t()) if turned else (x, mask)
    given = {"itself": x, "turned": x.t(), "tail": x.view(-1)[1:], "detached": x.detach()}[source]
    target.masked_scatter_(where, given)
    x[:1].expand(2, 3).masked_scatter_(torch.ones(7), x.long())


@case(requires=["in_place"])
def slices_of_nothing_are_looked_at_in_memory(
    torch, shape: st.sampled_from([(0,), (0, 3), (3, 0)]), count: st.integers(0, 2), at: st.integers(0, 1)
):
    """index_copy() looks for memory before it reads indices; index_add() adds nothing to an empty matrix."""
    x = torch.zeros(shape)
    index = torch.full((count,), at)
    source = torch.ones(count, *shape[1:])
    for y in (x, torch.zeros(4, *shape[1:])[: shape[0]]):
        y.index_copy_(0, index, source)
        y.index_copy(0, index, source)
        y.index_add(0, index, source)
        y.index_add_(0, index, source)
        y.index_copy_(0, torch.tensor(0), torch.tensor(1.0))


@case(requires=["scatter"])
def combining_scatter_of_a_tensor_is_deprecated(
    torch,
    x: x23,
    index: indices(2, shape=(2, 3)),
    reduce: st.sampled_from(["add", "multiply", "sum"]),
    name: st.sampled_from(["scatter", "scatter_"]),
):
    """scatter warns of `reduce` beside a tensor, before it looks at either, and not beside a number."""
    getattr(x.clone(), name)(0, index, 2.0, reduce=reduce)
    getattr(x.clone(), name)(0, index, x, reduce=reduce)
    getattr(x.clone(), name)(0, index, x.double(), reduce=reduce)
