"""Products of vectors and matrices."""

import math

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, ints, matrices, same_shape


@case(requires=["backward", "dot"])
def dot_product(torch, ab: same_shape(2, min_dims=1, max_dims=1, values="finite")):
    """The gradient of a dot product with respect to one vector is the other."""
    a, b = ab
    a.requires_grad_().dot(b.requires_grad_()).backward()


@case(requires=["backward", "mv"])
def matrix_times_vector(
    torch, m: floats("float32", shape=(2, 3)), v: floats("float32", shape=(3,)), g: cotangent((2,))
):
    """The gradient of a matrix times a vector is an outer product and a transposed product."""
    m.requires_grad_().mv(v.requires_grad_()).backward(g)


@case(requires=["backward", "mm"])
def matrix_times_matrix(
    torch, m: floats("float32", shape=(2, 3)), n: floats("float32", shape=(3, 2)), g: cotangent((2, 2))
):
    """The gradients of a matrix product are products with the transposed factors."""
    m.requires_grad_().mm(n.requires_grad_()).backward(g)


@case(requires=["backward", "matmul"], covers=["graph.names_lazy"])
def matmul_of_all_dimensions(torch, mn: matrices(2)):
    """The operator @ multiplies vectors, matrices and batches of them."""
    m, n = mn
    y = m.requires_grad_() @ n.requires_grad_()
    (y * y.detach()).sum().backward()


@case(requires=["backward", "matmul"])
def matmul_of_three_factors(torch, abc: matrices(3, batches=False)):
    """A product of three factors has a gradient in each."""
    a, b, c = abc
    y = torch.matmul(a.requires_grad_() @ b.requires_grad_(), c.requires_grad_())
    y.sum().backward()


@case(requires=["backward", "matmul"])
def batches_broadcast(torch, m: floats("float32", shape=(2, 1, 2, 3)), n: floats("float32", shape=(2, 3, 1))):
    """The batch dimensions of a matrix product broadcast, and their gradients are summed back."""
    (m.requires_grad_() @ n.requires_grad_()).sum().backward()


@case(requires=["matmul"], covers=["err.bilinear"])
def sizes_of_a_product_must_fit(
    torch, m: floats("float32", shape=(2, 3)), v: floats("float32", shape=st.sampled_from([(2,), (4,), (2, 2), ()]))
):
    """Products of matrices and vectors whose sizes do not fit raise."""
    m.requires_grad_() @ v
    m.mv(v)
    m[0].dot(v)


@case(requires=["matmul"], covers=["err.bilinear"])
def dtypes_of_a_product_must_be_equal(torch, m: floats("float32", shape=(2, 2)), n: floats("float64", shape=(2, 2))):
    """The factors of a matrix product have one dtype."""
    m @ n
    m.mv(n[0])
    m[0].dot(n[0])


@case(requires=["matmul"], covers=["err.bilinear"])
def operators_of_products_check_their_sizes(
    torch, m: floats("float32", shape=(2, 3)), wide: st.integers(4, 5), batch: floats("float32", shape=(2, 2, 3))
):
    """Each product has its own text for operands of wrong sizes and wrong numbers of dimensions."""
    torch.mm(m, torch.ones(wide, 2))
    torch.mm(m, m[0])
    torch.mv(m, m)
    torch.dot(m[0], torch.ones(wide))
    torch.dot(m, m)
    torch.bmm(batch, batch)
    torch.bmm(m, m)
    torch.bmm(batch, torch.ones(3, 3, 2))
    torch.matmul(m[0, 0], m)
    torch.matmul(batch, torch.ones(wide, 3, 2))
    torch.outer(m, m[0])
    torch.mm(m, 3)
    m @ 3


@case(requires=["matmul", "broadcast"], covers=["err.bilinear"])
def operands_that_do_not_broadcast_are_refused(torch, m: floats("float32", shape=(2, 3)), wide: st.integers(4, 5)):
    """Sums and products of shapes that do not broadcast name both sizes and the dimension."""
    m.requires_grad_() + torch.ones(wide)
    m * torch.ones(wide, 3)
    m - torch.ones(2, wide)
    m += torch.ones(4, 2, 3)
    m.t() / m


