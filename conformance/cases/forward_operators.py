"""Forward mode: writes that forget, numbers that are drawn, and operators that have no tangent."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import same_shape, smooth

LATE = ("acosh_", "asinh_", "atanh_", "set_")


@case(requires=["forward_ad", "in_place"], covers=["fw.inplace"])
def write_of_random_numbers_zeroes_the_tangent(torch, xt: same_shape(2, min_dims=1), own: st.booleans()):
    """Numbers drawn into a dual leave it with a tangent of zeros, in the tangent's memory."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        target = dual if own else dual * 2
        target.uniform_(0.5, 0.5)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(target)
        x.uniform_(0.25, 0.25)


@case(requires=["forward_ad"], covers=["fw.notimpl"])
def numbers_drawn_by_a_dual_have_a_tangent_of_zeros(
    torch, chances: st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=3), given: st.booleans()
):
    """bernoulli of a dual has a tangent of zeros, and none with a chance of its own or with out=."""
    x = torch.tensor(chances)
    torch.bernoulli(x)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones_like(x))
        torch.bernoulli(x)
        drawn = torch.bernoulli(dual)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(drawn)
        dual.bernoulli(1.0) if given else torch.bernoulli(dual, p=0.0)
        torch.bernoulli(dual, out=torch.zeros_like(x))


@case(requires=["forward_ad", "in_place"], covers=["fw.notimpl"])
def write_without_a_tangent_is_refused_when_it_has_written(
    torch, xt: same_shape(2, min_dims=1), name: st.sampled_from(LATE)
):
    """A write whose operator has no tangent raises for a dual, which it has written by then."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        copy = dual.clone()
        if name == "set_":
            x.clone().set_(t)
            copy.set_(t)
        else:
            getattr(x.clone(), name)()
            getattr(copy, name)()
        copy


@case(requires=["forward_ad"], covers=["fw.notimpl"])
def operator_of_a_plain_tensor_runs_beside_duals(
    torch, xt: same_shape(2, min_dims=1, values="finite"), n: st.integers(0, 6)
):
    """An operator that refuses duals takes plain tensors within a level, and names its form."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        for tensor in (x, dual):
            if n == 0:
                torch.unique(tensor)
            elif n == 1:
                torch.unique(tensor, dim=0)
            elif n == 2:
                torch.unique(tensor, return_inverse=True, return_counts=True, dim=None)
            elif n == 3:
                torch.special.zeta(tensor.exp() + 1.5, 2.0)
            elif n == 4:
                torch.unique(tensor, True, False, False, 0)
            elif n == 5:
                tensor.clone().__iadd__("text")
            else:
                tensor.clone().resize_(tensor.shape)


@case(requires=["forward_ad"], covers=["fw.out"])
def out_is_written_before_it_is_refused(
    torch,
    xt: same_shape(2, min_dims=1),
    name: st.sampled_from(["cat", "stack", "hstack", "vstack", "dstack", "column_stack", "concat"]),
    into: st.booleans(),
):
    """A function with out= has written when it refuses a dual, in the name of what has written."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        out = getattr(torch, name)([x]) * 0
        getattr(torch, name)([x], out=out)
        target = torch.autograd.forward_ad.make_dual(out * 0, out) if into else out * 0
        getattr(torch, name)([x if into else dual], out=target)
        torch.autograd.forward_ad.unpack_dual(target)


@case(requires=["forward_ad", "custom_function"], covers=["fn.jvp_missing"])
def jvp_of_a_written_input_gives_its_tangent(
    torch,
    xt: same_shape(2, min_dims=1),
    how: st.sampled_from(["in place", "untouched", "another", "none"]),
    active: st.booleans(),
):
    """The jvp of a Function that writes its input writes to the tangent, and returns it, if there is one."""

    class Doubling(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.mark_dirty(a)
            return a.mul_(2)

        @staticmethod
        def jvp(ctx, of_a):
            if how == "none":
                return None
            if how == "untouched":
                return of_a
            return of_a.mul_(2) if how == "in place" else of_a * 2

    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t) if active else x
        out = Doubling.apply(dual)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(out)


@case(requires=["forward_ad", "custom_function"], covers=["fn.jvp_missing"])
def jvp_says_nothing_of_an_output_without_derivative(torch, xt: same_shape(2, min_dims=1), named: st.booleans()):
    """A tangent that jvp returns for an output that has no derivative is refused; None is right."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            signs = a.sign()
            ctx.mark_non_differentiable(signs)
            return a * 2, signs

        @staticmethod
        def jvp(ctx, of_a):
            return of_a * 2, of_a if named else None

    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        out = Both.apply(torch.autograd.forward_ad.make_dual(x, t))
        torch.autograd.forward_ad.unpack_dual(out[0])
        torch.autograd.forward_ad.unpack_dual(out[1])


