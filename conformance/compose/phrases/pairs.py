"""Hard pairs: two steps that are easy each, and of which one undoes what the other relies on."""

from conformance.compose.phrase import floating, function_of, like, one_of, phrase, result, seed_for, tracked, vector

_write = one_of("mul_", "add_", "zero_", "exp_", "copy_")


@phrase
def view_of_a_view_is_written(
    torch, x: vector, seed: seed_for("x"), first: one_of("unsqueeze", "t", "slice", "view_as"), write: _write
):
    base = x * 1
    if first == "slice":
        outer = base[:1]
    elif first == "unsqueeze":
        outer = base.unsqueeze(0)
    elif first == "view_as":
        outer = base.view_as(base)
    else:
        outer = base.transpose(0, -1)
    inner = outer[0]
    if write in ("zero_", "exp_"):
        getattr(inner, write)()
    elif write == "copy_":
        inner.copy_(inner.detach() * 2)
    else:
        getattr(inner, write)(2.5)
    outer * 2
    out = base * 3
    out.backward(seed, retain_graph=True)


@phrase
def written_between_save_and_backward(
    torch,
    x: tracked,
    seed: seed_for("x"),
    op: one_of("exp", "sin", "neg", "sqrt", "tanh", "square", "abs"),
    which: one_of("operand", "outcome", "view", "detached", "data", "none"),
):
    y = x * 1
    z = getattr(y, op)()
    if which == "operand":
        y.mul_(2)
    elif which == "outcome":
        z.mul_(2)
    elif which == "view":
        y.view_as(y).mul_(2)
    elif which == "detached":
        y.detach().mul_(2)
    elif which == "data":
        y.data.mul_(2)
    out = z * 1
    out.backward(seed)


@phrase
def one_of_several_views_is_written(
    torch, x: vector, how: one_of("unbind", "split", "chunk", "select"), seed: seed_for("x")
):
    base = x * 1
    if how == "unbind":
        base.unbind(0)[0].mul_(2)
    elif how == "split":
        base.split(1)[0].mul_(2)
    elif how == "chunk":
        base.chunk(2)[0].mul_(2)
    else:
        base.select(0, 0).mul_(2)
    out = base * 1
    out.backward(seed)


@phrase
def view_made_without_gradients_is_written(
    torch, x: vector, seed: seed_for("x"), how: one_of("no_grad", "inference_mode", "detach")
):
    base = x * 1
    if how == "detach":
        view = base.detach()[0]
    else:
        with getattr(torch, how)():
            view = base[0]
    view.mul_(2)
    out = base * 1
    out.backward(seed)


@phrase
def base_is_written_and_the_view_read(
    torch, x: vector, y: like("x"), seed: seed_for("x"), write: one_of("mul_", "add_", "copy_")
):
    base = x * 1
    view = base[0]
    getattr(base, write)(y)
    view.grad_fn
    view.sum().backward(retain_graph=True)
    out = base * 1
    out.backward(seed)


@phrase
def leaf_is_written(torch, x: tracked, how: one_of("mul_", "item", "view", "no_grad", "data")):
    if how == "mul_":
        x.mul_(2)
    elif how == "item":
        x[...] = 2.5
    elif how == "view":
        x.view_as(x).mul_(2)
    elif how == "data":
        x.data.mul_(2)
    else:
        with torch.no_grad():
            x.mul_(2)
    out = x * 1


@phrase
def same_tensor_on_both_sides(
    torch, x: floating, seed: seed_for("x"), op: one_of("mul", "sub", "div", "pow", "atan2", "maximum")
):
    out = getattr(torch, op)(x, x)
    out.backward(seed, retain_graph=True)


@phrase
def written_with_itself(torch, x: floating, seed: seed_for("x"), op: one_of("mul_", "add_", "sub_", "copy_")):
    out = x * 1
    getattr(out, op)(out)
    out.backward(seed, retain_graph=True)


@phrase
def same_row_twice(torch, x: vector, seed: seed_for("x"), write: one_of(False, True)):
    i = torch.tensor([0, 0, -1, 0])
    picked = x[i]
    picked.sum().backward(retain_graph=True)
    out = x * 1
    if write:
        out[i] = picked * 2
    else:
        out.index_add_(0, torch.tensor([0, 0, 0, 0]), picked)
    out.backward(seed)


@phrase
def forgotten_graph(torch, x: tracked, seed: seed_for("x"), f: function_of("x", act="unary")):
    y = f(x)
    out = y * 2
    del y
    out.backward(seed)
    out.backward(seed)


@phrase
def backward_detach_backward(
    torch, x: result, seed: seed_for("x"), f: function_of("x", act="unary"), own: one_of(False, True)
):
    y = f(x)
    y.backward(seed, retain_graph=True)
    if own:
        y.detach_()
    out = y.detach() * x
    out.backward(seed)


PHRASES = (
    view_of_a_view_is_written,
    view_of_a_view_is_written,
    written_between_save_and_backward,
    written_between_save_and_backward,
    one_of_several_views_is_written,
    view_made_without_gradients_is_written,
    base_is_written_and_the_view_read,
    leaf_is_written,
    same_tensor_on_both_sides,
    written_with_itself,
    same_row_twice,
    forgotten_graph,
    backward_detach_backward,
)
