"""Determinants, inverses, solutions, factors and norms of matrices, and what happens where they do not exist."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, cotangent, floats, smooth

m22 = smooth(dtype="float64", shape=(2, 2))
any22 = floats("float32", shape=(2, 2), values="finite")
v2 = smooth(dtype="float64", shape=(2,))
singular = st.sampled_from([[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 3.0]]])
AT = st.sampled_from([-1, 0, 1])  # one of two matrices, or both at once


def definite(torch, m):
    """A positive-definite matrix."""
    return m @ m.t() + 2 * torch.eye(2, dtype=torch.float64)


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def determinant_of_a_singular_matrix(torch, values: singular):
    """A singular matrix has determinant zero, a gradient of cofactors, and the logarithm -inf."""
    m = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    m.det().backward()
    m.slogdet()


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def determinant(torch, m: m22):
    """The gradient of a determinant is the determinant times the inverse, transposed."""
    m.requires_grad_().det().backward()
    (torch.eye(2, dtype=torch.float64) * 3 + m).slogdet().logabsdet.backward()


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def singular_matrix_has_no_inverse(torch, values: singular, v: v2):
    """A singular matrix is neither inverted nor solved with: the error is a LinAlgError that says where."""
    m = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    torch.linalg.inv(m)
    torch.linalg.solve(m, v)
    torch.linalg.inv(torch.stack([torch.eye(2, dtype=torch.float64), m]))


ROWS = st.lists(st.sampled_from([0.0, 1.0, -1.5, 0.3, 2.4, 7.0, 1 / 3, 0.62]), min_size=4, max_size=4)


@case(requires=["linalg"], by_processor=True)
def rows_that_are_multiples_of_others_leave_zero_or_a_rounding(
    torch,
    rows: st.lists(ROWS, min_size=2, max_size=3),
    at: st.integers(0, 2),
    factor: st.sampled_from([1.0, -1.0, 0.3, 2.4]),
    turned: st.booleans(),
    dtype: st.sampled_from(["float32", "float64", "complex64", "complex128"]),
    how: st.sampled_from(["solve", "solve from the right", "inv", "det", "slogdet", "lu_factor", "power", "tensorinv"]),
):
    """A matrix with dependent rows is singular if elimination leaves zero, to the rounding."""
    rows = [*rows, [factor * one for one in rows[at % len(rows)]]]
    if dtype.startswith("complex"):
        rows = [[complex(one, other) for one, other in zip(row, row[1:] + row[:1], strict=True)] for row in rows]
    a = torch.tensor([row[: len(rows)] for row in rows], dtype=getattr(torch, dtype))
    a = a.mT.contiguous() if turned else a
    linalg = torch.linalg
    {
        "solve": lambda: linalg.solve(a, a[0]),
        "solve from the right": lambda: linalg.solve(a, a, left=False),
        "inv": lambda: linalg.inv(a),
        "det": lambda: linalg.det(a) == 0,
        "slogdet": lambda: linalg.slogdet(a)[0] == 0,
        "lu_factor": lambda: linalg.lu_factor(a),
        "power": lambda: linalg.matrix_power(a, -2),
        "tensorinv": lambda: linalg.tensorinv(a, ind=1),
    }[how]()


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def inverse_and_solution(torch, m: m22, v: v2, g: cotangent((2, 2), "float64")):
    """Inverses and solutions are differentiated by solving with the transposed matrix."""
    a = definite(torch, m.requires_grad_())
    a.inverse().backward(g, retain_graph=True)
    x = torch.linalg.solve(a, v.requires_grad_())
    x.grad_fn.next_functions
    (x * x).sum().backward()


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def cholesky_wants_a_definite_matrix(torch, m: m22, upper: st.booleans(), g: cotangent((2, 2), "float64")):
    """A positive-definite matrix has a triangular root; for others the error names the leading minor."""
    a = definite(torch, m.requires_grad_())
    torch.linalg.cholesky(a, upper=upper).backward(g)
    torch.linalg.cholesky(-a)
    torch.linalg.cholesky(torch.stack([a, -a]))


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def triangular_solution(torch, m: m22, b: smooth(dtype="float64", shape=(2, 3)), upper: st.booleans()):
    """A triangular system reads, and gives a gradient to, one triangle only."""
    a = m.requires_grad_() + 4 * torch.eye(2, dtype=torch.float64)
    x = torch.linalg.solve_triangular(a, b.requires_grad_(), upper=upper)
    (x * x.detach()).sum().backward()


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def eigenvalues_of_a_symmetric_matrix(torch, m: m22, g: cotangent((2,), "float64")):
    """Eigenvalues of a symmetric matrix come in order, and their gradient is made of the eigenvectors."""
    a = definite(torch, m.requires_grad_())
    torch.linalg.eigvalsh(a).backward(g)


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def singular_values(torch, m: smooth(dtype="float64", shape=(2, 3)), g: cotangent((2,), "float64")):
    """Singular values come in falling order, and are differentiated."""
    torch.linalg.svdvals(m.requires_grad_()).backward(g)


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def orthogonal_factor(torch, m: m22, g: cotangent((2, 2), "float64")):
    """A matrix is an orthogonal factor times a triangular one, each with a gradient."""
    q, r = torch.linalg.qr(definite(torch, m.requires_grad_()))
    q.backward(g, retain_graph=True)
    r.backward(g)


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def norms_of_a_matrix(
    torch,
    m: smooth(dtype="float64", shape=(2, 3)),
    p: st.sampled_from(["fro", "nuc", 1, -1, float("inf"), float("-inf"), 2, -2]),
):
    """The norms of a matrix are those of its elements, its singular values, its rows or its columns."""
    n = torch.linalg.matrix_norm(m.requires_grad_(), p)
    n.grad_fn
    n.backward()
    torch.linalg.norm(m, p).backward()


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def norm_of_a_zero_matrix(torch, p: st.sampled_from(["fro", 1, float("inf")])):
    """At zero the gradient of a matrix norm is zero."""
    m = torch.zeros(2, 3, requires_grad=True)
    torch.linalg.matrix_norm(m, p).backward()


@case(requires=["linalg"], covers=["num.matrix"])
def order_of_a_norm(torch, m: any22, p: st.sampled_from([3, "abc", 0, 2.5])):
    """A matrix has no norms of other orders, and a tensor of three dimensions none without dimensions."""
    torch.linalg.matrix_norm(m, p)
    torch.linalg.norm(m, p)
    torch.linalg.norm(m[None], p)


@case(requires=["linalg"], covers=["num.matrix"])
def only_square_matrices(
    torch,
    x: floats("float32", shape=st.sampled_from([(2, 3), (3,), ()])),
    name: st.sampled_from(["det", "inv", "slogdet", "cholesky", "eigvalsh", "matrix_exp"]),
):
    """What needs a square matrix refuses others, and vectors."""
    getattr(torch.linalg, name)(x)


@case(requires=["backward", "linalg"])
def powers_of_a_matrix(torch, m: m22, n: st.integers(-2, 5)):
    """Powers of a matrix are products, found by squaring, of it or of its inverse."""
    a = definite(torch, m.requires_grad_())
    y = torch.linalg.matrix_power(a, n)
    y.grad_fn
    y.sum().backward()


@case(requires=["backward", "linalg"], covers=["graph.names_matmul"])
def pseudo_inverse(torch, m: smooth(dtype="float64", shape=(2, 3)), g: cotangent((3, 2), "float64")):
    """Any matrix has a pseudo-inverse, and the exponential of a square one is differentiated too."""
    a = m.requires_grad_() + 4 * torch.eye(2, 3, dtype=torch.float64)
    torch.linalg.pinv(a).backward(g)
    torch.linalg.matrix_exp(m @ m.t() / 8).sum().backward()


@case(requires=["backward", "einsum"], covers=["graph.names_matmul", "graph.names_lazy"])
def contraction(
    torch,
    m: floats("float32", shape=(2, 3), values="finite"),
    n: floats("float32", shape=(3, 2), values="finite"),
    equation: st.sampled_from(["ij,jk->ik", "ij,jk", "ij,ji->", "ij,jk->ki", "ij,jk->j", "ij,kl->ijkl", "ij,ji->i"]),
):
    """einsum is made of permutations and one product of a batch of matrices."""
    y = torch.einsum(equation, m.requires_grad_(), n.requires_grad_())
    y.grad_fn
    (y * y.detach()).sum().backward()


@case(requires=["einsum"])
def contraction_is_of_one_type(
    torch, kinds: st.tuples(*[st.sampled_from(["float32", "float64", "int64", "bool"])] * 2), rows: st.integers(0, 2)
):
    """einsum refuses two types as the product of batches does that it is made of."""
    a, b = torch.ones(2, rows, 2).to(getattr(torch, kinds[0])), torch.ones(2, 2, 3).to(getattr(torch, kinds[1]))
    torch.einsum("bij,bjk->bik", a, b)


@case(requires=["backward", "tensordot"], covers=["graph.names_matmul", "graph.names_lazy"])
def products_made_of_products(
    torch,
    m: floats("float32", shape=(2, 3), values="finite"),
    n: floats("float32", shape=(3, 2), values="finite"),
    name: st.sampled_from(["tensordot", "kron", "inner", "multi_dot", "cross", "vecdot"]),
):
    """tensordot, kron, inner and chains of matrices are views and one product, and have that graph."""
    m.requires_grad_(), n.requires_grad_()
    call = {
        "tensordot": lambda: torch.tensordot(m, n, 1),
        "kron": lambda: torch.kron(m, n),
        "inner": lambda: torch.inner(m, n.t()),
        "multi_dot": lambda: torch.linalg.multi_dot([m, n, m]),
        "cross": lambda: torch.linalg.cross(m, n.t()),
        "vecdot": lambda: torch.linalg.vecdot(m, n.t()),
    }[name]
    y = call()
    y.grad_fn.next_functions
    (y * y.detach()).sum().backward()


@case(requires=["backward", "addmm"], covers=["graph.names_matmul"])
def sums_with_products(
    torch,
    m: floats("float32", shape=(2, 2), values="finite"),
    n: floats("float32", shape=(2, 2), values="finite"),
    beta: st.sampled_from([1, 2, 0, 0.5]),
    alpha: st.sampled_from([1, -1, 2]),
    g: cotangent((2, 2)),
):
    """A product and what it is added to are scaled, in place too, and so are their gradients."""
    m.requires_grad_(), n.requires_grad_()
    torch.addmm(m, m, n, beta=beta, alpha=alpha).backward(g)
    z = m * 1
    z.addmm_(n, n, beta=beta, alpha=alpha).backward(g)
    torch.addmv(m[0], n, m[1], beta=beta, alpha=alpha).backward(g[0])
    torch.addbmm(m, n[None], m[None], beta=beta, alpha=alpha).backward(g)


@case(requires=["backward", "create_graph"])
def gradients_of_singular_matrices_with_a_graph(
    torch, a: singular, name: st.sampled_from(["slogdet", "det"]), graph: st.booleans()
):
    """With create_graph the gradient of a logarithmic determinant is solved for anew, if it can be."""
    m = torch.tensor(a).requires_grad_()
    found = getattr(torch.linalg, name)(m)
    (found if name == "det" else found[1]).backward(create_graph=graph)


@case(requires=["backward", "create_graph"], covers=["num.matrix"])
def second_gradients_of_determinants_of_which_some_are_zero(
    torch,
    matrices: st.lists(st.one_of(singular, st.just([[2.0, 1.0], [1.0, 3.0]])), min_size=1, max_size=3),
    turned: st.booleans(),
):
    """With a graph the determinant's gradient is one of singular vectors where the matrix is singular."""
    m = torch.tensor(matrices, dtype=torch.float64)
    m = (torch.complex(m, m * 2) if turned else m).requires_grad_()
    found = torch.linalg.det(m)
    g = torch.ones_like(found).requires_grad_()
    first = torch.autograd.grad(found, m, g, create_graph=True)
    torch.autograd.grad(first, [m, g], torch.ones_like(first[0]))


