"""Arguments that few programs give: complex factors, tolerances, drivers, sizes of one and none."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats

NUMBERS = st.sampled_from([2.0, 0, 1, True, 2 + 3j, -1j])


@case(lecture="grad", requires=["grad"])
def factor_of_a_sum_is_conjugated_backward(
    torch,
    x: complexes(shape=(2, 2)),
    y: complexes(shape=(2, 2)),
    alpha: NUMBERS,
    beta: NUMBERS,
    which: st.integers(0, 6),
):
    """A sum times a number hands on the gradient times the number's conjugate."""
    x.requires_grad_()
    y.requires_grad_()
    scaled = [
        lambda: torch.add(x, y, alpha=alpha),
        lambda: torch.sub(x, y, alpha=alpha),
        lambda: torch.rsub(x, y, alpha=alpha),
        lambda: torch.addmm(x, y, y, alpha=alpha, beta=beta),
        lambda: torch.addmv(x[0], y, y[0], alpha=alpha, beta=beta),
        lambda: torch.addr(x, y[0], y[1], alpha=alpha, beta=beta),
        lambda: torch.baddbmm(x[None], y[None], y[None], alpha=alpha, beta=beta),
    ][which]()
    torch.autograd.grad(scaled, (x, y), scaled.detach(), create_graph=True)


@case(lecture="grad", requires=["grad"])
def factor_of_reals_is_real(torch, x: floats(shape=(2, 2), values="finite"), alpha: NUMBERS, which: st.integers(0, 5)):
    """A complex or boolean factor of real tensors is refused, each operator in its words."""
    x.requires_grad_()
    [
        lambda: torch.add(x, x, alpha=alpha),
        lambda: torch.rsub(x, 1, alpha=alpha),
        lambda: torch.addmm(x, x, x, beta=alpha),
        lambda: torch.addcmul(x, x, x, value=alpha),
        lambda: torch.lerp(x, x, alpha),
        lambda: x.detach().clone().index_add_(0, torch.tensor([0, 1]), x.detach(), alpha=alpha),
    ][which]()


@case(lecture="grad", requires=["grad"])
def pseudo_inverse_reads_one_triangle(
    torch, rtol: st.sampled_from([0.3, 0.0, [0.0, 0.3], [[0.1], [0.9]]]), hermitian: st.booleans()
):
    """A Hermitian pseudo-inverse reads one triangle, and its tolerances may be tensors."""
    x = torch.tensor([[4.0, 9.0, 7.0], [1.0, 0.5, 8.0], [-2.0, 1.5, -3.0]], dtype=torch.float64, requires_grad=True)
    tolerance = torch.tensor(rtol, dtype=torch.float64)
    y = torch.linalg.pinv(x, hermitian=hermitian, rtol=tolerance)
    torch.autograd.grad(y.sum(), x)
    torch.linalg.matrix_rank(x.detach(), hermitian=hermitian, rtol=tolerance)
    torch.linalg.matrix_rank(x.detach(), hermitian=hermitian, atol=1.0)


@case(lecture="grad", requires=["grad"])
def least_squares_by_each_driver(
    torch,
    driver: st.sampled_from(["gels", "gelsy", "gelsd", "gelss", "other"]),
    tall: st.booleans(),
    vector: st.booleans(),
):
    """Each driver of least squares finds residuals, the rank, or singular values."""
    x = torch.tensor([[2.0, 1.0, 0.5], [0.0, -1.5, 3.0]], dtype=torch.float64)
    a = x.t() if tall else x
    b = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)[: 3 if tall else 2]
    torch.linalg.lstsq(a, b if vector else b[:, None], driver=driver)


@case(lecture="grad", requires=["grad"])
def matrices_of_no_elements_are_inverted(torch, shape: st.sampled_from([(0, 0), (2, 0, 0), (0, 2, 2)])):
    """Matrices without elements have inverses, determinants and gradients."""
    x = torch.zeros(shape, requires_grad=True)
    for y in (torch.linalg.inv(x), torch.linalg.det(x), torch.logdet(x), torch.linalg.slogdet(x)[1]):
        torch.autograd.grad(y.sum(), x)
    torch.linalg.matrix_power(x, -2)


