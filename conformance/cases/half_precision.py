"""Tensors of float16 and bfloat16: what is computed in them, and what is refused."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats

HALVES = ("float16", "bfloat16")
ACTIVATIONS = ("celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "leaky_relu", "logsigmoid", "mish", "selu",
               "silu", "softplus", "softshrink", "tanhshrink")  # fmt: skip
REDUCTIONS = ("softmax", "logcumsumexp", "cumprod", "logsumexp", "mode", "median", "argmax", "std")


@case(requires=["backward"], covers=["dt.promote"])
def activations_round_once(
    torch, x: floats(HALVES, values="finite"), name: st.sampled_from(ACTIVATIONS), g: lambda x: cotangent(x)
):
    """An activation of half precision keeps the dtype, and so does its gradient, of scalars too."""
    getattr(torch.nn.functional, name)(x.requires_grad_()).backward(g)


@case(requires=["backward"])
def reductions_of_halves(torch, x: floats(HALVES, shape=(2, 3)), name: st.sampled_from(REDUCTIONS)):
    """What runs along a dimension of half precision sees nan and infinities as wider types do."""
    getattr(x.requires_grad_(), name)(0)


@case(requires=["backward"])
def halves_beside_numbers(
    torch,
    x: floats(HALVES, values="nonzero"),
    name: st.sampled_from(["fmod", "remainder", "pow", "rsub", "clamp", "nan_to_num", "copysign", "xlogy"]),
    n: st.sampled_from([0.75, 1.3, 2]),
    g: lambda x: cotangent(x),
):
    """A Python number beside half precision widens neither the result nor the gradient."""
    x.requires_grad_()
    y = torch.rsub(x, n) if name == "rsub" else getattr(x, name)(n)
    y.backward(g)


@case(requires=["backward"])
def kernels_without_halves(
    torch,
    x: floats(HALVES, shape=(2, 2), values="positive"),
    name: st.sampled_from(["erfcx", "ndtri", "log_ndtr", "i1", "i1e", "zeta"]),
    solver: st.sampled_from(["eigh", "eigvalsh", "lstsq", "cholesky", "solve_triangular"]),
):
    """Some functions refuse half precision, by the name of a kernel, and some only in their derivative."""
    x.requires_grad_()
    y = getattr(torch.special, name)(x, *((x,) if name == "zeta" else ()))
    y.sum().backward()
    options = {"lstsq": ((x,), {}), "solve_triangular": ((x,), {"upper": True})}
    arguments, named = options.get(solver, ((), {}))
    getattr(torch.linalg, solver)(x, *arguments, **named)


@case(requires=["views"])
def layout_of_a_column_of_halves(
    torch, x: floats(HALVES, shape=(1, 3), values="finite"), name: st.sampled_from([*REDUCTIONS, "index_fill", "erf"])
):
    """A row that was turned keeps its strides through operators that compute in single precision."""
    y = x.t()
    y.index_fill(0, torch.tensor(0), 0.5) if name == "index_fill" else y.erf() if name == "erf" else getattr(y, name)(0)


@case(requires=["nn", "backward"])
def normalization_in_half_precision(
    torch,
    x: floats(("float16", "bfloat16"), shape=(2, 4), values="finite"),
    weighted: st.booleans(),
    biased: st.booleans(),
):
    """The weight and the bias of a normalization have gradients of their own type."""
    x.requires_grad_()
    w = torch.ones(4).to(x.dtype).requires_grad_()
    b = torch.zeros(4).to(x.dtype).requires_grad_()
    weight, bias = w if weighted else None, b if biased else None
    torch.nn.functional.layer_norm(x, (4,), weight, bias).sum().backward()
    torch.nn.functional.group_norm(x, 2, weight, bias).sum().backward()


@case(requires=["backward"])
def parameters_beside_halves_have_gradients_of_their_own_type(
    torch,
    x: floats("float16", shape=(4, 3), values="finite"),
    name: st.sampled_from(["layer_norm", "batch_norm", "group_norm"]),
    weighted: st.booleans(),
):
    """Normalization of halves gives float32 parameters gradients that no half could hold."""
    weight = torch.ones(3).requires_grad_() if weighted else None
    bias = torch.ones(3).requires_grad_()
    norm = getattr(torch.nn.functional, name)
    if name == "layer_norm":
        y = norm(x, (3,), weight, bias)
    elif name == "batch_norm":
        y = norm(x, None, None, weight, bias, True)
    else:
        y = norm(x, 1, weight, bias)
    y.backward(y.detach().sign().half() * 6e4)


LOSSES = ("mse_loss", "smooth_l1_loss", "soft_margin_loss", "binary_cross_entropy", "huber_loss", "l1_loss")


@case(requires=["forward_mode"])
def loss_of_halves_lies_in_memory_for_all_elements(
    torch,
    dtype: st.sampled_from(HALVES),
    shape: st.sampled_from([(2,), (2, 3), (1,), ()]),
    name: st.sampled_from(LOSSES),
    reduction: st.sampled_from(["mean", "sum", "none"]),
    later: st.booleans(),
):
    """A tangent that is given to a reduced loss of halves is copied to memory as large as its own."""
    x = torch.full(shape, 0.5, dtype=getattr(torch, dtype))
    loss = getattr(torch.nn.functional, name)
    with torch.autograd.forward_ad.dual_level():
        if later:
            y = loss(x, x, reduction=reduction)
            y = torch.autograd.forward_ad.make_dual(y, torch.ones(y.shape, dtype=y.dtype))
        else:
            y = loss(torch.autograd.forward_ad.make_dual(x, x), torch.ones_like(x), reduction=reduction)
        torch.autograd.forward_ad.unpack_dual(y)


@case(requires=["numpy"])
def no_array_has_the_type_bfloat16(
    torch, numpy, dtype: st.sampled_from(HALVES), how: st.sampled_from(["plain", "force"])
):
    """NumPy has no type for bfloat16: such a tensor makes no array, by any way."""
    x = torch.ones(2, dtype=getattr(torch, dtype))
    x.numpy() if how == "plain" else x.requires_grad_().numpy(force=True)
    x.expand(2, 2).requires_grad_().numpy()
    numpy.asarray(x.detach())