@case(requires=["backward", "tape"])
def factors_of_a_system_are_saved(torch, m: m22, turned: st.booleans(), left: st.booleans()):
    """A solution saves the factors of its matrix, a determinant those of the transpose at times."""
    a = (m + 3 * torch.eye(2, dtype=torch.float64)).requires_grad_()
    a = a.t().clone() if turned else a * 1
    x = torch.linalg.solve(a, torch.ones(2, 2, dtype=torch.float64), left=left)
    x.grad_fn._saved_LU
    x.grad_fn._saved_pivots
    a.det().grad_fn._saved_LU
    torch.linalg.solve(a, torch.ones(2, dtype=torch.float64), left=left)


@case(requires=["linalg", "backward"])
def solution_that_is_near_none_has_a_gradient(
    torch, step: st.sampled_from([1e-17, 3e-17, 1e-16, 1.0]), left: st.booleans(), graph: st.booleans()
):
    """The backward of solve() goes by the saved factors; only with its graph kept may it refuse."""
    a = torch.tensor([[3.0, 0.0, 0.0], [1.0, 1e-9, 0.0], [1.0, 0.0, 1.0]], dtype=torch.float64)
    a = (a + step).requires_grad_()
    b = torch.ones(3, 3, dtype=torch.float64)
    y = torch.linalg.solve(a, b, left=left)
    torch.autograd.grad(y.sum(), a, create_graph=graph)


