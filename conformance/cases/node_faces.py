"""What nodes, and the values that they saved, show to who looks at them, and what they refuse."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, nonzero, same_shape

REQUIRES = ("tape", "graph")


@case(lecture="graph")
def nodes_list_their_names(torch, builtins, x: floats(min_dims=1, max_dims=2, empty=False)):
    """A node lists its methods and what it saved, an accumulator its variable as well."""
    y = x.requires_grad_().sin()
    builtins.dir(y.grad_fn)
    builtins.dir(y.sum(0).grad_fn)
    builtins.dir(y.grad_fn.next_functions[0][0])


@case(lecture="graph")
def attributes_of_a_node_are_not_assigned(torch, x: floats()):
    """What a node shows of itself is refused when it is assigned, each attribute by its name."""
    node = (x.requires_grad_() * 2).grad_fn
    node.next_functions = ()
    node.metadata = {}
    node.requires_grad = False
    node._input_metadata = ()
    node.next_functions


@case(lecture="graph")
def nodes_are_not_made_by_users(torch, builtins, x: floats()):
    """The class of a node makes no node when it is called."""
    kind = builtins.type(x.requires_grad_().sin().grad_fn)
    kind()
    builtins.getattr(kind, "__module__")


@case(lecture="graph")
def strides_and_sizes_are_saved(
    torch,
    x: floats(shape=(2, 3)),
    y: floats(shape=(3, 4)),
    offset: st.integers(0, 1),
    tracked: st.sampled_from([(True, True), (True, False), (False, True)]),
):
    """Products save factors' sizes, and strides of those with a gradient; windows their place."""
    x.requires_grad_(tracked[0])
    y.requires_grad_(tracked[1])
    product = (x @ y).grad_fn
    product._saved_self_sym_sizes
    product._saved_self_sym_strides
    product._saved_mat2_sym_sizes
    product._saved_mat2_sym_strides
    turned = (y.t() @ x.t()).grad_fn
    turned._saved_self_sym_strides
    turned._saved_mat2_sym_strides
    added = torch.addmm(torch.ones(4), x, y).grad_fn
    added._saved_mat1_sym_strides
    added._saved_mat2_sym_strides
    window = x.requires_grad_().as_strided((2, 2), (2, 1), offset).grad_fn
    window._saved_size
    window._saved_stride
    window._saved_storage_offset


@case(lecture="graph")
def numbers_from_the_end_are_saved_without_sign(
    torch, x: floats(shape=(2, 3, 2)), end: st.sampled_from([-1, -2, 1]), near: st.sampled_from([-1, 0, 1])
):
    """A dimension or a diagonal from the end is saved as a number without sign."""
    x.requires_grad_()
    x.tril(near).grad_fn._saved_diagonal
    x.triu(near).grad_fn._saved_diagonal
    x.diagonal(near, end, 0).grad_fn._saved_offset
    x.diagonal(0, 0, end).grad_fn._saved_dim2
    x.unfold(end, 2, 1).grad_fn._saved_dimension
    x.roll(near, end).grad_fn._saved_shifts
    x.flip(end).grad_fn._saved_dims
    x.rot90(near).grad_fn._saved_k
    x[:, :end].grad_fn._saved_end
    x[:, end:].grad_fn._saved_start
    x.select(0, near).grad_fn._saved_index
    torch.nn.functional.pad(x, (near, 1)).grad_fn._saved_pad
    torch.nn.functional.pad(x, (near, 1), mode="replicate").grad_fn._saved_padding
    torch.nn.functional.pad(x, (near, 1), mode="reflect").grad_fn._saved_padding
    torch.nn.functional.nll_loss(x, torch.zeros(2, 2, dtype=torch.int64), ignore_index=end).grad_fn._saved_ignore_index
    x.cumsum(end).grad_fn._saved_dim
    x.transpose(end, 0).grad_fn._saved_dim0
    x.transpose(0, end).grad_fn._saved_dim1
    x.sum((end, 0)).grad_fn._saved_dim
    x.unsqueeze(end).grad_fn._saved_dim
    x.select(end, 0).grad_fn._saved_dim


