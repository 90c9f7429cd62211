"""The graph behind a tensor: nodes, what they are called, what they point to and what they saved."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import broadcastable, floats, nonzero, positive, same_shape


@case(lecture="graph", requires=["graph"], covers=["graph.dot"])
def graph_is_walked_by_next_functions(torch, x: floats()):
    """grad_fn and next_functions lead from a result to the leaves."""
    s = x.requires_grad_().abs().sum()
    s.grad_fn
    s.grad_fn.next_functions
    s.grad_fn.next_functions[0][0].next_functions


@case(lecture="graph", requires=["graph"], covers=["graph.leaf_edge", "leaf.moved_interior"])
def accumulate_grad_holds_its_leaf(torch, x: floats()):
    """The graph ends at an AccumulateGrad node, whose variable is the leaf itself."""
    y = x.requires_grad_() * 2
    node = y.grad_fn.next_functions[0][0]
    node.variable
    node.name()
    node.next_functions


@case(lecture="graph", requires=["graph"], covers=["graph.acc_identity"])
def leaf_has_one_accumulate_grad(torch, x: floats()):
    """All uses of a leaf lead to one AccumulateGrad node."""
    y = x.requires_grad_() * x
    z = x + 1
    first, second = y.grad_fn.next_functions
    first[0] == second[0]
    first[0] == z.grad_fn.next_functions[0][0]


@case(lecture="graph", requires=["graph"], covers=["graph.none_edges"])
def operand_without_grad_has_no_edge(torch, xyz: broadcastable(3)):
    """An operand that does not require grad has the edge (None, 0)."""
    x, y, z = xyz
    x.requires_grad_()
    (x * y).grad_fn.next_functions
    (y - x).grad_fn.next_functions
    torch.where(y > 0, x, z).grad_fn.next_functions


@case(lecture="graph", requires=["graph"], covers=["graph.names_arith"])
def nodes_are_named_after_arithmetic(torch, xy: broadcastable(2, values="nonzero")):
    """Every arithmetic operation has a node of its own name."""
    x, y = xy
    x.requires_grad_()
    (x + y).grad_fn.name()
    (x - y).grad_fn.name()
    (x * y).grad_fn.name()
    (x / y).grad_fn.name()
    (1 - x).grad_fn.name()
    (-x).grad_fn.name()


@case(lecture="graph", requires=["graph", "pow"], covers=["graph.names_arith"])
def powers_and_quotients_are_named_by_their_form(torch, xy: broadcastable(2, values="positive")):
    """Powers and reciprocals have nodes that tell numbers from tensors."""
    x, y = xy
    x.requires_grad_()
    (x**2).grad_fn
    (x**y).grad_fn
    (2**x).grad_fn
    one = 1 / x
    one.grad_fn.next_functions


@case(lecture="graph", requires=["graph"], covers=["graph.names_unary", "graph.repr"])
def nodes_print_their_class(torch, x: positive(), builtins):
    """A node prints as its class and address."""
    x.requires_grad_()
    builtins.repr(x.log().grad_fn)
    builtins.str(x.sqrt().grad_fn)
    builtins.repr(x.sin().grad_fn.next_functions[0][0])


@case(lecture="graph", requires=["graph"], covers=["graph.names_unary"])
def nodes_are_named_after_functions(torch, x: positive()):
    """Every unary function has a node of its own name."""
    x.requires_grad_()
    for function in (torch.exp, torch.log, torch.sin, torch.cos, torch.tanh, torch.sigmoid, torch.relu, torch.sqrt):
        function(x).grad_fn.name()


@case(lecture="graph", requires=["graph"], covers=["graph.names_reduce"])
def nodes_are_named_after_reductions(torch, x: floats(shape=(2, 3), values="finite")):
    """A reduction over a dimension has another node than one over everything."""
    x.requires_grad_()
    x.sum().grad_fn
    x.sum(0).grad_fn
    x.mean(1).grad_fn
    x.prod(0).grad_fn
    x.max().grad_fn
    x.max(0)[0].grad_fn


@case(lecture="graph", requires=["graph", "views"], covers=["graph.names_view"])
def nodes_are_named_after_views(torch, x: floats(shape=(2, 3))):
    """Every view has a node of its own name."""
    x.requires_grad_()
    x.t().grad_fn
    x.view(6).grad_fn
    x[0].grad_fn
    x[:, 1:].grad_fn
    x.unsqueeze(0).grad_fn
    x.expand(2, 2, 3).grad_fn


@case(lecture="graph", requires=["graph", "matmul"], covers=["graph.names_matmul", "graph.names_lazy"])
def matmul_is_named_by_the_dimensions(torch, m: floats(shape=(3, 3), values="finite"), b: st.just((2, 3, 3))):
    """The node of a product of matrices tells vectors, matrices and batches apart."""
    m.requires_grad_()
    (m[0] @ m[1]).grad_fn
    (m @ m[0]).grad_fn
    (m @ m).grad_fn
    (m.expand(b) @ m.expand(b)).grad_fn


@case(lecture="graph", requires=["graph"], covers=["graph.saved_attrs"])
def nodes_show_what_they_saved(torch, xy: same_shape(2, values="nonzero")):
    """A node shows what it saved for the gradient as attributes."""
    x, y = xy
    node = (x.requires_grad_() * y.requires_grad_()).grad_fn
    node._saved_self
    node._saved_other
    x.pow(3).grad_fn._saved_exponent


@case(lecture="graph", requires=["graph"], covers=["graph.saved_only_needed"])
def only_what_is_needed_is_saved(torch, xy: same_shape(2, values="nonzero")):
    """Of a product only the factors are saved whose partner requires grad."""
    x, y = xy
    node = (x.requires_grad_() * y).grad_fn
    node._saved_self
    node._saved_other


@case(lecture="graph", requires=["graph"], covers=["graph.saved_attrs"])
def saved_dimensions_are_unsigned(torch, x: floats(shape=(2, 3))):
    """A saved negative dimension shows as an unsigned integer, also in a tuple, and a shape as a tuple."""
    alone = x.requires_grad_().softmax(-1).grad_fn
    alone._saved_dim
    node = x.sum(-1).grad_fn
    node._saved_dim
    node._saved_self_sym_sizes
    node._saved_keepdim


@case(lecture="graph", requires=["graph"], covers=["graph.saved_input_identity"])
def saved_input_is_the_very_tensor(torch, x: floats()):
    """A saved operand is the very tensor that the operation was given."""
    y = x.requires_grad_().sin()
    saved = y.grad_fn._saved_self
    saved.is_leaf


@case(lecture="graph", requires=["graph"], covers=["graph.saved_output"])
def saved_result_is_another_tensor(torch, x: floats()):
    """A saved result is another tensor on the same memory, with the same grad_fn."""
    y = x.requires_grad_().exp()
    saved = y.grad_fn._saved_result
    saved.grad_fn == y.grad_fn


@case(lecture="graph", requires=["graph"], covers=["graph.output_nr"])
def outputs_of_one_node_are_numbered(torch, x: floats(shape=(2, 3))):
    """Several results of one operation share a node and differ in output_nr."""
    a, b = x.requires_grad_().unbind(0)
    a.output_nr
    b.output_nr
    (a * b).grad_fn.next_functions


@case(lecture="graph", requires=["graph"], covers=["graph.metadata", "graph.isinstance"])
def node_carries_a_dictionary(torch, x: floats(), builtins):
    """A node is a torch.autograd.graph.Node and carries a dictionary for its users."""
    node = x.requires_grad_().exp().grad_fn
    builtins.isinstance(node, torch.autograd.graph.Node)
    node.metadata


@case(lecture="graph", requires=["graph", "matmul"], covers=["graph.dot"])
def chain_of_nodes_is_that_of_the_operations(torch, w: nonzero(shape=(2, 3)), b: nonzero(dtype="float32", shape=(2,))):
    """The graph of an affine layer leads to its weights and biases in the order of the operands."""
    w.requires_grad_(), b.requires_grad_()
    y = torch.tanh(w @ torch.ones(3, dtype=w.dtype) + b)
    added = y.grad_fn.next_functions[0][0]
    added.next_functions
    added.next_functions[0][0].next_functions
    added.next_functions[1][0].variable


@case(lecture="graph", requires=["graph", "hooks", "in_place"], covers=["graph.order"])
def node_of_a_write_runs_before_older_nodes(
    torch,
    xw: same_shape(2, min_dims=1),
    name: st.sampled_from(["zero_", "fill_", "copy_", "mul_", "neg_"]),
    first: st.booleans(),
):
    """The node of a write in place runs before older nodes, whichever operand of a sum it is."""
    x, w = xw
    u = x.requires_grad_() * 3
    v = x * 5
    getattr(u, name)(*([w] if name in ("copy_", "mul_") else [3] if name == "fill_" else []))
    u.register_hook(lambda u: None)
    v.register_hook(lambda v: None)
    (u + v if first else v + u).sum().backward()


@case(lecture="graph", requires=["graph", "in_place", "views"], covers=["graph.names_inplace"])
def nodes_written_by_hand_have_qualified_names(torch, xw: same_shape(2, min_dims=1)):
    """The nodes of a copy, of a write through a view and of a leaf say their namespace."""
    x, w = xw
    y = x.requires_grad_() * 2
    y.copy_(w * x)
    y.grad_fn.name()
    y.grad_fn.next_functions[0][0].name()
    y.view(-1).mul_(3)
    y.grad_fn.name()
    y.grad_fn.next_functions[0][0].name()


@case(lecture="graph", requires=["graph"], covers=["graph.saved_attrs"])
def saved_values_are_not_assigned(torch, x: floats(min_dims=1), name: st.sampled_from(["_saved", "_raw_saved"])):
    """A saved value of a node can be read and not assigned."""
    y = x.requires_grad_().sin()
    if name == "_saved":
        y.grad_fn._saved_self = x
    else:
        y.grad_fn._raw_saved_self = x
    y.grad_fn._saved_self
