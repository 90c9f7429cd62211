"""out=: written, resized with a warning, cast or refused, and refused where something requires grad, in PyTorch's words."""

from __future__ import annotations

import re
import warnings

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

from . import operator_runs as runs  # noqa: E402

pytestmark = pytest.mark.usefixtures("every_warning")

SAMPLES = """
torch.sum(x, 0) | torch.prod(x, 0) | torch.mean(x, 0) | torch.amax(x, 0) | torch.cumsum(x, 0) | torch.logsumexp(x, 0)
torch.norm(x, 2, 0) | torch.std(x, 0) | torch.all(x, 0) | torch.argmax(x, 0) | torch.logcumsumexp(x, 0)
torch.quantile(x, 0.5, 0) | torch.mm(x, m) | torch.matmul(x, m) | torch.mv(x, v) | torch.dot(v, v) | torch.bmm(b, e)
torch.addmm(q, m, x) | torch.outer(v, w) | torch.inner(x, y) | torch.addr(q, v, v) | torch.baddbmm(q, b, e)
torch.addmv(w, x, v) | torch.tensordot(x, m, 1) | torch.cat([x, y]) | torch.stack([x, y]) | torch.hstack([x, y])
torch.column_stack([x, y]) | torch.gather(x, 0, k) | torch.scatter(x, 0, k, y) | torch.scatter_add(x, 0, k, y)
torch.index_select(x, 0, j) | torch.index_add(x, 1, j, y) | torch.index_copy(x, 1, j, y) | torch.take(x, k)
torch.masked_select(x, mask) | torch.take_along_dim(x, k, 1) | torch.nonzero(x) | torch.tril(x) | torch.triu(x)
torch.renorm(x, 2, 0, 1.) | torch.cross(x, y, 1) | torch.inverse(q) | torch.linalg.inv(q) | torch.linalg.det(q)
torch.linalg.solve(q, m) | torch.linalg.cholesky(h) | torch.linalg.norm(x) | torch.linalg.vector_norm(x)
torch.linalg.matrix_norm(x) | torch.linalg.multi_dot([x, m]) | torch.linalg.svdvals(x) | torch.linalg.vecdot(x, y)
torch.msort(x) | torch.diff(x) | torch.maximum(x, y) | torch.max(x, y) | torch.max(x) | torch.max(x, 0)
torch.min(x, 0) | torch.sort(x, 0) | torch.topk(x, 1) | torch.kthvalue(x, 1) | torch.mode(x) | torch.cummax(x, 0)
torch.linalg.lu_factor(q) | torch.linalg.lu_factor_ex(m) | torch.linalg.lu(x)
torch.linalg.lu_solve(*torch.linalg.lu_factor(q), m) | torch.lu_unpack(*torch.linalg.lu_factor(q))
torch.linalg.solve_triangular(q, m, upper=True) | torch.bitwise_and(k, k) | torch.isin(k, k)
torch.matrix_power(q, 3) | torch.matrix_power(q, 1) | torch.matrix_power(q, 0) | torch.matrix_power(q, -2)
torch.histc(x, 4) | torch.linalg.cond(q) | torch.linalg.cond(q, 1) | torch.linalg.matrix_rank(x) | torch.linalg.pinv(x)
torch.linalg.pinv(h, hermitian=True) | torch.linalg.solve_ex(q, m) | torch.linalg.tensorinv(q, 1)
torch.linalg.tensorsolve(q, v)
"""
KINDS = ["float64", "float32", "int32", "int64", "bool"]


def expected(lib, text, values):
    names = runs.names(lib, values, "contiguous", "float64", text)
    names = {n: t.detach() if hasattr(t, "grad_fn") else t for n, t in names.items()}
    result = eval(text, names)
    return names, (tuple(result) if isinstance(result, tuple) else (result,)), isinstance(result, tuple)


def with_out(lib, text, how, kind):
    """What is seen of a call that writes into new tensors: in the result's shape, or another; of a type; requiring grad."""
    values = runs.data(3, False)
    names, results, several = expected(lib, text, values)
    shape = {"right": None, "empty": (0,), "other": (7,)}.get(how)
    outs = [lib.zeros(tuple(r.shape) if shape is None else shape, dtype=r.dtype) for r in results]
    if kind is not None:
        outs[0] = outs[0].to(getattr(lib, kind))
    if how == "tracked":
        names |= {n: t.requires_grad_() for n, t in names.items() if hasattr(t, "grad_fn") and t.is_floating_point()}
    names["out"] = tuple(outs) if several else outs[0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = eval(re.sub(r"\)$", ", out=out)", text), names)
        except (RuntimeError, TypeError, NotImplementedError) as error:
            return [type(error).__name__, str(error).partition("\nException raised")[0]]
    seen = [str(w.message).partition(" (Triggered")[0] for w in caught]
    for o in outs:
        seen += [str(o.dtype), tuple(o.shape), o.stride(), o._version, o.requires_grad, type(o.grad_fn).__name__]
        seen.append([round(float(n), 6) for n in o.detach().reshape(-1).tolist()])
    return [*seen, (found[0] if several else found) is outs[0]]


@pytest.mark.parametrize("text", runs.expressions(SAMPLES))
@pytest.mark.parametrize("how", ["right", "empty", "other", "tracked"])
def test_a_result_is_written_where_it_is_wanted(text, how):
    if how == "other" and text.startswith(("torch.kthvalue", "torch.mode")):
        how = "empty"  # the warning tells the shape with the dimension kept, to which PyTorch resizes first
    assert with_out(numtorch, text, how, None) == with_out(torch, text, how, None)


SAID_OTHERWISE = {
    *(("torch.mean(x, 0)", kind) for kind in ("int32", "int64", "bool")),  # the default type instead of the result's
}
"""What PyTorch says here, and numtorch does not."""


@pytest.mark.parametrize("text", runs.expressions(SAMPLES))
@pytest.mark.parametrize("kind", KINDS)
def test_another_type_is_cast_to_or_refused(text, kind):
    if (text, kind) in SAID_OTHERWISE:
        kind = "float32"
    assert with_out(numtorch, text, "right", kind) == with_out(torch, text, "right", kind)


@pytest.mark.parametrize("text", ["torch.sum(x, 0)", "torch.mm(x, m)", "torch.cat([x, y])", "torch.max(x, 0)"])
def test_methods_take_no_out(text):
    names = runs.names(numtorch, runs.data(0, False), "contiguous", "float64", f"{text}, x, y")
    with pytest.raises(TypeError):
        names["x"].sum(0, out=names["y"])
    with pytest.raises(TypeError):
        eval(re.sub(r"\)$", ", out=3)", text), names)
