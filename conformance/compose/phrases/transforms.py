"""Transforms of functions, torch.func: levels inside levels, what is made of them, and what they take from outside."""

from conformance.compose.phrase import floating, function_of, like, one_of, phrase, seed_for, tracked, vector


@phrase
def gradient_of_a_function(
    torch, x: floating, v: seed_for("x"), f: function_of("x", act="unary"), both: one_of(False, True)
):
    def loss(a):
        return (f(a) * v).sum()

    if both:
        gradient, value = torch.func.grad_and_value(loss)(x)
    else:
        torch.func.grad(loss)(x)


@phrase
def gradient_within_a_gradient(torch, x: floating, y: like("x"), f: function_of("x", act="unary"), inner: one_of(0, 1)):
    def loss(a, b):
        return (f(a) * b * b).sum()

    def slope(a, b):
        return torch.func.grad(loss, argnums=inner)(a, b).sum()

    torch.func.grad(slope)(x, y)


@phrase
def products_of_a_function(torch, x: floating, v: seed_for("x"), f: function_of("x", act="unary")):
    value, pull = torch.func.vjp(f, x)
    (back,) = pull(v)
    value, moved = torch.func.jvp(f, (x,), (v,))


@phrase
def jacobian_of_a_function(torch, x: vector, f: function_of("x"), which: one_of("jacrev", "jacfwd")):
    getattr(torch.func, which)(f)(x)


@phrase
def hessian_of_a_function(
    torch, x: vector, f: function_of("x", act="unary"), outer: one_of("jacfwd", "jacrev", "both")
):
    def loss(a):
        return (f(a) * a).sum()

    if outer == "both":
        torch.func.hessian(loss)(x)
    else:
        getattr(torch.func, outer)(torch.func.jacrev(loss))(x)


@phrase
def function_of_each_row(torch, x: vector, f: function_of("x", act="unary"), out_dims: one_of(0, -1)):
    batch = torch.stack([x, x * 2])
    torch.func.vmap(f, out_dims=out_dims)(batch)


@phrase
def gradient_for_each_row(torch, x: vector, f: function_of("x", act="unary")):
    def loss(a, weight):
        return (f(a) * weight).sum()

    rows = torch.stack([x, x.detach()])
    torch.func.vmap(torch.func.grad(loss, argnums=1), in_dims=(0, None))(rows, x)


@phrase
def backward_through_a_transform(torch, x: tracked, seed: seed_for("x"), f: function_of("x", act="unary")):
    def loss(a):
        return (f(a) * a).sum()

    out = torch.func.grad(loss)(x)
    out.backward(seed)


@phrase
def transform_meets_what_is_outside(
    torch, x: tracked, y: like("x"), f: function_of("x", act="unary"), way: one_of("no_grad", "detach", "outside")
):
    def loss(a):
        if way == "no_grad":
            with torch.no_grad():
                b = f(a)
        elif way == "detach":
            b = f(a).detach()
        else:
            b = f(a) * x
        return (b * a).sum()

    torch.func.grad(loss)(y)


PHRASES = (
    gradient_of_a_function,
    gradient_of_a_function,
    gradient_within_a_gradient,
    products_of_a_function,
    products_of_a_function,
    jacobian_of_a_function,
    hessian_of_a_function,
    function_of_each_row,
    function_of_each_row,
    gradient_for_each_row,
    backward_through_a_transform,
    transform_meets_what_is_outside,
)