@case(lecture="grad", requires=["grad"])
def quantile_has_a_derivative_by_its_rank(
    torch,
    x: floats(shape=(2, 3), values="finite"),
    number: st.booleans(),
    dim: st.sampled_from([None, 0, 1]),
    way: st.sampled_from(["linear", "midpoint", "higher"]),
    ignore: st.booleans(),
):
    """Between two elements a quantile moves with its rank."""
    q = torch.tensor(0.3) if number else torch.tensor([0.2, 0.9])
    x.requires_grad_()
    q.requires_grad_()
    y = (torch.nanquantile if ignore else torch.quantile)(x, q, dim, interpolation=way)
    torch.autograd.grad(y.sum(), (x, q), allow_unused=True)


@case(lecture="grad", requires=["grad"])
def indices_along_a_dimension_wrap(
    torch, x: floats(shape=(2, 3), values="finite"), i: st.integers(-5, 5), dim: st.integers(-1, 1)
):
    """take_along_dim wraps its indices around, and gather does not."""
    index = torch.tensor([[i, 0, 1]]) if dim == 0 else torch.tensor([[i], [1]])
    x.requires_grad_()
    y = torch.take_along_dim(x, index, dim)
    torch.autograd.grad(y.sum(), x)
    torch.gather(x, dim, index[:, :0, None])
    torch.gather(x, dim, index)


@case(lecture="grad", requires=["grad"])
def transposed_convolution_is_padded_on_one_side(torch, more: st.integers(0, 2), groups: st.integers(1, 2)):
    """A transposed convolution's gradients have their operands' shapes, however it is padded."""
    x = torch.arange(32.0).view(1, 2, 4, 4).sin().requires_grad_()
    w = torch.arange(16.0).view(2, 2, 2, 2).cos().requires_grad_()
    y = torch.nn.functional.conv_transpose2d(x, w, stride=2, dilation=3, output_padding=(more, 1), groups=groups)
    torch.autograd.grad(y, (x, w), y.detach(), create_graph=True)


@case(lecture="graph", requires=["grad", "graph"])
def products_of_sizes_of_one_are_sums(torch, n: st.integers(1, 2), m: st.integers(1, 2), k: st.integers(1, 2)):
    """A product whose result has one element is a scalar product; a chain goes from the left."""
    x = torch.ones(n, m, k, requires_grad=True)
    y = torch.tensordot(x, x, dims=([0, 1], [0, 1]))
    z = torch.tensordot(x, x, dims=([1, 0], [1, 0]))
    torch.autograd.grad((y + z).sum(), x)
    a, b, c, d = (torch.ones(s, requires_grad=True) for s in ((n, m), (m, k), (k, n), (n, 1)))
    torch.linalg.multi_dot([a, b, c])
    torch.linalg.multi_dot([a, b, c, d])
    torch.linalg.vecdot(a[0], a[0])


@case(lecture="values", requires=["grad"])
def joined_pictures_keep_their_format(
    torch, last: st.lists(st.booleans(), min_size=1, max_size=3), dim: st.integers(0, 3)
):
    """Pictures whose channels all lie innermost are joined in that format."""
    parts = [torch.arange(48.0).view(2, 4, 2, 3) for _ in last]
    formats = [torch.channels_last if inner else torch.contiguous_format for inner in last]
    torch.cat([x.to(memory_format=kind) for x, kind in zip(parts, formats, strict=True)], dim)


@case(lecture="values", requires=["grad"])
def whole_numbers_are_cut_off(
    torch,
    x: st.lists(st.integers(-9, 9), min_size=9, max_size=9),
    end: st.floats(-2, 4),
    base: st.sampled_from([2.0, 3.0]),
):
    """Means of whole numbers are cut off, and logarithmic steps lie between whole exponents."""
    torch.nn.functional.avg_pool2d(torch.tensor(x).view(1, 1, 3, 3), 2, 1, 1)
    torch.nn.functional.avg_pool1d(torch.tensor(x, dtype=torch.int32).view(1, 9), 2)
    torch.logspace(3.5, end, 4, base, dtype=torch.int64)