@case(lecture="graph")
def saved_numbers_are_tensors(torch, x: floats(), count: st.integers(2, 5), factor: st.sampled_from([0.5, 2.5, -1.5])):
    """A number that multiplies or divides is saved as a tensor of the default type for its kind."""
    x.requires_grad_()
    (x * factor).grad_fn._saved_other
    (x * count).grad_fn._saved_other
    (x / factor).grad_fn._saved_other
    (x / count).grad_fn._saved_other


@case(lecture="saved-tensor-hooks")
def saved_values_refuse_other_hooks(torch, x: floats(min_dims=1, empty=False)):
    """A saved value takes two functions as hooks, once, and has no further attributes."""
    x.requires_grad_()
    y = x * x
    saved = y.grad_fn._raw_saved_self
    saved.register_hooks(1, 2)
    saved.register_hooks(lambda value: value)
    saved.unknown
    z = x[torch.tensor([0])]
    picked = z.grad_fn._raw_saved_indices
    picked[0].register_hooks(1, 2)
    picked[0].unknown


@case(lecture="saved-tensor-hooks")
def pairs_of_hooks_are_functions(torch, x: floats()):
    """What packs and unpacks is a function, and the reason why that is disabled a text."""
    with torch.autograd.graph.saved_tensors_hooks(1, 2):
        x.requires_grad_() * x
    with torch.autograd.graph.saved_tensors_hooks(lambda value: value, None):
        x * x
    with torch.autograd.graph.disable_saved_tensors_hooks(1):
        x * x
    y = x * x


@case(lecture="saved-tensor-hooks")
def disabled_hooks_say_why(torch, x: nonzero()):
    """Where hooks on saved values are disabled, entering them raises the text given, and the reverse."""
    with (
        torch.autograd.graph.disable_saved_tensors_hooks("not here"),
        torch.autograd.graph.saved_tensors_hooks(lambda value: value, lambda value: value),
    ):
        y = x.requires_grad_() * x
    with (
        torch.autograd.graph.saved_tensors_hooks(lambda value: value * 1, lambda value: value),
        torch.autograd.graph.disable_saved_tensors_hooks("nor here"),
    ):
        z = x * x
    with torch.autograd.graph.saved_tensors_hooks(lambda value: value * 1, lambda value: value):
        w = x * x
    torch._C._autograd._saved_tensors_hooks_is_enabled()
    w.sum().backward()


@case(lecture="hooks")
def handles_can_be_copied(torch, copy, x: floats()):
    """A copy of a hook's handle removes the same hook."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: grad * 3)
    handle = y.register_hook(lambda grad: grad * 2)
    same = copy.copy(handle)
    same.id == handle.id
    same.remove()
    y.sum().backward()


@case(lecture="graph")
def freed_write_through_a_view_says_so(torch, x: floats(min_dims=1, empty=False)):
    """A second pass through a write to a view says that the graph was freed."""
    y = x.requires_grad_().clone()
    y[0].mul_(2)
    node = y.grad_fn
    y.sum().backward()
    y.backward(y.detach())
    node.next_functions
    node(x.detach())


@case(lecture="graph")
def write_of_a_later_result_has_its_number(torch, x: floats(shape=(2, 3)), w: floats(shape=(2, 3), values="finite")):
    """A write of an operator's second result through a view has an edge to the second result."""
    y = x.requires_grad_().clone()
    first, second = w.requires_grad_().unbind()
    y[0].mul_(second)
    y.grad_fn.next_functions
    y[1].copy_(second)
    y.grad_fn.next_functions
    y.sum().backward()


@case(lecture="graph")
def accumulators_add_when_called(torch, xg: same_shape(2, values="finite")):
    """The accumulator of a leaf, called as a function, adds to its gradient if the leaf has one."""
    x, g = xg
    y = x.requires_grad_() * 2
    node = y.grad_fn.next_functions[0][0]
    node(g)
    node(g)
    node(None)
    node(g, g)
    node(1)
    x.requires_grad_(False)
    node(g)