@case(requires=["forward_ad", "custom_function"], covers=["fn.jvp_missing"])
def jvp_returns_a_tensor_for_each_output(
    torch, xt: same_shape(2, min_dims=1), found: st.sampled_from(["two", "a number", "a view", "another", "itself"])
):
    """What jvp returns is a tensor for each output, and a view where the output is one."""

    class Flat(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.view(-1)

        @staticmethod
        def jvp(ctx, of_a):
            if found == "two":
                return of_a, of_a
            if found == "a number":
                return 3
            if found == "itself":
                return of_a
            return of_a.view(-1) if found == "a view" else of_a.reshape(-1) * 2

    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        out = Flat.apply(torch.autograd.forward_ad.make_dual(x, t))
        torch.autograd.forward_ad.unpack_dual(out)


CALLS = {
    "kthvalue": lambda torch, x: x.kthvalue(1)[0],
    "median": lambda torch, x: x.median(0)[0],
    "cummax": lambda torch, x: x.cummax(0)[0],
    "mean": lambda torch, x: x.mean(0),
    "renorm": lambda torch, x: x.reshape(1, -1).renorm(2, 0, 1.0),
    "hardtanh": lambda torch, x: torch.nn.functional.hardtanh(x),
    "abs": lambda torch, x: x.abs(),
    "deg2rad": lambda torch, x: x.deg2rad(),
    "logsumexp": lambda torch, x: x.logsumexp(0),
    "power of a number": lambda torch, x: 2**x,
    "sine": lambda torch, x: x.sin(),
    "with a number": lambda torch, x: (1 + x) / 2 - 3,
    "remainder": lambda torch, x: x.remainder(0.8),
    "xlogy": lambda torch, x: torch.xlogy(2, x),
    "clone": lambda torch, x: x.clone(),
}


@case(requires=["forward_ad", "inference_mode"])
def inference_tensor_may_be_seen_by_autograd(
    torch,
    xt: same_shape(2, min_dims=1, values="positive", empty=False),
    name: st.sampled_from(sorted(CALLS)),
    grad: st.booleans(),
    dual: st.booleans(),
    mode: st.sampled_from(["outside", "no_grad", "inside"]),
):
    """Numbers, copies and out= within an operator are seen by autograd, even over inference tensors."""
    x, t = xt
    with torch.inference_mode():
        x = x + 0
        x.requires_grad_(grad)
    with torch.autograd.forward_ad.dual_level():
        moved = torch.autograd.forward_ad.make_dual(x, t) if dual else x
        with (
            torch.enable_grad()
            if mode == "outside"
            else torch.no_grad()
            if mode == "no_grad"
            else torch.inference_mode()
        ):
            out = CALLS[name](torch, moved)
            primal, tangent = torch.autograd.forward_ad.unpack_dual(out)
            same, kept = torch.autograd.forward_ad.unpack_dual(moved)
            y = torch.ones_like(t).copy_(torch.autograd.forward_ad.make_dual(t, x))
            copied = torch.autograd.forward_ad.unpack_dual(y).tangent


NESTED = {
    "div": lambda torch, x: x.div(x + 2, rounding_mode=None),
    "truncated": lambda torch, x: x.div(x + 2, rounding_mode="trunc"),
    "floor": lambda torch, x: x.floor(),
    "huber_loss": lambda torch, x: torch.nn.functional.huber_loss(x, torch.ones(4)),
    "soft_margin_loss": lambda torch, x: torch.nn.functional.soft_margin_loss(x, torch.ones(4)),
    "hardsigmoid": lambda torch, x: torch.nn.functional.hardsigmoid(x),
    "glu": lambda torch, x: torch.nn.functional.glu(x),
    "cat": lambda torch, x: torch.cat([x, x]),
}


@case(requires=["forward_ad", "in_place"])
def tangent_that_a_dual_was_written_to_is_refused(torch, x: smooth(dtype="float32", shape=(4,))):
    """What would be computed of a tangent that has one itself is refused."""
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.zeros(4))
        tangent = torch.autograd.forward_ad.unpack_dual(dual).tangent
        tangent.copy_(torch.autograd.forward_ad.make_dual(x.cos(), x))
        for function in NESTED.values():
            torch.autograd.forward_ad.unpack_dual(function(torch, dual))


OUT = {
    "eq": lambda torch, x, y: torch.eq(x, y, out=torch.zeros(4, dtype=torch.bool)),
    "logical_and": lambda torch, x, y: torch.logical_and(x, y, out=torch.zeros(4, dtype=torch.bool)),
    "isin": lambda torch, x, y: torch.isin(x, y, out=torch.zeros(4, dtype=torch.bool)),
    "dot": lambda torch, x, y: torch.dot(x, y, out=torch.zeros(())),
    "add": lambda torch, x, y: torch.add(x, y, out=torch.zeros(4)),
    "stack": lambda torch, x, y: torch.stack([x, y], out=torch.zeros(2, 4)),
    "hstack": lambda torch, x, y: torch.hstack([x, y], out=torch.zeros(8)),
    "where": lambda torch, x, y: torch.where(y > 0, x, y, out=torch.zeros(4)),
    "soft_margin_loss": lambda torch, x, y: torch.nn.functional.soft_margin_loss(x, y),
    "resize_": lambda torch, x, y: x.clone().resize_(2),
    "resize_as_": lambda torch, x, y: x.clone().resize_as_(y[:2]),
}


@case(requires=["forward_ad"])
def duals_that_an_operator_has_no_place_for(
    torch,
    x: smooth(dtype="float32", shape=(4,)),
    which: st.sampled_from(["first", "second", "both", "none"]),
):
    """Results of duals are not written to out=, nor is a dual made smaller, whichever operand is one."""
    y = x.cos()
    with torch.autograd.forward_ad.dual_level():
        first = torch.autograd.forward_ad.make_dual(x, y) if which in ("first", "both") else x
        second = torch.autograd.forward_ad.make_dual(y, x) if which in ("second", "both") else y
        for function in OUT.values():
            torch.autograd.forward_ad.unpack_dual(function(torch, first, second))
