"""Zeros that PyTorch keeps no memory for: the gradient of a sign, and the tangent of what has none."""

from typing import Any

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import Values, floats, same_shape


def of_shape(count: int, *, shape: tuple[int, ...], values: Values = "any") -> st.SearchStrategy[tuple[Any, ...]]:
    """Tensors of one shape, of float64."""
    return st.tuples(*[floats("float64", shape=shape, values=values)] * count)


@case(requires=["backward", "sgn"])
def gradient_of_a_sign_cannot_be_written(
    torch, xg: same_shape(2, min_dims=1), name: st.sampled_from(["mul_", "add_", "copy_", "fill_"])
):
    """The gradient of a real sgn() is zeros that refuse any write, even by another backward."""
    x, g = xg
    x.requires_grad_()
    x.sgn().backward(g)
    getattr(x.grad, name)(2)
    x.grad.zero_()
    x.exp().backward(g)
    y = x.grad.clone()
    getattr(y, name)(2)
    x.grad.numpy()


@case(requires=["backward", "sgn"])
def gradient_of_a_sign_is_added_to_others(torch, xg: same_shape(2, min_dims=1, values="special")):
    """Zeros of a sign add nothing to another gradient, and times infinity they are zeros still."""
    x, g = xg
    x.requires_grad_()
    (x.sgn() * x.detach() + x.exp()).backward(g)
    first = x.grad
    (zeros,) = torch.autograd.grad(x.sgn(), x, g)
    product = zeros * g
    total = zeros + g
    difference = g - zeros
    quotient = zeros / g
    twice = zeros + zeros
    sine = zeros.cos()


@case(requires=["forward_ad"])
def absent_tangent_times_infinity_is_nothing(
    torch,
    xyt: of_shape(3, shape=(2, 3), values="special"),
    name: st.sampled_from(
        ["mul", "div", "atan2", "hypot", "add", "sub", "pow", "maximum", "xlogy", "mm", "linalg.cross"]
    ),
    first: st.booleans(),
    grad: st.booleans(),
):
    """An operand without a tangent shows in the graph of a tangent, and never in its numbers."""
    x, y, t = xyt
    y = y.t() if name == "mm" else y
    y.requires_grad_(grad)
    f = torch.linalg.cross if name == "linalg.cross" else getattr(torch, name)
    with torch.autograd.forward_ad.dual_level():
        if first:
            moved = torch.autograd.forward_ad.make_dual(x, t)
            out = f(moved, y)
        else:
            moved = torch.autograd.forward_ad.make_dual(y.detach(), t.t() if name == "mm" else t)
            out = f(x.requires_grad_(grad), moved)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(out)


