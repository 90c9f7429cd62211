"""Operators of complex numbers: which refuse them, or to differentiate them, and what the others make of infinities."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, cotangent

REFUSING = (
    "fmod",
    "remainder",
    "copysign",
    "xlogy",
    "igamma",
    "floor_divide",
    "atan2",
    "hypot",
    "heaviside",
    "maximum",
)
ALONE = ("erfcx", "ndtri", "log_ndtr", "i0e", "i1", "entr", "round", "digamma", "expit", "logit")
UNDERIVED = ("nan_to_num", "cummax", "cummin", "median", "mode", "kthvalue", "log_softmax", "softmax")


@case(requires=["comparison"])
def sign_of_infinity_is_none_of_complex_numbers(
    torch, x: complexes(), name: st.sampled_from(["isposinf", "isneginf", "signbit"])
):
    """Whether a number is infinite, and of which sign, is not asked of complex ones."""
    getattr(torch, name)(x)
    getattr(torch, name)(x, out=torch.ones(x.shape, dtype=torch.bool))
    getattr(torch, name)(x.real)


@case(requires=["complex"])
def complex_operands_are_refused(
    torch,
    z: complexes(max_dims=1),
    name: st.sampled_from(REFUSING),
    alone: st.sampled_from(ALONE),
    n: st.sampled_from([2, 0.5]),
):
    """What orders or rounds numbers refuses complex ones by the name of its kernel."""
    getattr(z, name)(z)
    getattr(z, name)(n)
    getattr(z.clone(), f"{name}_")(n)
    getattr(torch.special, alone)(z)


@case(requires=["complex", "backward"])
def complex_results_may_lack_a_derivative(
    torch, z: complexes(max_dims=1), name: st.sampled_from(UNDERIVED), track: st.booleans()
):
    """Operators that take complex numbers and have no derivative of them refuse to record."""
    z.requires_grad_(track)
    arguments = {"cummax": (0,), "cummin": (0,), "kthvalue": (1,), "softmax": (0,), "log_softmax": (0,)}
    getattr(z, name)(*arguments.get(name, ()))
    torch.nn.functional.silu(z)


@case(requires=["complex", "backward"])
def logarithms_of_complex_determinants(
    torch,
    z: complexes(shape=(2, 2), values="distinct"),
    g: cotangent((), "complex64"),
    h: cotangent((), "float32"),
    which: st.sampled_from(["sign", "logabsdet", "both"]),
):
    """The sign of a complex determinant has a gradient, and its logarithm is real."""
    sign, logabsdet = torch.linalg.slogdet(z.requires_grad_())
    roots = {"sign": ([sign], [g]), "logabsdet": ([logabsdet], [h]), "both": ([sign, logabsdet], [g, h])}
    torch.autograd.backward(*roots[which])


@case(requires=["complex", "backward"])
def complex_logarithms_are_added(
    torch,
    z: complexes(shape=(3,), values="finite"),
    w: complexes(shape=(3,), values="finite"),
    g: cotangent((3,), "complex64"),
):
    """logaddexp and logcumsumexp add complex numbers by their exponentials, and have derivatives."""
    z.requires_grad_()
    torch.logaddexp(z, w).backward(g)
    z.logcumsumexp(0).backward(g)


@case(requires=["complex"])
def complex_infinities_are_multiplied_by_one(
    torch, z: complexes(shape=(2,)), w: complexes(shape=(2,), values="special")
):
    """A complex infinity that is added is multiplied by alpha before, which makes it nan in part."""
    z + w
    z - w
    1 - w
    z.add_(w)
    w.isfinite()._version


@case(requires=["complex"])
def both_parts_lack_freedom(
    torch, z: complexes(shape=(1,)), name: st.sampled_from(["var", "std", "var_mean", "std_mean"])
):
    """The variance of a single complex number warns of both its parts."""
    getattr(torch, name)(z)


@case(requires=["backward", "in_place"])
def integers_with_a_history_are_not_recorded(
    torch, x: st.just(2.0), name: st.sampled_from(["neg", "sum", "clone", "view", "unbind", "sort", "float"])
):
    """What is computed in integers of an integer tensor with a history is refused."""
    n = torch.tensor([1, 2, 3])
    n.eq_(torch.tensor(x, requires_grad=True))
    getattr(n, name)(*((3, 1) if name == "view" else ()))
    n.mul_(2)
    n * 1.5


@case(requires=["complex"])
def nothing_is_discarded_of_nothing(
    torch, z: complexes(max_dims=1), kind: st.sampled_from(["float16", "int64", "bool"]), n: st.sampled_from([0, 2])
):
    """Complex numbers that become real ones warn of it, unless there is none."""
    z.to(getattr(torch, kind))
    z[:0].to(getattr(torch, kind))
    torch.zeros(n).copy_(torch.ones(n, dtype=torch.complex64))
    torch.zeros(n).eq_(1j)


@case(requires=["complex"])
def parts_vary_apart(torch, z: complexes(shape=(2, 3), values="any"), name: st.sampled_from(["var_mean", "std_mean"])):
    """The mean beside a complex variance is that of both parts, whatever is infinite in the other."""
    getattr(torch, name)(z, 0)


@case(requires=["complex", "backward"])
def complex_acosh_has_the_slope_of_its_branch(torch, z: complexes(values="distinct"), g: lambda z: cotangent(z)):
    """The derivative of acosh at a complex number is that of the branch that acosh takes."""
    z.requires_grad_().acosh().backward(g)


@case(requires=["backward", "complex"])
def norms_of_infinities(
    torch,
    parts: st.tuples(*[st.sampled_from([0.0, 1.0, float("inf"), float("-inf"), float("nan")])] * 2),
    p: st.sampled_from([1, 2, 3, float("inf"), float("-inf"), 0.5]),
):
    """A norm sees the size of complex numbers, its gradient a direction, which infinities have none."""
    z = torch.tensor([complex(*parts), 1 + 1j]).requires_grad_()
    torch.linalg.vector_norm(z, p).backward()


SUMS = {
    "add": lambda torch, x, y, n: x + y,
    "sub": lambda torch, x, y, n: x - y,
    "alpha": lambda torch, x, y, n: torch.sub(x, y, alpha=n),
    "rsub": lambda torch, x, y, n: torch.rsub(x, y, alpha=n),
    "number": lambda torch, x, y, n: x - n,
    "in place": lambda torch, x, y, n: (x * 1).add_(y, alpha=n),
}
PARTS = st.tuples(*[st.sampled_from([0.0, -0.0, 1.0, float("inf"), float("-inf"), float("nan")])] * 4)


@case(requires=["complex"])
def sums_multiply_by_one(torch, parts: PARTS, how: st.sampled_from(sorted(SUMS)), n: st.sampled_from([1, 2, -1.5, 1j])):
    """Complex numbers are multiplied by one before they are added, as infinities and zeros tell."""
    x, y = torch.tensor([complex(*parts[:2])]), torch.tensor([complex(*parts[2:])])
    z = SUMS[how](torch, x, y, n)
    1 / z
    1 / z.imag


@case(requires=["complex"])
def sizes_and_angles_lie_as_the_numbers_or_anew(
    torch,
    z: complexes(shape=(2, 3, 2)),
    order: st.permutations(range(3)),
    name: st.sampled_from(["abs", "angle"]),
    real: st.booleans(),
):
    """Angles of complex numbers are row-major; their sizes lie as they do, row-major if written to out."""
    x = (z.real if real else z).permute(order)
    f = getattr(torch, name)
    f(x).stride()
    f(x, out=torch.zeros(0)).stride()


@case(requires=["forward_ad", "graph"])
def logcumsumexp_of_complex_numbers_is_weighed_against_no_maximum(
    torch, z: complexes(min_dims=1, max_dims=2), scale: st.sampled_from([1.0, 100.0])
):
    """Tangents of logcumsumexp of complex numbers, which have no maximum, have plain exponentials."""
    t = z.cos()
    z = (z * scale).requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        y = torch.logcumsumexp(torch.autograd.forward_ad.make_dual(z, t), 0)
        torch.autograd.forward_ad.unpack_dual(y).tangent.grad_fn


@case(requires=["complex"])
def logarithm_beside_one_keeps_small_numbers(
    torch, x: complexes("complex64", values="any", max_dims=1), y: complexes("complex128", values="any", max_dims=1)
):
    """log1p() of a complex number keeps what is small beside 1, and is nan where it is infinite."""
    torch.log1p(x)
    torch.log1p(x * 1e-4)
    torch.log1p(y * 1e-4 - 2)
    torch.logaddexp(x, x * 2)
    torch.nn.functional.soft_margin_loss(x, x * 2, reduction="none")
    torch.acos(y)


@case(requires=["complex"])
def negative_zeros_hang_on_how_many_numbers_there_are(
    torch,
    count: st.integers(1, 19),
    number: st.sampled_from([0, -1, 2]),
    kind: st.sampled_from(["complex64", "complex128"]),
):
    """Complex numbers that are taken by the vector are negated by subtraction from 0."""
    x = torch.zeros(count, dtype=getattr(torch, kind)) + number
    (-x).acosh()
    x.neg_().acosh()


@case(requires=["complex"])
def running_sums_of_complex_exponentials_are_rounded_once(
    torch,
    x: st.sampled_from(
        [
            [0.97767174243927 - 0.32793229818344116j, 0.5271499156951904 - 35.12437057495117j],
            [0.3184203803539276 - 152.35682678222656j, 0.46464335918426514 + 0.9151022434234619j],
            [-0.07811176031827927 - 45.55549240112305j, 0.3499218821525574 + 0.7219521403312683j],
        ]
    ),
):
    """Complex numbers of single precision are added up by their exponentials in double precision."""
    torch.tensor(x).logcumsumexp(0)