@case(lecture="graph", requires=["create_graph"])
def gradient_of_a_transposed_leaf_is_laid_out_alike(
    torch, x: floats(shape=(2, 3), values="finite"), g: cotangent((3, 2)), more: st.booleans()
):
    """A gradient with a graph has the strides of its leaf, whatever its own are."""
    leaf = x.t().detach().requires_grad_()
    leaf.exp().mul(g).backward(g, create_graph=more)
    leaf.grad.stride()
    leaf.exp().backward(g.t().contiguous().t(), create_graph=more)
    leaf.grad.stride()
    flat = x.t()[0].detach().requires_grad_()
    (flat * flat).sum().backward(create_graph=more)
    flat.grad.stride()


_BROADCAST = {
    "add": lambda torch, x, y: x + y,
    "addcmul": lambda torch, x, y: torch.addcmul(x, y, y),
    "addmm": lambda torch, x, y: torch.addmm(x, x, y),
    "copy": lambda torch, x, y: torch.zeros(2, 3, dtype=x.dtype).copy_(y),
    "dist": lambda torch, x, y: torch.dist(x, y),
    "fill": lambda torch, x, y: torch.zeros(2).fill_(y[0, 0]),
    "index_put": lambda torch, x, y: torch.zeros(2, 3, dtype=x.dtype).index_put((torch.tensor([0, 1]),), y),
    "lerp": lambda torch, x, y: torch.lerp(x, y, 0.5),
    "maximum": lambda torch, x, y: torch.maximum(x, y),
    "mul": lambda torch, x, y: x * y,
    "scatter": lambda torch, x, y: torch.zeros(2, dtype=y.dtype).scatter(0, torch.tensor([0, 1]), y[0]),
    "where": lambda torch, x, y: torch.where(torch.tensor(True), x, y),
}


@case(lecture="graph")
def called_node_gives_what_its_formulas_give(
    torch,
    x: floats("float32", shape=(2, 1), values="finite"),
    y: floats("float32", shape=(1, 3), values="finite"),
    how: st.sampled_from(sorted(_BROADCAST)),
    more: st.sampled_from(["", "x", "y"]),
):
    """A node that is called gives gradients neither summed to its operands nor cast to their types."""
    if "x" in more:
        x = x.double()
    if "y" in more:
        y = y.to(torch.complex64)
    z = _BROADCAST[how](torch, x.requires_grad_(), y.requires_grad_())
    z.grad_fn(torch.ones_like(z))
    z.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    z.backward(torch.ones_like(z), create_graph=True)


@case(lecture="graph")
def gradient_of_another_shape_is_refused_by_its_node(
    torch, x: floats("float32", shape=(3,), values="finite"), view: st.booleans(), more: st.booleans()
):
    """A source larger than its index has a gradient that the pass refuses, in the name of its node."""
    y = torch.zeros(2, 2)
    index = torch.tensor([0, 1])
    if view:
        y[0].scatter_(0, index, x.requires_grad_())
    else:
        y = y[0].scatter(0, index, x.requires_grad_())
    y.sum().backward(create_graph=more)


@case(requires=["graph"])
def saved_tensors_have_a_class_of_their_own(torch, builtins, x: floats()):
    """The class of a raw saved tensor says where it comes from."""
    saved = x.requires_grad_().exp().grad_fn._raw_saved_result
    builtins.getattr(saved, "__module__")


@case(requires=["graph"])
def missing_bias_has_the_sizes_of_an_undefined_tensor(
    torch, x: floats(shape=(1, 2, 4)), transposed: st.booleans(), biased: st.booleans()
):
    """A convolution without a bias keeps the sizes of an undefined tensor for it."""
    w = x[0, :, :2].expand(2, 2, 2).clone().requires_grad_()
    convolve = torch.nn.functional.conv_transpose1d if transposed else torch.nn.functional.conv1d
    y = convolve(x, w, x[0, :, 0] if biased else None)
    y.grad_fn._saved_bias_sym_sizes_opt
    y.grad_fn._saved_output_padding