@case(requires=["forward_ad"])
def tangent_of_a_sign_is_zeros(torch, xt: same_shape(2)):
    """The tangent of a real sgn() is zeros in memory, that of a single element zeros without."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        y = torch.autograd.forward_ad.make_dual(x, t).sgn()
        primal, tangent = torch.autograd.forward_ad.unpack_dual(y)
        tangent.add_(1)


@case(requires=["forward_ad", "backward"])
def gradient_of_a_tangent_counts_its_sums(torch, xt: same_shape(2, min_dims=1, values="smooth")):
    """What is added to a sum that began with the zeros of a sign is added in place, and counted."""
    x, t = xt
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(dual / (1 + dual.abs()))
        (g,) = torch.autograd.grad(tangent, x, torch.ones_like(tangent), retain_graph=True)
        tangent.backward(torch.ones_like(tangent))


@case(requires=["backward", "sgn"])
def part_of_a_gradient_of_nothing_lies_nowhere(
    torch, xy: same_shape(2, min_dims=1), name: st.sampled_from(["cat", "stack", "hstack", "block_diag"])
):
    """What a sign sends back through operators that join tensors are parts of zeros without memory."""
    x, y = (t.requires_grad_() for t in xy)
    out = (getattr(torch, name)(x, y) if name == "block_diag" else getattr(torch, name)([x, y])).sgn()
    torch.autograd.grad(out, (x, y), torch.ones_like(out), retain_graph=True)
    out.backward(torch.ones_like(out))


@case(requires=["forward_ad", "backward", "sgn"])
def zeros_without_memory_take_no_tangent_of_several(
    torch, x: floats("float32", values="finite"), t: lambda x: floats(x.dtype, shape=x.shape, values="finite")
):
    """A dual of zeros without memory has a tangent of one element, or of as many zeros."""
    y = x.requires_grad_().sgn()
    (zeros,) = torch.autograd.grad(y, x, torch.ones_like(y))
    with torch.autograd.forward_ad.dual_level():
        torch.autograd.forward_ad.make_dual(zeros, zeros)
        torch.autograd.forward_ad.make_dual(t, zeros)
        torch.autograd.forward_ad.make_dual(zeros, t)


@case(requires=["forward_ad", "sgn"])
def number_beside_zeros_without_memory_is_of_double_precision(
    torch,
    shape: st.sampled_from([(), (2,)]),
    kind: st.sampled_from(["float16", "float32", "complex64"]),
    number: st.sampled_from([0.5, 2, -1.5]),
    name: st.sampled_from(["add", "sub", "addcmul", "addcdiv", "mul", "div", "rsub"]),
):
    """A number that scales zeros without memory or dimensions makes them a tangent of double precision."""
    x, one = (torch.ones(shape, dtype=getattr(torch, kind)) for _ in range(2))
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, one)
        if name in ("add", "sub"):
            y = getattr(dual, name)(one, alpha=number)
        elif name in ("mul", "div"):
            y = getattr(dual.sgn(), name)(number)
        elif name == "rsub":
            y = number - dual.sgn()
        else:
            y = getattr(dual, name)(one, one, value=number)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(y)


@case(requires=["backward", "sgn", "tanh"])
def single_zero_gets_memory_in_the_gradient_of_tanh(
    torch, x: floats("float32", shape=st.sampled_from([(), (2,)]), values="finite"), twice: st.booleans()
):
    """Zeros without memory come out of the gradient of tanh with it, so that more can be added to them."""
    x.requires_grad_()
    y = x.tanh()
    (y.tanh() if twice else y).sgn().sum().backward()
    x.sum().backward()


@case(requires=["forward_ad", "sgn"])
def tangent_of_a_sign_has_the_type_of_its_primal(
    torch,
    primal: st.sampled_from(["float32", "float64", "complex64"]),
    tangent: st.sampled_from(["float32", "float64", "complex64"]),
):
    """The tangent of a sign is zeros of the primal's type, whatever the type of the tangent is."""
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(
            torch.ones((), dtype=getattr(torch, primal)), torch.ones((), dtype=getattr(torch, tangent))
        )
        p, t = torch.autograd.forward_ad.unpack_dual(dual.sgn())


@case(requires=["backward"])
def degrees_of_zeros_without_memory_have_some(
    torch, shape: st.sampled_from([(), (1,), (2,), (2, 1)]), name: st.sampled_from(["deg2rad", "rad2deg"])
):
    """Degrees in radians, and radians in degrees, of the gradient of sgn() are ordinary zeros."""
    x = torch.ones(shape).requires_grad_()
    (g,) = torch.autograd.grad(torch.sgn(x), x, torch.ones(shape))
    y = getattr(torch, name)(g)
    y.add_(1)
    y.stride()


@case(requires=["backward", "views"])
def zeros_of_nothing_lie_row_major(
    torch, shape: st.sampled_from([(0, 2), (2, 0), (0,), (0, 3, 2)]), turned: st.booleans(), times: st.integers(1, 2)
):
    """The gradient of the signs of no numbers has strides, by which a leaf takes or copies it."""
    x = torch.zeros(shape).requires_grad_()
    y = (x.transpose(0, -1) if turned else x).sgn().sum()
    for _ in range(times):
        y.backward(retain_graph=True)