@case(lecture="grad", requires=["grad"])
def scaled_down_slices_have_real_factors(
    torch, x: complexes(shape=(2, 3)), p: st.sampled_from([1, 2, 3]), most: st.sampled_from([0.5, 2.0])
):
    """The gradient of a complex slice that renorm scales down goes by a real part."""
    y = torch.renorm(x.requires_grad_(), p, 0, most)
    torch.autograd.grad(y, x, x.detach(), create_graph=True)


@case(lecture="grad", requires=["grad"])
def complex_convolution_is_derived_by_its_parts(
    torch, x: complexes(shape=(1, 2, 3)), w: complexes(shape=(2, 2, 2)), transposed: st.booleans(), graph: st.booleans()
):
    """The gradients of a complex convolution, and of those, come from three real convolutions."""
    function = torch.nn.functional.conv_transpose1d if transposed else torch.nn.functional.conv1d
    y = function(x.requires_grad_(), w.requires_grad_())
    grad, _ = torch.autograd.grad(y, (x, w), y.detach(), create_graph=graph)
    torch.autograd.grad(grad, w, x.detach(), allow_unused=True)


@case(lecture="values", requires=["grad"])
def running_statistics_of_halves_move(
    torch,
    dtype: st.sampled_from(["float16", "bfloat16", "float32"]),
    momentum: st.sampled_from([0.5, 1.0, -1.0]),
    each: st.booleans(),
):
    """Running statistics move by what each batch has, also those of half precision."""
    kind = getattr(torch, dtype)
    x = torch.arange(8.0).view(2, 2, 2).to(kind)
    mean, var = torch.zeros(2, dtype=kind), torch.ones(2, dtype=kind)
    function = torch.nn.functional.instance_norm if each else torch.nn.functional.batch_norm
    function(x, mean, var, momentum=momentum, **({} if each else {"training": True}))
    mean, var


@case(lecture="values", requires=["grad"])
def copy_of_a_number_has_memory_of_its_own(torch, x: floats(shape=(), values="finite"), way: st.integers(0, 3)):
    """What is picked, repeated or summed out of a number is no alias of it."""
    index = torch.tensor([0])
    y = [
        lambda: x.index_select(0, index),
        lambda: x.repeat(()),
        lambda: x.requires_grad_().sum_to_size(()),
        lambda: torch.zeros(()).index_copy(0, index, x),
    ][way]()
    with torch.no_grad():
        y.add_(1)


@case(requires=["views"])
def window_says_which_of_its_numbers_is_wrong(
    torch,
    x: floats(shape=(4,)),
    wrong: st.sampled_from(["a", 2.5, ("a",), (1.5,), None, (None,), 1 + 1j]),
    place: st.integers(0, 2),
    method: st.sampled_from(["as_strided", "as_strided_"]),
):
    """as_strided() names the argument that is not what it takes, and its place."""
    given = [(2,), (1,), 1]
    given[place] = wrong
    getattr(torch, method)(x, *given)
    getattr(x, method)(*given)


@case(requires=["in_place"])
def fill_is_told_what_it_takes(
    torch,
    x: floats(),
    wrong: st.sampled_from([(), (None,), ("1.5",), ([1.0],), (1, 2), (1.0, None)]),
    named: st.booleans(),
):
    """fill_() lists its forms where it is given no number and no tensor, or more than that."""
    x.fill_(*wrong)
    if named:
        x.fill_(number=1.0)
    x.fill_(value=2.0)


@case(requires=["backward"])
def ordinary_convolution_takes_no_output_padding(
    torch, more: st.sampled_from([(1, 0), (0, 2), (0, 0)]), transposed: st.booleans(), input: st.booleans()
):
    """torch.convolution() overlooks what is to pad an ordinary result, and its gradient refuses it."""
    x = torch.arange(36.0).view(1, 1, 6, 6)
    weight = torch.arange(9.0).view(1, 1, 3, 3)
    wanted = (x if input else weight).requires_grad_()
    y = torch.convolution(x, weight, None, (3, 3), (1, 1), (1, 1), transposed, more, 1)
    (first,) = torch.autograd.grad(y.square().sum(), wanted, create_graph=True)
    first.sum().backward()
