"""Forward mode: dual numbers, and the products that torch.autograd.functional makes of functions."""

from conformance.compose.phrase import (
    floating,
    function_of,
    like,
    one_of,
    phrase,
    seed_for,
    tracked,
    vector,
)


@phrase
def dual_through_a_function(torch, x: floating, tangent: seed_for("x"), f: function_of("x", most=4)):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        y = f(forward_ad.make_dual(x, tangent))
        primal, moved = forward_ad.unpack_dual(y)
    forward_ad.unpack_dual(y, level=0)


@phrase
def dual_through_two(
    torch,
    x: floating,
    y: like("x", "smooth"),
    tangent: seed_for("x"),
    other: seed_for("x"),
    op: one_of("mul", "div", "sub", "atan2"),
):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        z = getattr(torch, op)(forward_ad.make_dual(x, tangent), forward_ad.make_dual(y, other))
        primal, moved = forward_ad.unpack_dual(z)
        mixed = getattr(torch, op)(x, forward_ad.make_dual(y, other))
        primal, moved = forward_ad.unpack_dual(mixed)


@phrase
def forward_over_reverse(
    torch, x: tracked, tangent: seed_for("x"), f: function_of("x", act="unary"), seed: seed_for("x")
):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, tangent)
        (g,) = torch.autograd.grad(f(dual), dual, seed)
        primal, moved = forward_ad.unpack_dual(g)


@phrase
def reverse_over_forward(
    torch, x: tracked, tangent: seed_for("x"), f: function_of("x", act="unary"), seed: seed_for("x")
):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        y = f(forward_ad.make_dual(x, tangent))
        out, moved = forward_ad.unpack_dual(y)
        torch.autograd.grad(moved, x, seed, allow_unused=True)


@phrase
def dual_written_in_place(
    torch,
    x: floating,
    tangent: seed_for("x"),
    seed: seed_for("x"),
    write: one_of("mul_", "copy_", "view", "zero_", "detach_"),
):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x.detach().clone(), tangent)
        y = torch.ones_like(dual)
        if write == "view":
            y.unsqueeze(0)[0].mul_(dual)
        elif write in ("zero_", "detach_"):
            y = dual.clone()
            getattr(y, write)()
        else:
            getattr(y, write)(dual)
        primal, moved = forward_ad.unpack_dual(y)


@phrase
def dual_under_a_mode(
    torch, x: floating, tangent: seed_for("x"), f: function_of("x"), mode: one_of("no_grad", "inference_mode")
):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, tangent)
        with getattr(torch, mode)():
            y = f(dual)
        primal, moved = forward_ad.unpack_dual(y)
        primal, moved = forward_ad.unpack_dual(dual.detach())


@phrase
def dual_of_a_function_of_its_own(torch, x: floating, tangent: seed_for("x"), linear: one_of(True, False)):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            ctx.save_for_forward(a)
            return a * a

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return grad * 2 * a

        @staticmethod
        def jvp(ctx, moved):
            (a,) = ctx.saved_tensors
            if linear:
                return moved * 2 * a
            return moved * a * a

    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        y = Product.apply(forward_ad.make_dual(x, tangent))
        primal, moved = forward_ad.unpack_dual(y)


@phrase
def product_with_the_jacobian(
    torch,
    x: floating,
    v: seed_for("x"),
    f: function_of("x", act="unary"),
    which: one_of("vjp", "jvp"),
    graph: one_of(False, True),
    strict: one_of(False, True),
):
    value, product = getattr(torch.autograd.functional, which)(f, x, v, create_graph=graph, strict=strict)


@phrase
def whole_jacobian(torch, x: vector, f: function_of("x"), graph: one_of(False, True), strict: one_of(False, True)):
    torch.autograd.functional.jacobian(f, x, create_graph=graph, strict=strict)


@phrase
def second_derivatives(
    torch, x: floating, v: seed_for("x"), f: function_of("x", act="unary"), which: one_of("hvp", "vhp", "hessian")
):
    def loss(a):
        b = f(a)
        return (b * b * v).sum()

    if which == "hessian":
        torch.autograd.functional.hessian(loss, x)
    else:
        value, product = getattr(torch.autograd.functional, which)(loss, x, v)


PHRASES = (
    dual_through_a_function,
    dual_through_a_function,
    dual_through_a_function,
    dual_through_two,
    forward_over_reverse,
    reverse_over_forward,
    dual_written_in_place,
    dual_under_a_mode,
    dual_of_a_function_of_its_own,
    product_with_the_jacobian,
    product_with_the_jacobian,
    whole_jacobian,
    second_derivatives,
)