@case(requires=["backward", "sgn"])
def zeros_of_a_sign_arrive_as_operators_leave_them(
    torch,
    x: st.sampled_from([(), (1,), (2, 3)]).flatmap(lambda shape: floats("float32", shape=shape)),
    name: st.sampled_from(
        [
            "elu",
            "selu",
            "celu",
            "softmax",
            "log_softmax",
            "rsqrt",
            "exp2",
            "deg2rad",
            "erf",
            "batch_norm",
            "mean",
            "amax",
            "sum",
        ]
    ),
    twice: st.booleans(),
):
    """Zeros without memory get some, or a type of their own, in whichever operator sends them back."""
    x.requires_grad_()
    if name == "batch_norm":
        statistics = torch.zeros(x.size(-1) if x.dim() == 2 else 1), torch.ones(x.size(-1) if x.dim() == 2 else 1)
        y = torch.nn.functional.batch_norm(x if x.dim() == 2 else x.reshape(1, 1), *statistics)
    elif name in ("elu", "celu", "selu"):
        y = getattr(torch.nn.functional, name)(x)
    elif name in ("softmax", "log_softmax", "mean", "amax", "sum"):
        y = getattr(x, name)(0)
    else:
        y = getattr(x, name)()
    z = y.sgn()
    z.backward(torch.ones_like(z), retain_graph=True)
    if twice:
        z.backward(torch.ones_like(z), retain_graph=True)
    (found,) = torch.autograd.grad(z, x, torch.ones_like(z))


@case(requires=["backward", "sgn", "views"])
def expanded_gradient_of_a_sign_is_refused_as_such(
    torch,
    x: floats(shape=(1,)),
    write: st.sampled_from(
        [
            lambda torch, e: e.mul_(2),
            lambda torch, e: e.fill_(torch.tensor(2.0)),
            lambda torch, e: e.masked_fill_(torch.tensor([True, False, True]), 2.0),
            lambda torch, e: e.index_put_((torch.tensor([0]),), torch.tensor(2.0, dtype=e.dtype)),
            lambda torch, e: e.copy_(torch.ones(3)),
            lambda torch, e: e.zero_(),
        ]
    ),
):
    """Zeros without memory say so when they are written to, whether they are expanded or not."""
    (zeros,) = torch.autograd.grad(x.requires_grad_().sgn(), x, torch.ones_like(x))
    write(torch, zeros.expand(3))


@case(requires=["backward", "sgn"])
def zeros_without_memory_refuse_a_write_before_it_is_looked_at(
    torch,
    x: floats("float64", shape=(3,)),
    name: st.sampled_from(["triu_", "squeeze_", "copy_", "fill_", "clamp_", "cumsum_", "mul_", "addcmul_", "put_"]),
):
    """Zeros without memory refuse any write and any out= first, even one that does not fit."""
    (zeros,) = torch.autograd.grad(x.requires_grad_().sgn().sum(), x)
    long, far = torch.ones(5, dtype=torch.float64), torch.tensor([9])
    given = {"triu_": [], "squeeze_": [7], "cumsum_": [7], "addcmul_": [long, long], "put_": [far, long[:1]]}
    getattr(zeros, name)(*given.get(name, [long]))
    zeros[torch.tensor([0])] = torch.tensor(1.0)
    zeros.index_fill_(0, far, 1)
    zeros.unsqueeze_(9)
    torch.exp(long, out=zeros)


@case(requires=["backward", "sgn"])
def single_zero_without_memory_is_laid_out_as_an_operand(
    torch, x: floats("float64", shape=(1,)), name: st.sampled_from(["eq", "maximum", "fmod", "atan2"])
):
    """What is computed of a zero without memory beside a scalar is laid out row-major; a sum is a copy."""
    (zero,) = torch.autograd.grad(x.requires_grad_().sgn().sum(), x)
    compared = getattr(torch, name)(zero, x[0])
    other = getattr(torch, name)(x[0].detach(), zero)
    number = zero.eq(1)
    copied = zero + x[0]
    torch.nn.functional.group_norm(zero.expand(2, 3), 1)


@case(requires=["backward", "sgn", "create_graph"])
def zeros_without_memory_keep_the_type_of_an_operand(
    torch,
    x: floats(shape=(), values="positive"),
    name: st.sampled_from(["erf", "rsqrt", "exp2", "deg2rad", "rad2deg", "log", "mul", "div"]),
    graph: st.booleans(),
):
    """Beside such zeros of no dimension a number counts as a tensor; the gradient has its operand's type."""
    x.requires_grad_()
    (zeros,) = torch.autograd.grad(x.sgn(), x, create_graph=True)
    y = getattr(x, name)(*([1.5] if name in ("mul", "div") else []))
    torch.autograd.grad(y, x, zeros, retain_graph=True, create_graph=graph)
    (first,) = torch.autograd.grad(y.sgn() * y, x, create_graph=True)
    torch.autograd.grad(first, x)
    torch.autograd.functional.hessian(lambda a: a.erf().sgn().square(), x)


