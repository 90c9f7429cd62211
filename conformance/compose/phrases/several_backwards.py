"""More than one backward over one graph, and what is left of it and of `.grad` in between."""

from conformance.compose.phrase import (
    function_of,
    like,
    one_of,
    phrase,
    result,
    seed_for,
    tracked,
    tracked_leaf,
    tracking,
)

_yes_no = one_of(True, False)


@phrase
def two_losses_over_one_trunk(
    torch,
    x: tracked,
    trunk: function_of("x", act="unary"),
    first: function_of("x", act="unary"),
    second: function_of("x", act="unary"),
    weights: seed_for("x"),
    retain: _yes_no,
    last_first: one_of(False, True),
):
    out = trunk(x)
    losses = [(first(out) * weights).sum(), second(out).sum()]
    if last_first:
        losses.reverse()
    losses[0].backward(retain_graph=retain)
    losses[1].backward()


@phrase
def two_roots_at_once(
    torch,
    x: tracked,
    first: function_of("x", act="unary"),
    second: function_of("x", act="unary"),
    seed: seed_for("x"),
    scalar: one_of(False, True),
):
    a, b = first(x), second(x)
    if scalar:
        torch.autograd.backward([a.sum(), b], [None, seed])
    else:
        torch.autograd.backward((a, b), (seed, seed))


@phrase
def backward_twice(torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x"), retain: _yes_no):
    out = f(x)
    out.backward(seed, retain_graph=retain)
    out.backward(seed)


@phrase
def backward_then_grad(torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x"), retain: _yes_no):
    y = f(x)
    y.backward(seed, retain_graph=retain)
    (out,) = torch.autograd.grad(y, x, seed)


@phrase
def grad_then_backward(torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x"), retain: _yes_no):
    y = f(x)
    (out,) = torch.autograd.grad(y, [x], [seed], retain_graph=retain)
    y.backward(seed)


@phrase
def gradient_of_a_gradient(
    torch,
    x: tracked,
    f: function_of("x", act="unary"),
    g: function_of("x", act="unary"),
    seed: seed_for("x"),
    again: one_of(False, True),
):
    (first,) = torch.autograd.grad(f(x), x, seed, create_graph=True)
    (out,) = torch.autograd.grad(g(first), x, seed, create_graph=again, allow_unused=True)
    if again:
        out.backward(seed)


@phrase
def backward_with_a_graph_of_the_gradient(
    torch, x: tracked_leaf, f: function_of("x", act="unary"), seed: seed_for("x")
):
    f(x).backward(seed, create_graph=True)
    out = x.grad
    out.sum().backward()


@phrase
def gradient_taken_over(torch, x: tracked_leaf, seed: seed_for("x"), between: one_of("add_", "mul_", "none")):
    x.grad = None
    x.clone().backward(seed)
    out = x.grad
    if between != "none":
        getattr(seed, between)(2)
    x.clone().backward(seed)


@phrase
def gradient_cleared_between(
    torch,
    x: tracked_leaf,
    f: function_of("x", act="unary"),
    seed: seed_for("x"),
    how: one_of("none", "zero_", "detach_", "mul_"),
):
    f(x).backward(seed)
    if how == "none":
        x.grad = None
    elif how == "mul_":
        x.grad.mul_(2)
    else:
        getattr(x.grad, how)()
    f(x).backward(seed)
    out = x.grad


@phrase
def inputs_say_where_to(
    torch,
    x: tracked,
    z: tracked_leaf,
    f: function_of("x", act="unary"),
    g: function_of("x", act="unary"),
    seed: seed_for("x"),
    which: one_of("middle", "start", "both", "edge", "unused"),
):
    out = f(x)
    y = g(out)
    if which == "edge":
        y.backward(seed, inputs=[torch.autograd.graph.get_gradient_edge(out)])
    else:
        wanted = {"middle": [out], "start": (x,), "both": [x, out], "unused": [x, z]}
        y.backward(seed, inputs=wanted[which], retain_graph=True)
        y.backward(seed)


@phrase
def some_inputs_are_unused(
    torch, x: tracked, z: tracked, f: function_of("x", act="unary"), seed: seed_for("x"), how: one_of(0, 1, 2, 3)
):
    y = f(x)
    options = (
        {"allow_unused": True},
        {"materialize_grads": True},
        {},
        {"allow_unused": False, "materialize_grads": True},
    )
    out, other = torch.autograd.grad(y, (x, z), seed, **options[how])


@phrase
def retained_gradient(torch, x: result, f: function_of("x", act="unary"), seed: seed_for("x")):
    x.retain_grad()
    x.retains_grad
    f(x).backward(seed, retain_graph=True)
    out = x.grad
    f(x).backward(seed)


@phrase
def edges_are_gone_through(torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x")):
    y = f(x)
    edge = torch.autograd.graph.get_gradient_edge(y)
    (out,) = torch.autograd.grad(edge, torch.autograd.graph.get_gradient_edge(x), seed)


@phrase
def leaf_changes_under_no_grad(
    torch,
    x: tracking(tracked_leaf),
    f: function_of("x", act="unary"),
    seed: seed_for("x"),
    new: like("x", "smooth"),
    how: one_of("step", "copy_", "zero_", "data", "item"),
):
    y = f(x)
    y.backward(seed, retain_graph=True)
    with torch.no_grad():
        if how == "step":
            x -= 0.5 * x.grad
        elif how == "zero_":
            x.zero_()
        elif how == "item":
            x[...] = new
        elif how == "copy_":
            x.copy_(new)
    if how == "data":
        x.data = new
    out = f(x)
    y.backward(seed)


PHRASES = (
    two_losses_over_one_trunk,
    two_losses_over_one_trunk,
    two_roots_at_once,
    backward_twice,
    backward_then_grad,
    grad_then_backward,
    gradient_of_a_gradient,
    gradient_of_a_gradient,
    backward_with_a_graph_of_the_gradient,
    gradient_taken_over,
    gradient_cleared_between,
    inputs_say_where_to,
    some_inputs_are_unused,
    retained_gradient,
    edges_are_gone_through,
    leaf_changes_under_no_grad,
)
