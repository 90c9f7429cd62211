"""What the nodes of operators are called and save: reductions, views, what moves data, products."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, indices

x23 = floats("float32", shape=(2, 3), values="finite")

REDUCTIONS = st.sampled_from(
    [
        *[
            (name, ())
            for name in ("sum", "mean", "prod", "max", "min", "amax", "median", "norm", "var", "std", "nansum")
        ],
        *[
            (name, (1,))
            for name in ("sum", "mean", "prod", "max", "min", "median", "mode", "cumsum", "cumprod", "cummax")
        ],
        *[
            (name, (-1,))
            for name in ("amax", "amin", "logsumexp", "logcumsumexp", "sort", "var", "std", "cummin", "nanmedian")
        ],
        ("kthvalue", (2, -1)),
        ("topk", (2, 0)),
        ("sum", ((0, -1), True)),
        ("quantile", (0.5, 1)),
        ("nanmean", (0,)),
    ]
)
VIEWS = st.sampled_from(
    [
        *[(name, ()) for name in ("t", "diagonal", "unbind", "squeeze", "flatten", "ravel", "adjoint")],
        ("transpose", (-1, 0)),
        ("permute", (-1, 0)),
        ("select", (-1, -1)),
        ("narrow", (-1, -2, 1)),
        ("unsqueeze", (-1,)),
        ("squeeze", (-1,)),
        ("split", (1, -1)),
        ("split_with_sizes", ([1, 2], -1)),
        ("chunk", (2, 1)),
        ("tensor_split", (2, -1)),
        ("hsplit", (3,)),
        ("vsplit", (2,)),
        ("unfold", (-1, 2, 1)),
        ("expand", (2, -1, -1)),
        ("view", (3, 2)),
        ("unflatten", (-1, (3, 1))),
        ("movedim", (-1, 0)),
        ("swapaxes", (0, -1)),
        ("diagonal", (-1,)),
        ("expand_as", ()),
    ]
)
MOVES = st.sampled_from(
    [
        *[
            (name, ())
            for name in ("clone", "rot90", "tril", "triu", "fliplr", "flipud", "diag", "diag_embed", "diagflat")
        ],
        ("flip", (-1,)),
        ("roll", (-1, -1)),
        ("roll", ((1, 2), (0, 1))),
        ("rot90", (-1, (-2, -1))),
        ("tril", (-1,)),
        ("repeat", (2, 1)),
        ("tile", (2,)),
        ("repeat_interleave", (2, -1)),
        ("sum_to_size", (1, 3)),
        ("masked_fill", (True, 2.0)),
    ]
)
JOINS = st.sampled_from(
    [
        "cat",
        "stack",
        "hstack",
        "vstack",
        "dstack",
        "column_stack",
        "block_diag",
        "meshgrid",
        "cartesian_prod",
        "broadcast_tensors",
    ]
)


@case(lecture="graph", requires=["graph"], covers=["graph.names_reduce", "graph.saved_attrs"])
def reductions_name_their_nodes(torch, x: x23, call: REDUCTIONS):
    """A reduction's node tells whether dimensions were given, and saves them as they were."""
    name, arguments = call
    result = getattr(x.requires_grad_(), name)(*arguments)
    several = name in ("sort", "topk", "kthvalue", "mode", "cummax", "cummin") or (
        name in ("max", "min", "median", "nanmedian") and arguments
    )
    y = result[0] if several else result
    node = y.grad_fn
    node.name()
    if arguments and name not in ("quantile", "nanmean"):
        node._saved_dim
    (y * y.detach()).sum().backward()


@case(lecture="graph", requires=["graph", "views"], covers=["graph.names_view", "graph.saved_attrs"])
def views_name_their_nodes(torch, x: x23, call: VIEWS):
    """A view's node is named after the view that it is in the end, and saves what was asked for."""
    name, arguments = call
    result = getattr(x.requires_grad_(), name)(*((torch.zeros(2, 2, 3),) if name == "expand_as" else arguments))
    several = name in ("unbind", "split", "split_with_sizes", "chunk", "tensor_split", "hsplit", "vsplit")
    y = result[0] if several else result
    y.grad_fn.name()
    if name in ("select", "unsqueeze", "split", "unbind"):
        y.grad_fn._saved_dim
    (y * y.detach()).sum().backward()


@case(lecture="graph", requires=["graph"], covers=["graph.names_shape", "graph.saved_attrs"])
def moves_name_their_nodes(torch, x: x23, call: MOVES):
    """What moves data has a node of its own name, and its gradient is moved back."""
    name, arguments = call
    if name == "masked_fill":
        arguments = (x > 0, 2.0)
    y = getattr(x.requires_grad_(), name)(*arguments)
    y.grad_fn.name()
    y.grad_fn.next_functions
    (y * y.detach()).sum().backward()


@case(lecture="graph", requires=["graph"], covers=["graph.names_shape", "graph.names_view"])
def joins_name_their_nodes(torch, v: floats("float32", shape=(2,)), w: floats("float32", shape=(2,)), name: JOINS):
    """What joins tensors is cat or stack over views, with an edge for each of them."""
    v.requires_grad_(), w.requires_grad_()
    join = getattr(torch, name)
    separate = name in ("block_diag", "meshgrid", "cartesian_prod", "broadcast_tensors")
    result = join(v, w) if separate else join([v, w])
    y = result[1] if name in ("meshgrid", "broadcast_tensors") else result
    y.grad_fn.next_functions
    (y * y.detach()).sum().backward()


@case(lecture="graph", requires=["graph"], covers=["graph.names_shape"])
def windows_of_copies_name_their_nodes(
    torch, x: x23, v: floats("float32", shape=(3,)), i: st.sampled_from([0, 1, -1]), index: indices(2, shape=(2, 3))
):
    """A copy with one part replaced has a node with two edges: the part gets its own gradient."""
    x.requires_grad_(), v.requires_grad_()
    y = torch.select_scatter(x, v, 0, i)
    y.grad_fn.next_functions
    z = torch.slice_scatter(y, v[None], 0, 1, 2)
    z.grad_fn
    torch.diagonal_scatter(z, v[:2]).sum().backward()
    torch.take_along_dim(x, index, 1).sum().backward()


@case(lecture="graph", requires=["graph", "matmul"], covers=["graph.names_lazy", "graph.names_matmul"])
def folded_product_is_a_chain(
    torch, b: floats("float32", shape=(2, 2, 3)), m: floats("float32", shape=(3, 2)), left: st.booleans()
):
    """A batch times a matrix is one product of matrices between views; on the left it is turned."""
    b.requires_grad_(), m.requires_grad_()
    y = b @ m if not left else m @ b.transpose(1, 2)[:, :, :2].transpose(1, 2)
    node = y.grad_fn
    node.name()
    node.next_functions
    node.next_functions[0][0].next_functions
    y.sum().backward()


@case(lecture="graph", requires=["graph", "reshape"], covers=["graph.names_lazy"])
def reshape_is_a_view_where_it_can_be(torch, x: x23, way: st.sampled_from(["plain", "turned", "strided", "flattened"])):
    """reshape is a view, an alias of strides, or a copy, whichever comes first; its node tells."""
    x.requires_grad_()
    y = {
        "plain": lambda: x.reshape(6),
        "turned": lambda: x.t().reshape(6),
        "strided": lambda: x[:, ::2].reshape(2, 2, 1),
        "flattened": lambda: x.t().flatten(),
    }[way]()
    y.grad_fn.name()
    y.grad_fn.next_functions
    (y * y.detach()).sum().backward()