ODD = (1.0, 0.0, float("inf"), float("-inf"), float("nan"))
ASSERTED = {
    "norm": lambda torch, a: a.norm(),
    "norm of a dimension": lambda torch, a: a.norm(dim=0, keepdim=True),
    "dist": lambda torch, a: a.dist(torch.tensor([2.0, 1.0])),
    "cosine_similarity": lambda torch, a: torch.nn.functional.cosine_similarity(a, a, 0),
    "expanded": lambda torch, a: a.expand(3).norm(1),
    "renorm": lambda torch, a: a.reshape(1, 1).renorm(2, 0, 1.0),
    "logsumexp": lambda torch, a: a.logsumexp(0),
    "softmax": lambda torch, a: a.softmax(0),
    "log_softmax": lambda torch, a: a.reshape(1).log_softmax(0),
    "cross_entropy": lambda torch, a: torch.nn.functional.cross_entropy(a.reshape(1), torch.tensor(0)),
    "logcumsumexp": lambda torch, a: a.logcumsumexp(0),
    "std": lambda torch, a: a.std(),
    "tolist": lambda torch, a: torch.autograd.forward_ad.unpack_dual(a)[1].tolist(),
}


@case(requires=["forward_mode"])
def some_formulas_assert_that_their_tangent_has_memory(
    torch,
    name: st.sampled_from(sorted(ASSERTED)),
    tracked: st.booleans(),
    how: st.sampled_from(["dual", "jvp", "jacfwd", "no_grad"]),
):
    """Formulas of norms and of sums of exponentials assert that a tangent is no zeros without memory."""
    x = torch.ones(()).requires_grad_(tracked)

    def f(a):
        return ASSERTED[name](torch, a.sgn())

    if how == "jvp":
        torch.func.jvp(f, (x,), (torch.ones(()),))
    elif how == "jacfwd":
        torch.func.jacfwd(f)(x)
    else:
        with torch.autograd.forward_ad.dual_level(), torch.set_grad_enabled(how == "dual"):
            torch.autograd.forward_ad.unpack_dual(f(torch.autograd.forward_ad.make_dual(x, torch.ones(()))))


@case(requires=["complex"])
def distance_of_complex_numbers_subtracts_as_operators_do(
    torch, real: st.sampled_from(ODD), imag: st.sampled_from(ODD), p: st.sampled_from([2.0, 1.0, float("inf")])
):
    """A complex number is subtracted as a product with minus one, in a distance as well."""
    y = torch.tensor([1.0 + 1.0j, complex(real, imag)])
    torch.ones(2, dtype=torch.complex64).dist(y, p)


@case(requires=["backward", "sgn"])
def zeros_without_memory_count_no_write_to_their_sum(
    torch, x: floats(max_dims=1), names: st.tuples(*[st.sampled_from(["sgn", "exp"])] * 3)
):
    """A gradient added to zeros without memory is copied; what comes later is written into the copy."""
    x.requires_grad_()
    first, second, third = [getattr(x, name)() for name in names]
    (first + second + third).backward(torch.ones(x.shape))
    x.grad._version
    zeros = torch.autograd.grad(x.sgn(), x, torch.ones(x.shape))[0]
    y = x * 2 + x * zeros + x * zeros
    x.grad = None
    y.backward(torch.ones(x.shape))
    x.grad._version


@case(requires=["backward", "sgn"])
def no_zeros_without_memory_are_converted_as_expanded_ones(
    torch,
    shape: st.sampled_from([(0,), (0, 3), (2, 0), (2, 3), (1,)]),
    turned: st.booleans(),
    to: st.sampled_from(["double", "half", "bool", "float", "clone"]),
):
    """Zeros without memory and without elements have strides 0 in another type."""
    x = torch.ones(shape, requires_grad=True)
    (zeros,) = torch.autograd.grad(x.sgn(), x, torch.ones(shape))
    zeros = zeros.mT if turned and len(shape) > 1 else zeros
    getattr(zeros, to)().stride()