@case(requires=["backward", "create_graph", "linalg"], covers=["num.matrix"])
def determinant_of_a_number_is_no_solution(torch, m: floats("float32", shape=(2, 1, 1)), g: cotangent((2,)), at: AT):
    """The gradient of the determinant of a single number is the incoming one, expanded."""
    x = m.requires_grad_()
    x, seed = (x, g) if at < 0 else (x[at], g[at])
    (grad,) = torch.autograd.grad(torch.linalg.det(x), x, seed.requires_grad_(), create_graph=True)
    grad.grad_fn


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def empty_matrices_keep_their_layout(torch, rows: st.booleans(), dtype: st.sampled_from(["float32", "complex64"])):
    """The gradient of determinants of no matrix lies as the operand does."""
    x = torch.ones(0, 2, 2, dtype=getattr(torch, dtype))
    x = (x if rows else x.mT).requires_grad_()
    torch.linalg.det(x).sum().abs().backward()
    y = torch.ones(0, 2, 2, dtype=x.dtype)
    torch.linalg.solve_triangular(x.mH, y, upper=True)
    torch.linalg.solve_triangular(x.conj(), y, upper=True)


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def solution_from_the_right_is_a_conjugate(
    torch, m: complexes(shape=(2, 2)), b: complexes(shape=(3, 2)), turned: st.booleans()
):
    """A complex system is solved from the right by adjoints: the solution is a conjugate."""
    a = (m + 9 * torch.eye(2)).requires_grad_()
    x = torch.linalg.solve(a, b.requires_grad_(), left=False)
    x.is_conj()
    x.detach().numpy()
    factors, pivots = torch.linalg.lu_factor(a)
    y = torch.linalg.lu_solve(factors, pivots, b, left=False, adjoint=turned)
    y.is_conj()
    torch.view_as_real(y)
    x.abs().sum().backward()
    torch.autograd.grad(y.abs().sum(), [a, b])