@case(requires=["matmul"])
def integers_multiply(torch, m: ints("int64", shape=(2, 3)), n: ints("int64", shape=(3,))):
    """Matrices of integers are multiplied exactly."""
    m @ n
    m[0].dot(n)


@case(requires=["backward", "matmul"])
def affine_layer(
    torch, w: floats("float32", shape=(2, 3)), b: floats("float32", shape=(2,)), x: floats("float32", shape=(4, 3))
):
    """An affine layer on a batch has gradients in weight, bias and input."""
    y = x.requires_grad_() @ w.requires_grad_().t() + b.requires_grad_()
    (y * y.detach()).sum().backward()


@case(requires=["matmul", "hooks"])
def distances_by_a_product_are_of_one_type(
    torch,
    kinds: st.sampled_from(
        [("float32", "float64"), ("float64", "float32"), ("float16", "float32"), ("float32", "float32")]
    ),
    batch: st.sampled_from([(), (2,)]),
    rows: st.sampled_from([2, 26]),
    mode: st.sampled_from(
        ["use_mm_for_euclid_dist", "use_mm_for_euclid_dist_if_necessary", "donot_use_mm_for_euclid_dist"]
    ),
):
    """cdist by way of a product of matrices refuses rows of two types as the product does."""
    a, b = (torch.ones((*batch, rows, 3), dtype=getattr(torch, kind)).requires_grad_() for kind in kinds)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        torch.cdist(a, b, compute_mode=mode)


@case(requires=["backward"])
def gradients_of_distances_are_sums_without_a_warning(
    torch,
    x: floats("float64", shape=(2, 3), values="special"),
    p: st.sampled_from([1.0, 2.0, 3.0]),
    g: st.sampled_from([1.0, math.inf]),
):
    """The gradient of a distance that is infinite, or not a number, is summed without a word."""
    torch.cdist(x.requires_grad_(), x.detach() + 1, p).mul(g).sum().backward()


@case(requires=["argument_checks"])
def empty_products_of_batches_take_two_types(
    torch,
    shapes: st.sampled_from([((0, 2, 3), (0, 3, 2)), ((2, 0, 3), (2, 3, 2)), ((2, 2, 0), (2, 0, 2)), ((2, 2, 3), (2, 3, 0))]),
    kinds: st.tuples(*[st.sampled_from(["float32", "float64", "float16", "int64", "complex64"])] * 2),
    beta: st.sampled_from([0, 1, 2]),
):  # fmt: skip
    """A product of batches with nothing to add up has the type of the second, whatever the first has."""
    a, b = [torch.ones(shape, dtype=getattr(torch, kind)) for shape, kind in zip(shapes, kinds, strict=True)]
    torch.bmm(a, b)
    a @ b
    torch.baddbmm(torch.ones(1, 1, 1, dtype=a.dtype), a, b, beta=beta)
    torch.baddbmm(torch.ones(1, 1, 1, dtype=b.dtype), a, b, beta=beta)


@case(requires=["backward"])
def gradients_of_empty_products_have_their_operands_types(
    torch,
    sizes: st.sampled_from([(2, 0, 3, 4), (2, 3, 0, 4), (2, 3, 2, 0), (0, 3, 2, 4)]),
    kinds: st.tuples(*[st.sampled_from(["float32", "float64", "bfloat16", "complex64"])] * 2),
    name: st.sampled_from(["bmm", "matmul", "baddbmm"]),
):
    """Gradients of an empty product of two types are brought to them, but no complex one to a real."""
    n, rows, inner, columns = sizes
    a = torch.ones(n, rows, inner, dtype=getattr(torch, kinds[0])).requires_grad_()
    b = torch.ones(n, inner, columns, dtype=getattr(torch, kinds[1])).requires_grad_()
    y = torch.ones_like(a[:, :, :1]).baddbmm(a, b) if name == "baddbmm" else getattr(torch, name)(a, b)
    y.sum().abs().backward()


