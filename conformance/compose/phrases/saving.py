"""What is saved for backward: packed by hooks, computed anew by checkpoint, looked at, and written to."""

from conformance.compose.phrase import function_of, like, one_of, phrase, seed_for, tracked


@phrase
def saved_tensors_are_packed(
    torch,
    x: tracked,
    f: function_of("x", act="unary"),
    pack: one_of("same", "detach", "clone", "list", "raises"),
    unpack: one_of("same", "twice", "raises"),
    seed: seed_for("x"),
):
    packs = {
        "same": lambda t: t,
        "detach": lambda t: t.detach(),
        "clone": lambda t: t.detach().clone(),
        "list": lambda t: [t.detach()],
        "raises": raises_as_it_packs,
    }
    unpacks = {"same": lambda t: t, "twice": lambda t: t * 2, "raises": raises_as_it_unpacks}
    back = (lambda kept: kept[0]) if pack == "list" else unpacks[unpack]
    with torch.autograd.graph.saved_tensors_hooks(packs[pack], back):
        out = f(x) * x
    out.backward(seed, retain_graph=True)


def raises_as_it_packs(t):
    raise ValueError("cannot pack")


def raises_as_it_unpacks(t):
    raise ValueError("cannot unpack")


@phrase
def packing_inside_packing(torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x")):
    hooks = torch.autograd.graph.saved_tensors_hooks
    with hooks(lambda t: t.detach() * 2, lambda t: t):
        y = f(x)
        with hooks(lambda t: t.detach() + 1, lambda t: t):
            out = y * y
    out.backward(seed)


@phrase
def saved_on_the_cpu(torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x")):
    with torch.autograd.graph.save_on_cpu():
        out = f(x) * x
    out.backward(seed, retain_graph=True)


@phrase
def saved_and_mutated(torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x")):
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = f(x)
        out = y.clone()
        z = out * out
        out.mul_(3)
        z.backward(seed)


@phrase
def packing_is_refused(torch, x: tracked, f: function_of("x", act="unary")):
    with torch.autograd.graph.disable_saved_tensors_hooks("saved tensors hooks are disabled here"):
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            f(x)
        out = f(x)


@phrase
def computed_anew(
    torch,
    x: tracked,
    f: function_of("x", act="unary", most=4),
    seed: seed_for("x"),
    reentrant: one_of(False, True),
    again: one_of(False, True),
):
    out = torch.utils.checkpoint.checkpoint(f, x, use_reentrant=reentrant)
    out.backward(seed, retain_graph=again)
    if again:
        out.backward(seed)


@phrase
def computed_anew_of_two(
    torch,
    x: tracked,
    y: like("x", "smooth"),
    seed: seed_for("x"),
    f: function_of("x", act="unary"),
    write: one_of(True, False),
):
    def both(a, b):
        c = f(a) * b
        return c.sin() * c

    y.requires_grad_()
    out = torch.utils.checkpoint.checkpoint(both, x, y, use_reentrant=False)
    if write:
        y.detach().mul_(2)
    (g,) = torch.autograd.grad(out, y, seed)


@phrase
def looked_at_what_was_saved(torch, x: tracked, seed: seed_for("x"), op: one_of("exp", "sin", "sqrt", "tanh")):
    out = getattr(x, op)()
    node = out.grad_fn
    name = "_saved_result" if op in ("exp", "sqrt", "tanh") else "_saved_self"
    getattr(node, name)
    out.backward(seed)
    getattr(node, name)


@phrase
def saved_by_hand(torch, x: tracked, seed: seed_for("x")):
    out = x * x
    out.grad_fn._raw_saved_self.register_hooks(lambda t: t.detach() * 2, lambda t: t)
    out.backward(seed)


PHRASES = (
    saved_tensors_are_packed,
    saved_tensors_are_packed,
    packing_inside_packing,
    saved_on_the_cpu,
    saved_and_mutated,
    packing_is_refused,
    computed_anew,
    computed_anew,
    computed_anew_of_two,
    looked_at_what_was_saved,
    saved_by_hand,
)