@case(requires=["backward", "linalg"])
def triangular_solution_has_the_type_of_its_matrix(
    torch,
    m: floats(["float32", "float64"], shape=(2, 2), values="smooth"),
    b: floats(["float32", "float64"], shape=(2, 2), values="finite"),
    left: st.booleans(),
):
    """solve_triangular solves in the type of the matrix, whatever the other operand has."""
    a = (m.abs() + torch.eye(2)).to(m.dtype).requires_grad_()
    torch.linalg.solve_triangular(a, b.requires_grad_(), upper=True, left=left).sum().backward()
    torch.linalg.solve_triangular(a.long(), b, upper=True, left=left)


@case(requires=["elementwise"])
def roots_with_complex_diagonals_have_an_inverse(
    torch, x: complexes(shape=(2, 2), values="finite"), upper: st.booleans()
):
    """cholesky_inverse() takes the real part of what it multiplies by, where a diagonal has others."""
    root = x / 8 + 2 * torch.eye(2)
    torch.cholesky_inverse(torch.triu(root) if upper else torch.tril(root), upper=upper)


@case(requires=["elementwise"])
def singular_matrices_have_old_factors(torch, size: st.integers(1, 3), infos: st.booleans()):
    """torch.lu() factors a singular matrix without a complaint, asked for infos or not."""
    torch.lu(torch.ones(size, size), get_infos=infos)
    torch.ones(2, size, size).lu()
    torch.linalg.lu_factor(torch.ones(size, size))


@case(requires=["backward", "linalg"], covers=["num.matrix"])
def gradient_of_one_factor_alone(
    torch, shape: st.sampled_from([(2, 2), (3, 2), (2, 3), (3, 1), (1, 3)]), upper: st.booleans(), batch: st.booleans()
):
    """The gradient of L or U alone is a triangle, in the shape of both of a tall or a wide matrix."""
    a = torch.eye(3, dtype=torch.float64)[: shape[0], : shape[1]] * 3 + torch.arange(
        float(shape[1]), dtype=torch.float64
    )
    a = (a.expand(2, *shape) if batch else a).clone().requires_grad_()
    factors = torch.lu_unpack(*torch.linalg.lu_factor(a))
    wanted = factors[2 if upper else 1]
    wanted.backward(torch.arange(1.0, wanted.numel() + 1, dtype=torch.float64).view(wanted.shape))


@case(requires=["linalg", "create_graph"], covers=["graph.saved_attrs"])
def gradient_of_matrix_exp_is_a_part_of_a_larger_one(torch, x: floats("float64", shape=(2, 2), values="smooth")):
    """The gradient of matrix_exp is cut out of a matrix of twice the size, which its slices keep."""
    (found,) = torch.autograd.grad(
        torch.linalg.matrix_exp(x.requires_grad_()), x, torch.ones_like(x), create_graph=True
    )
    outer = found.grad_fn
    for node in (outer, outer.next_functions[0][0]):
        node.name()
        node._saved_dim
        node._saved_start
        node._saved_end
