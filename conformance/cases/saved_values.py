"""What nodes saved: who notices that it was written to, detached or freed, and where it is in the graph."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)


@case(requires=["backward", "in_place", "detach"], covers=["ver.basic"])
def detached_operand_is_told_from_a_written_one(
    torch,
    w: floats(shape=(3,), values="finite"),
    saved: st.sampled_from(["before", "after"]),
    write: st.sampled_from(["none", "plain", "tracked"]),
    graph: st.booleans(),
):
    """What was saved before detach_() is missed as detached, unless it has a history again."""
    y = w.requires_grad_() * 1
    z = y * y if saved == "before" else w * 2
    y.detach_()
    if saved == "after":
        z = y * w
    if write == "plain":
        y.add_(1)
    elif write == "tracked":
        y.mul_(w)
    z.sum().backward(create_graph=graph)


@case(requires=["backward", "in_place", "create_graph"], covers=["ver.basic"])
def result_in_a_formula_has_the_version_of_its_memory(
    torch,
    x: floats(shape=(3,), values="finite"),
    name: st.sampled_from(["tanh", "exp", "sigmoid"]),
    how: st.sampled_from(["detached", "no_grad", "read", "none"]),
):
    """A result that a formula of second order saved is missed when it is written to."""
    y = getattr(x.requires_grad_(), name)()
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    read = y.grad_fn._saved_result if how == "read" else y
    if how == "detached":
        y.detach().add_(1)
    elif how == "no_grad":
        with torch.no_grad():
            y.add_(1)
    elif how == "read":
        read.detach().add_(1)
    read._version
    g.sum().backward()


@case(requires=["backward", "graph", "saved_tensors_hooks"])
def freed_value_takes_no_hooks(
    torch, x: floats(shape=(3,), values="finite"), what: st.sampled_from([("tanh", "result"), ("sin", "self")])
):
    """A handle of a saved value says that it was freed, be it of an operand or of a result."""
    name, saved = what
    y = getattr(x.requires_grad_(), name)()
    handle = getattr(y.grad_fn, "_raw_saved_" + saved)
    y.sum().backward()
    handle.register_hooks(lambda t: t, lambda t: t)
    handle.unknown


@case(requires=["backward", "create_graph", "in_place", "graph"], covers=["view.inplace_base"])
def result_of_a_write_through_a_view_that_is_gone_is_the_writes(
    torch, x: floats(shape=(2, 2), values="finite"), name: st.sampled_from(["tanh_", "exp_", "sigmoid_"])
):
    """A result that was written through a view which nobody holds is an output of the write's node."""
    y = x.requires_grad_() * 1
    getattr(y[0], name)()
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    g.sum().backward()


@case(requires=["backward", "inference_mode", "saved_tensors_hooks", "indexing"])
def inference_tensors_are_refused_before_they_are_packed(torch, x: floats(shape=(3,)), packs: st.booleans()):
    """An index that is an inference tensor cannot be saved, whether hooks would pack it or not."""
    with torch.inference_mode():
        i = torch.tensor([0, 1])
        w = torch.ones(3)

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * 1

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    x.requires_grad_()
    if packs:
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            x[i]
            Scale.apply(x, w)
    else:
        x[i]
        Scale.apply(x, w)


@case(requires=["embedding", "graph"])
def padding_index_is_saved_without_sign(torch, w: floats(shape=(4, 2)), index: st.sampled_from([-1, 2, None])):
    """The index that stands for padding is saved as it is counted, or as the greatest number."""
    y = torch.nn.functional.embedding(torch.tensor([1, 2]), w.requires_grad_(), padding_idx=index)
    y.grad_fn._saved_padding_idx