@case(requires=["argument_checks"])
def what_products_are_added_to_is_scaled_alone(
    torch,
    sizes: st.sampled_from([(2, 3, 0, 4), (1, 3, 0, 4), (0, 3, 2, 4), (2, 3, 2, 4), (2, 0, 2, 4)]),
    kind: st.sampled_from(["bool", "uint8", "int64", "float16", "float32"]),
    name: st.sampled_from(["addmm", "baddbmm", "addbmm"]),
    beta: st.sampled_from([0, 1, 2, True, 1.5]),
):
    """Where there is no product to add, the type of beta is one that the result takes."""
    n, rows, inner, columns = sizes
    dtype = getattr(torch, kind)
    a, b = torch.ones(n, rows, inner).to(dtype), torch.ones(n, inner, columns).to(dtype)
    if name == "addmm":
        a, b = a.new_ones(rows, inner), b.new_ones(inner, columns)
    x = a.new_ones((n, rows, columns) if name == "baddbmm" else (rows, columns))
    getattr(torch, name)(x, a, b, beta=beta)
    getattr(x, name + "_")(a, b, beta=beta)


@case(requires=["argument_checks"])
def kernel_of_a_product_of_bools_goes_by_its_size(torch, size: st.sampled_from([2, 20]), n: st.integers(1, 2)):
    """Products of batches of bools are refused by the kernel that their size asks for."""
    a = torch.ones(n, size, size, dtype=torch.bool)
    torch.bmm(a, a)
    torch.baddbmm(a, a, a)


@case(requires=["argument_checks"])
def scales_of_an_outer_product_fit_in_place_too(
    torch,
    kind: st.sampled_from(["bool", "int64", "float32"]),
    scales: st.sampled_from([{"beta": 1.5}, {"beta": True}, {"alpha": 1.5}, {"alpha": False}, {"beta": 2}]),
):
    """addr_ refuses bools that scale numbers and floats that scale integers, as addr does."""
    v = torch.ones(2).to(getattr(torch, kind))
    torch.addr(torch.outer(v, v), v, v, **scales)
    torch.outer(v, v).addr_(v, v, **scales)


@case(requires=["backward", "addr"])
def outer_product_of_nothing_lies_as_its_operands(
    torch,
    sizes: st.tuples(st.integers(0, 2), st.integers(0, 2)),
    kind: st.sampled_from(["number", "row", "matrix", "turned"]),
):
    """addr lays its result out as elementwise operators do, if there are elements or none."""
    rows, columns = sizes
    shape = {"number": (), "row": (columns,), "matrix": (rows, columns), "turned": (columns, rows)}[kind]
    x = torch.ones(shape)
    x = (x.t() if kind == "turned" else x).requires_grad_()
    y = torch.addr(x, torch.ones(rows), torch.ones(columns))
    y.stride()
    y.sum().backward()


@case(requires=["argument_checks"])
def batches_of_two_types_are_refused_in_their_order(
    torch,
    kinds: st.tuples(*[st.sampled_from(["float32", "float16", "int64", "bool", "complex64"])] * 2),
    size: st.sampled_from([2, 8]),
    beta: st.sampled_from([0, 1]),
):
    """What baddbmm adds to a product gets the second batch's type, before two types are refused."""
    a, b = [torch.ones(2, size, size).to(getattr(torch, kind)) for kind in kinds]
    torch.bmm(a, b)
    torch.baddbmm(a, a, b, beta=beta)
    torch.baddbmm(a, a[:, :, :0], b[:, :0], beta=beta)


@case(requires=["argument_checks"])
def chains_of_matrices_are_of_one_type(
    torch,
    kinds: st.tuples(*[st.sampled_from(["float32", "float64", "int64"])] * 3),
    sizes: st.tuples(*[st.sampled_from([2, 3])] * 2),
):
    """A chain of matrices names the first that has another type or does not fit; chain_matmul warns."""
    a, b, c = [torch.ones(2, 2).to(getattr(torch, kind)) for kind in kinds]
    chain = (a, b.new_ones(sizes), c)
    torch.linalg.multi_dot(chain)
    torch.chain_matmul(*chain)
    torch.chain_matmul(a)
    torch.chain_matmul()
