"""What reductions, selections, scans, products and solvers select, refuse and share, over types, ties and nan."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

NAN = float("nan")
tied = st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.0, -1.0]), min_size=1, max_size=9)
unordered = st.lists(st.sampled_from([0.0, 1.0, NAN, -1.0, float("inf")]), min_size=1, max_size=6)
selections = {
    "sort": (), "topk": (1,), "kthvalue": (1,), "median": (0,), "nanmedian": (0,), "mode": (), "cummax": (0,), "cummin": (0,),
    "logcumsumexp": (0,), "flip": ([],), "roll": (1,), "cumsum": (0,), "cumprod": (0,), "max": (0,), "min": (0,), "argsort": (),
    "unique": (), "amax": (), "msort": (), "diff": (0,), "logsumexp": (0,), "quantile": (0.5,), "count_nonzero": (),
}  # fmt: skip
names = st.sampled_from(sorted(selections))


@case(requires=["sort"])
def selections_from_a_scalar_are_copies(torch, x: floats("float32", shape=()), name: names):
    """What is selected from a tensor without dimensions is a copy, in memory of its own."""
    y = getattr(x, name)(*selections[name])
    x.mul_(2)
    torch.stack([x, x]).add_(y[0] if name in ("sort", "topk") else x)


@case(requires=["sort"])
def selections_by_type(
    torch,
    name: names,
    kind: st.sampled_from(["bool", "int64", "uint8", "int32", "float16"]),
    values: st.lists(st.sampled_from([0, 1, 2, 3]), min_size=0, max_size=3),
):
    """Selections and scans refuse the types that their kernels were not compiled for."""
    getattr(torch.tensor(values).to(getattr(torch, kind)), name)(*selections[name])


@case(requires=["sort", "backward"])
def selections_of_ties(
    torch,
    values: tied,
    name: st.sampled_from(["median", "nanmedian", "mode", "sort", "cummax", "cummin", "min", "max"]),
):
    """Of equal elements each selection takes its own, which the index and the gradient show."""
    x = torch.tensor(values, requires_grad=True)
    getattr(x, name)(0)[0].sum().backward()


@case(requires=["topk", "backward"])
def ranks_among_ties(
    torch, values: tied, name: st.sampled_from(["kthvalue", "topk"]), rank: st.sampled_from([0, 1, 2, 3, 5, 9])
):
    """The k-th element, and the k largest, are those of equal ones that the algorithm finds."""
    x = torch.tensor(values, requires_grad=True)
    getattr(x, name)(rank)[0].sum().backward()


@case(requires=["sort"])
def selections_among_nan(torch, values: unordered, name: names):
    """What is nan is the largest to sort, no mode, distinct from itself, and the end of a scan."""
    getattr(torch.tensor(values), name)(*selections[name])
    torch.std_mean(torch.tensor(values), 0)


@case(requires=["searchsorted"])
def searches_in_what_is_not_in_order(
    torch,
    line: unordered,
    values: unordered,
    right: st.booleans(),
    side: st.sampled_from([None, "left", "right", "up"]),
):
    """A search halves what it is given, in order or not, and puts nan last."""
    torch.searchsorted(torch.tensor(line), torch.tensor(values), right=right, side=side)
    torch.bucketize(torch.tensor(values), torch.tensor(line), right=right)


@case(requires=["unique"])
def distinct_slices(
    torch,
    rows: st.lists(st.sampled_from([[0.0, 1.0], [1.0, 0.0], [0.0, 2.0]]), min_size=1, max_size=4),
    dim: st.sampled_from([0, 1, -1]),
):
    """Distinct slices come in order, and those that follow one another once."""
    x = torch.tensor(rows)
    x.unique(dim=dim, return_inverse=True, return_counts=True)
    x.unique_consecutive(dim=dim, return_inverse=True, return_counts=True)


@case(requires=["sort"])
def layouts_of_sorted_elements(
    torch, x: floats("float32", min_dims=2, max_dims=2), descending: st.booleans(), dim: st.sampled_from([0, 1])
):
    """Sorted elements lie as those that they were sorted from; scans lie in rows."""
    x.t().sort(dim, descending)
    x.t().cummax(dim)
    x.t().logcumsumexp(dim)


@case(requires=["sum"])
def nothing_for_a_tensor(
    torch,
    name: st.sampled_from(
        [
            "aminmax",
            "logcumsumexp",
            "mode",
            "nansum",
            "nanmean",
            "nonzero",
            "diff",
            "cov",
        ]
        + [
            "corrcoef",
            "histc",
            "bincount",
            "msort",
            "trace",
            "slogdet",
            "det",
            "logdet",
        ]
        + ["inverse", "pinverse", "amax", "argmax", "argwhere"]
    ),
):
    """None, or nothing, for the first operand is refused by the name of the parameter."""
    x = torch.tensor(1.0)
    getattr(torch, name)(x.grad)
    getattr(torch, name)()
    torch.dot(x.grad, x)
    torch.outer(x)
    torch.unique(x.grad)
    torch.linalg.inv(x.grad)
    torch.linalg.pinv(x.grad)
    torch.linalg.solve(x)


@case(requires=["matmul"])
def types_of_products(
    torch,
    name: st.sampled_from(["addmv", "addr", "addmm", "mv", "mm", "dot", "outer", "vdot", "matmul", "trace"]),
    kinds: st.tuples(*[st.sampled_from(["float32", "int64", "bool", "float64"])] * 3),
):
    """Products of several types are refused with all of them named, or computed in the type of both."""
    shapes = {
        "addmv": (2, 22, 2),
        "addr": (22, 2, 2),
        "addmm": (22, 22, 22),
        "mv": (22, 2),
        "mm": (22, 22),
        "trace": (22,),
    }
    operands = [
        (torch.eye(2) if shape == 22 else torch.ones(2)).to(getattr(torch, kind))
        for shape, kind in zip(shapes.get(name, (2, 2)), kinds, strict=False)
    ]
    getattr(torch, name)(*operands)


@case(requires=["linalg"])
def types_of_solvers(
    torch,
    name: st.sampled_from(["inv", "det", "slogdet", "svdvals", "pinv", "cholesky", "qr", "matrix_rank"]),
    kind: st.sampled_from(["float16", "int64", "bool", "float32"]),
    rows: st.sampled_from([1, 2]),
):
    """Solvers refuse half types and integers, each in its own words."""
    getattr(torch.linalg, name)(torch.eye(rows).to(getattr(torch, kind)))


@case(requires=["linalg", "func"])
def decompositions_of_nan(
    torch,
    name: st.sampled_from(["svdvals", "pinv", "svd", "matrix_rank"]),
    batch: st.sampled_from(["none", "one", "within a transform"]),
    hermitian: st.booleans(),
):
    """Singular values of nan are refused as an error of linear algebra; one triangle may be unread."""
    x = torch.tensor([[1.0, NAN], [0.0, 1.0]])
    options = {"hermitian": hermitian} if name in ("pinv", "matrix_rank") else {}

    def found(x):
        return getattr(torch.linalg, name)(x, **options)

    if batch == "within a transform":
        torch.func.vmap(found)(torch.stack([torch.eye(2), x]))
        torch.func.grad(torch.linalg.det)(x)
    else:
        found(torch.stack([torch.eye(2), x]) if batch == "one" else x)


@case(requires=["inference_mode", "sort"])
def selections_in_inference_mode(torch, x: floats("float32", shape=(2,)), name: names):
    """What is selected in inference mode has no version, each of several results."""
    with torch.inference_mode():
        getattr(x, name)(*selections[name])


@case(requires=["linalg"])
def determinants_of_what_is_not_finite(
    torch,
    values: st.lists(st.sampled_from([1.0, float("inf"), -2.0, 0.0, NAN]), min_size=4, max_size=4),
    name: st.sampled_from(["det", "slogdet"]),
):
    """The determinant of what is not finite comes of its factors, mostly nan."""
    getattr(torch.linalg, name)(torch.tensor(values).reshape(2, 2))