@case(requires=["not_implemented", "create_graph"])
def what_has_no_derivative_has_none_of_second_order(torch, x: floats(values="finite"), graph: st.booleans()):
    """A gradient that is to be differentiated is refused like any other where there is no derivative."""
    torch.autograd.grad((x.requires_grad_() // 2).sum(), x, create_graph=graph)


@case(requires=["backward", "in_place"])
def numbers_along_two_edges_share_memory_where_views_are(
    torch,
    xy: st.tuples(floats("float32", shape=(), values="finite"), floats("float32", shape=(), values="finite")),
    first: st.sampled_from([lambda t: t.view(()), lambda t: t * 1, lambda t: t + 1, lambda t: t.sin()]),
    second: st.sampled_from([lambda t: t.view(()), lambda t: t.view_as(t), lambda t: t + 1, lambda t: t.exp()]),
):
    """The gradient of a sum of two numbers is one, which leaves that get it by views share."""
    x, y = (t.requires_grad_() for t in xy)
    (first(x) + second(y)).backward()
    x.grad.add_(1)
    y.grad
    x.grad._version
    y.grad._version


@case(requires=["backward", "in_place", "saved_tensors_hooks"], covers=["inp.allow_mutation"])
def writes_of_formulas_are_counted_where_writes_are_watched(
    torch,
    x: floats(shape=(3, 3), values="finite"),
    name: st.sampled_from(
        ["select", "gather", "index_select", "amax", "max", "cumsum", "tril", "relu", "diagonal", "sort"]
    ),
):
    """In allow_mutation_on_saved_tensors a gradient counts the writes of its formula as elsewhere."""
    x.requires_grad_()
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        i = torch.tensor([[0, 1, 2]])
        y = {
            "select": lambda: x.select(0, 1),
            "gather": lambda: x.gather(0, i),
            "index_select": lambda: x.index_select(0, i[0]),
            "amax": lambda: x.amax(0),
            "max": lambda: x.max(0)[0],
            "cumsum": lambda: x.cumsum(0),
            "tril": lambda: x.tril(),
            "relu": lambda: x.relu(),
            "diagonal": lambda: x.diagonal(),
            "sort": lambda: x.sort(0)[0],
        }[name]()
        (g,) = torch.autograd.grad(y.sum(), x)
        g._version


@case(requires=["backward", "in_place", "saved_tensors_hooks"])
def operator_in_place_packs_what_it_saved_once(
    torch,
    xw: st.tuples(floats("float32", shape=(3,), values="finite"), floats("float32", shape=(3,), values="finite")),
    name: st.sampled_from(["pow_", "hypot_", "mul_", "div_", "atan2_", "tanh_", "exp_"]),
    tracked: st.sampled_from([(True, True), (True, False), (False, True)]),
):
    """Operands are packed before the write and results after it, each once, if they are needed."""
    x, w = (t.abs() + 1 for t in xw)
    y = x.requires_grad_() * 1 if tracked[0] else x
    w.requires_grad_(tracked[1])
    seen = []

    def pack(t):
        seen.append(t.detach() * 1)
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        getattr(y, name)() if name in ("tanh_", "exp_") else getattr(y, name)(w)
    y.sum().backward()


@case(requires=["custom_function", "backward", "in_place", "indexing", "saved_tensors_hooks", "graph"])
def values_of_functions_and_indices_take_hooks_once(
    torch, builtins, x: floats(shape=(2, 2), values="finite"), of: st.sampled_from(["function", "index", "no index"])
):
    """What a Function or an index saved takes one pair of hooks; where nothing is there, none."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            out = a * a
            ctx.save_for_backward(a, out)
            return out

        @staticmethod
        def backward(ctx, grad):
            a, out = ctx.saved_tensors
            out._version
            return grad * a + out.detach()

    x.requires_grad_()
    if of == "function":
        y = Square.apply(x)
        handle = y.grad_fn._raw_saved_tensors[1]
    else:
        y = x[:, torch.tensor([0, 1])]
        handle = y.grad_fn._raw_saved_indices[1 if of == "index" else 0]
    builtins.getattr(handle, "__module__")
    handle.register_hooks(lambda t: t * 1, lambda t: t)
    handle.register_hooks(lambda t: t * 2, lambda t: t)
    y.sum().backward()
    Square.apply(x).sum().backward()


@case(requires=["backward", "graph"])
def result_that_no_formula_needs_is_none(
    torch, x: floats(shape=(3,), values="finite"), tracked: st.booleans(), freed: st.booleans()
):
    """A result is saved where a formula reads it, and is None elsewhere."""
    y = (x.abs() + 1).requires_grad_()
    z = y ** torch.full((3,), 2.0, requires_grad=tracked)
    if freed:
        z.sum().backward()
    z.grad_fn._saved_result
    z.grad_fn._saved_self
