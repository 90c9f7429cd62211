"""Results written into tensors that the caller gives: out=."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

m23 = floats("float32", shape=(2, 3), values="finite")

CALLS = {
    "sum": lambda torch, x, out: torch.sum(x, 0, out=out),
    "amax": lambda torch, x, out: torch.amax(x, 0, out=out),
    "cumsum": lambda torch, x, out: torch.cumsum(x, 1, out=out),
    "mm": lambda torch, x, out: torch.mm(x, x.t(), out=out),
    "matmul": lambda torch, x, out: torch.matmul(x, x[0], out=out),
    "addmm": lambda torch, x, out: torch.addmm(x[:, :2], x, x.t(), out=out),
    "outer": lambda torch, x, out: torch.outer(x[0], x[1], out=out),
    "cat": lambda torch, x, out: torch.cat([x, x], out=out),
    "stack": lambda torch, x, out: torch.stack([x, x], 1, out=out),
    "gather": lambda torch, x, out: torch.gather(x, 1, torch.tensor([[0, 2], [1, 1]]), out=out),
    "index_select": lambda torch, x, out: torch.index_select(x, 1, torch.tensor([2, 0]), out=out),
    "scatter_add": lambda torch, x, out: torch.scatter_add(x, 1, torch.tensor([[0, 0], [1, 1]]), x[:, :2], out=out),
    "tril": lambda torch, x, out: torch.tril(x, out=out),
    "take": lambda torch, x, out: torch.take(x, torch.tensor([0, 5]), out=out),
    "det": lambda torch, x, out: torch.linalg.det(x[:, :2], out=out),
    "vector_norm": lambda torch, x, out: torch.linalg.vector_norm(x, 1, 0, out=out),
    "matrix_power": lambda torch, x, out: torch.matrix_power(x[:, :2], 3, out=out),
    "cond": lambda torch, x, out: torch.linalg.cond(x, out=out),
    "pinv": lambda torch, x, out: torch.linalg.pinv(x, out=out),
    "histc": lambda torch, x, out: torch.histc(x, 3, -2, 2, out=out),
}
name = st.sampled_from(sorted(CALLS))


@case(requires=["out"])
def written_where_it_is_wanted(torch, x: m23, call: name):
    """A result is written into out, which counts one write and is what is returned."""
    out = CALLS[call](torch, x, None) * 0
    CALLS[call](torch, x, out)
    out._version


@case(requires=["out"])
def of_another_dtype(torch, x: m23, call: name, kind: st.sampled_from(["float64", "int32", "bool"])):
    """Into out of another dtype some functions cast, and others refuse it, each in its own words."""
    out = CALLS[call](torch, x, None).to(getattr(torch, kind))
    CALLS[call](torch, x, out)


@case(requires=["out"])
def not_differentiated(torch, x: m23, call: name, leaf: st.booleans()):
    """Functions with out refuse operands, and an out, that require grad, where grad mode is on."""
    out = CALLS[call](torch, x, None)
    if leaf:
        out.requires_grad_()
    else:
        x.requires_grad_()
    CALLS[call](torch, x, out)
    with torch.no_grad():
        CALLS[call](torch, x, out)


@case(requires=["out"])
def several_results(
    torch, x: m23, which: st.sampled_from(["max", "min", "sort", "topk", "cummax"]), other: st.booleans()
):
    """Functions with several results write into a tuple of tensors and return those."""
    rest = (2, 1) if which == "topk" else (1,)
    values, indices = getattr(torch, which)(x, *rest)
    if other:
        indices = indices.float()
    getattr(torch, which)(x * 2, *rest, out=(values, indices))


@case(requires=["backward"])
def output_without_a_derivative_gets_a_node_that_raises(
    torch,
    x: floats("float64", shape=(2,), values="smooth"),
    name: st.sampled_from(["softmax", "log_softmax", "heaviside", "floor_divide"]),
    target: st.sampled_from(["new", "view", "leaf", "result"]),
    leaf: st.booleans(),
):
    """An out= that autograd's fallback writes requires grad if an operand does, and its backward raises."""
    x.requires_grad_(leaf)
    base = torch.zeros(2, 2, dtype=torch.float64)
    out = {"view": base[0], "leaf": base[0].detach().requires_grad_()}.get(target, base[1].clone())
    if target == "result":
        out = torch.zeros(2, dtype=torch.float64, requires_grad=True).exp()
    other = 0 if "softmax" in name else torch.ones(2, dtype=torch.float64)
    getattr(torch, name)(x, other, out=out)
    out.grad_fn
    base.grad_fn
    out.sum().backward()
    torch.float_power(x, 2, out=out)
    torch.float_power(x.float(), 2, out=out.float())


@case(requires=["views"])
def output_is_refused_before_its_history_is_asked_for(
    torch,
    x: floats(shape=(2, 3), values="smooth"),
    name: st.sampled_from(["sin", "tanh", "atan2", "mul", "lerp", "logit", "fmax", "sum", "cumsum"]),
    recorded: st.booleans(),
):
    """An operand that is the out=, too, is no stale view yet where the out= is refused."""
    y = x.requires_grad_().exp()
    with torch.set_grad_enabled(recorded):
        first, second = y if recorded else (y[0], y[1])
    y.mul_(2)
    given = {"atan2": [first], "mul": [second], "lerp": [first, 0.5], "fmax": [first], "sum": [0], "cumsum": [0]}
    getattr(torch, name)(first, *given.get(name, []), out=first)
    first.grad_fn


@case(requires=["out"])
def composites_are_differentiated(torch, x: m23, which: st.sampled_from(["inner", "tensordot", "quantile", "norm"])):
    """A function without an operator of its own copies its result into out, and that is recorded."""
    call = {
        "inner": lambda out: torch.inner(x, x, out=out),
        "tensordot": lambda out: torch.tensordot(x, x, ([1], [1]), out=out),
        "quantile": lambda out: torch.quantile(x, 0.25, out=out),
        "norm": lambda out: torch.linalg.norm(x, out=out),
    }[which]
    out = call(None) * 0
    x.requires_grad_()
    y = call(out)
    y.grad_fn
    y.sum().backward()
