"""What reductions answer where there is a choice or nothing to reduce: one element, none, ties, zeros."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats

tied = st.lists(st.sampled_from([1.0, 2.0, 2.0, 0.0, -1.0]), min_size=1, max_size=4)
zeros = st.lists(st.sampled_from([0.0, 2.0, 3.0, -1.0, 0.0]), min_size=1, max_size=4)


@case(requires=["backward", "std"], covers=["num.std_single"])
def spread_of_one_element(torch, x: floats("float32", shape=(1,)), name: st.sampled_from(["std", "var"])):
    """The spread of one element is nan, with a warning, and so is its gradient; uncorrected it is zero."""
    getattr(x.requires_grad_(), name)().backward()
    getattr(x, name)(unbiased=False).backward()


@case(requires=["backward", "std"], covers=["num.std_single"])
def spread_with_too_large_a_correction(
    torch,
    x: floats("float32", shape=(2, 3), values="smooth"),
    name: st.sampled_from(["std", "var"]),
    correction: st.sampled_from([0, 1, 2, 3, 5]),
    dim: st.sampled_from([0, 1, -1]),
):
    """A correction that leaves no degree of freedom warns, and answers infinity or nan."""
    y = getattr(x.requires_grad_(), name)(dim, correction=correction)
    y.sum().backward()
    getattr(torch, name + "_mean")(x, dim, correction=correction)


@case(requires=["backward", "std"], covers=["num.std_single"])
def spread_of_equal_elements(
    torch, v: floats("float32", shape=(), values="finite"), name: st.sampled_from(["std", "var"])
):
    """The deviation of equal elements is zero, with gradient zero."""
    x = v.detach().repeat(3).requires_grad_()
    getattr(x, name)().backward()


@case(requires=["backward", "sum"], covers=["num.empty"])
def differentiated_reductions_of_nothing(
    torch,
    shape: st.sampled_from([(0,), (2, 0), (0, 3)]),
    name: st.sampled_from(["sum", "prod", "mean", "nansum", "norm", "std", "var", "median", "nanmedian"]),
):
    """Of nothing some reductions have a value, and all a gradient of no elements."""
    x = torch.zeros(shape, requires_grad=True)
    getattr(x, name)().backward()


@case(requires=["sum"], covers=["num.empty"])
def a_dimension_of_nothing(
    torch,
    shape: st.sampled_from([(2, 0), (0, 3)]),
    dim: st.sampled_from([0, 1]),
    name: st.sampled_from(
        [
            "sum",
            "prod",
            "mean",
            "max",
            "amin",
            "argmax",
            "median",
            "mode",
            "logsumexp",
            "std",
            "cumsum",
            "cummax",
            "sort",
            "norm",
        ]
    ),
):
    """A dimension of size zero is summed to zeros, and has no extreme, no median and no mode."""
    x = torch.zeros(shape, requires_grad=True)
    if name == "norm":
        x.norm(2, dim)
        x.norm(float("inf"), dim)
    else:
        getattr(x, name)(dim)


@case(requires=["backward", "std"], covers=["num.std_single"])
def spread_of_zeros(
    torch,
    shape: st.sampled_from([(2,), (3,), (2, 3), (3, 1)]),
    dim: st.sampled_from([None, 0, -1]),
    measured: st.sampled_from(["std", "norm", "std"]),
):
    """The gradient of a deviation or length that is zero is zero, whatever is rounded how."""
    x = torch.zeros(shape, requires_grad=True)
    y = x.std(dim, correction=0) if measured == "std" else x.norm(2, dim)
    (y * 3.0).sum().backward()


@case(requires=["backward", "prod"], covers=["num.prod_zeros"])
def running_products_with_zeros(torch, values: zeros):
    """The gradient of a running product is right at zeros too."""
    x = torch.tensor(values, requires_grad=True)
    x.cumprod(0).sum().backward()


@case(requires=["backward", "prod"], covers=["num.prod_zeros"])
def products_with_zeros_twice(torch, values: zeros):
    """The second derivative of a product with zeros is the product of the others."""
    x = torch.tensor(values, requires_grad=True)
    (first,) = torch.autograd.grad(x.prod(), x, create_graph=True)
    first.sum().backward()


@case(requires=["backward", "max"], covers=["num.max_all"])
def ties_in_every_extreme(
    torch,
    values: tied,
    name: st.sampled_from(["max", "min", "amax", "amin", "median", "nanmedian"]),
    given: st.booleans(),
):
    """Extremes of everything share the gradient among ties; over a dimension the index takes it."""
    x = torch.tensor(values, requires_grad=True)
    call = getattr(x, name)
    if given and name not in ("amax", "amin"):
        call(0).values.backward()
    elif given:
        call(0).backward()
    else:
        call().backward()


@case(requires=["backward", "sort"], covers=["num.max_all"])
def ties_in_order(torch, values: tied, name: st.sampled_from(["sort", "mode", "cummax", "cummin", "logcumsumexp"])):
    """What orders elements gives the gradient to the places that its indices name."""
    x = torch.tensor(values, requires_grad=True)
    result = getattr(x, name)(0)
    y = result if name == "logcumsumexp" else result.values
    (y * torch.arange(1.0, y.dim() + 1.0)).sum().backward()


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def norm_in_another_type(
    torch,
    own: st.sampled_from(["float32", "float64", "complex64", "complex128"]),
    wanted: st.sampled_from(["float32", "float64", "complex64", "complex128", "int64"]),
    name: st.sampled_from(["vector_norm", "matrix_norm", "norm"]),
):
    """A norm is computed in a wider type of the same kind, and in no other."""
    x = torch.ones(2, 3, dtype=getattr(torch, own), requires_grad=True)
    y = getattr(torch.linalg, name)(x * 2, dtype=getattr(torch, wanted))
    y.backward()


@case()
def complex_numbers_are_reduced_in_a_real_type(
    torch,
    z: complexes(min_dims=1),
    name: st.sampled_from(["sum", "mean", "prod", "cumsum", "cumprod"]),
    dtype: st.sampled_from(["float32", "float64"]),
):
    """A reduction of complex numbers in a real type warns that it drops the imaginary parts."""
    getattr(torch, name)(z, dim=0, dtype=getattr(torch, dtype))


@case(requires=["backward"])
def deviations_are_finite_where_variances_are_not(
    torch,
    scale: st.sampled_from([1e-30, 1e-25, 1.0, 1e20, 1e30]),
    dtype: st.sampled_from(["float32", "bfloat16"]),
    dim: st.sampled_from([None, 0, 1]),
):
    """A standard deviation is rounded after its root is taken: numbers may be as large as they can be."""
    x = (torch.tensor([[1.0, 2.0, 4.0], [1.0, 4.0, 7.0]]) * scale).to(getattr(torch, dtype)).requires_grad_()
    y = x.std(dim)
    torch.std_mean(x, dim)
    x.var(dim)
    y.sum().backward()


@case(requires=["backward"])
def spread_of_nothing_has_a_gradient_in_its_format(
    torch,
    shape: st.sampled_from([(0, 2), (2, 0), (0, 1), (2, 0, 3), (0, 3, 2)]),
    name: st.sampled_from(["std", "var"]),
    turned: st.booleans(),
    correction: st.sampled_from([0, 1, 5]),
):
    """The gradient of a spread of nothing lies in memory as the operand does."""
    x = torch.zeros(shape).requires_grad_()
    y = x.transpose(0, -1) if turned else x * 1
    y.retain_grad()
    getattr(y, name)(correction=correction).backward()
    y.grad.stride()


@case(requires=["reductions"])
def many_ties_lie_as_they_are_sorted(
    torch,
    count: st.integers(15, 40),
    kinds: st.integers(1, 5),
    dtype: st.sampled_from(["float32", "int64", "float64"]),
    descending: st.booleans(),
    lone: st.booleans(),
):
    """Beyond 16 elements ties lie as a sort leaves them that is not stable, unless one is expanded."""
    x = torch.arange(count).remainder(kinds).to(getattr(torch, dtype))
    if lone:
        x = x[:1].expand(count)
    x.sort(descending=descending)
    x.sort(stable=True, descending=descending)
    x.argsort(descending=descending)
    x.mode()
    x.topk(count - 2, largest=descending)


@case(requires=["functional", "std"])
def equal_elements_have_no_spread(
    torch,
    value: st.sampled_from([0.1, 0.7, 1.1, 1.3, 2.3, 2.9]),
    shape: st.sampled_from([(3,), (3, 1), (2, 3), (7,)]),
    name: st.sampled_from(["std", "var", "std_mean", "var_mean"]),
    kind: st.sampled_from(["float32", "float64", "bfloat16", "complex64"]),
    dim: st.sampled_from([None, 0, -1]),
):
    """Elements that are equal have no spread; but that of all is about a mean that was rounded."""
    x = torch.full(shape, value, dtype=getattr(torch, kind))

    def spread(given):
        found = getattr(torch, name)(given, dim)
        return found[0] if name.endswith("mean") else found

    spread(x)
    torch.autograd.functional.jacobian(spread, x)
