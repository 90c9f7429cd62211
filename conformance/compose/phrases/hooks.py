"""Hooks on several tensors, on nodes, and hooks that do more than look."""

from conformance.compose.phrase import (
    function_of,
    one_of,
    phrase,
    result,
    seed_for,
    tracked,
    tracked_leaf,
    writable,
)

_what = one_of("looks", "writes", "raises", "returns")


@phrase
def hook_of_random_operators(torch, x: tracked, h: function_of("x", act="unary", most=2), seed: seed_for("x")):
    x.register_hook(h)
    out = x * 3
    out.backward(seed, retain_graph=True)


@phrase
def hook_on_several(
    torch,
    x: tracked,
    y: tracked,
    mode: one_of("all", "any"),
    seed: seed_for("x"),
    fails: one_of(False, True),
    unused: one_of(False, True),
):
    def hook(grads):
        if fails:
            raise ValueError("from a hook of several")

    handle = torch.autograd.graph.register_multi_grad_hook((x, y), hook, mode=mode)
    out = x * 3
    out.backward(seed, retain_graph=True)
    if not unused:
        (y * 2).sum().backward()
    handle.remove()
    out.backward(seed)


@phrase
def hook_after_a_node(torch, x: result, seed: seed_for("x"), what: one_of("looks", "doubles", "raises", "wrong")):
    def hook(grad_inputs, grad_outputs):
        if what == "doubles":
            return (grad_inputs[0] * 2,)
        if what == "wrong":
            return grad_outputs[0]
        if what == "raises":
            raise ValueError("after a node")
        return None

    handle = x.grad_fn.register_hook(hook)
    out = x * 3
    out.backward(seed, retain_graph=True)
    handle.remove()
    out.backward(seed)


@phrase
def hook_before_a_node(torch, x: result, seed: seed_for("x"), what: one_of("looks", "doubles", "raises", "none")):
    def hook(grad_outputs):
        if what == "doubles":
            return (grad_outputs[0] * 2,)
        if what == "none":
            return (None,)
        if what == "raises":
            raise ValueError("before a node")
        return None

    handle = x.grad_fn.register_prehook(hook)
    out = x * 3
    out.backward(seed, retain_graph=True)
    handle.remove()
    out.backward(seed)


@phrase
def hooks_around_accumulation(
    torch, x: tracked_leaf, seed: seed_for("x"), what: one_of("looks", "doubles", "clears", "raises")
):
    def before(grad_outputs):
        if what == "doubles":
            return (grad_outputs[0] * 2,)
        return None

    def after(leaf):
        if what == "clears":
            leaf.grad = None
        if what == "raises":
            raise ValueError("after accumulation")
        if what == "doubles":
            leaf.grad.mul_(2)

    node = torch.autograd.graph.get_gradient_edge(x).node
    node.register_prehook(before)
    node.register_hook(lambda grad_inputs, grad_outputs: None)
    handle = x.register_post_accumulate_grad_hook(after)
    (x * 3).backward(seed)
    handle.remove()
    (x * 3).backward(seed)
    out = x.grad


@phrase
def hook_runs_backward(torch, x: tracked, y: tracked_leaf, seed: seed_for("x")):
    def hook(grad):
        (y * y).sum().backward()

    out = x * 2
    out.register_hook(hook)
    out.backward(seed, retain_graph=True)


@phrase
def hook_writes_what_is_saved(torch, x: tracked, y: writable, seed: seed_for("x"), write: one_of("mul_", "add_")):
    def hook(grad):
        getattr(y, write)(2)

    z = x * 1
    z.register_hook(hook)
    out = z * z.exp()
    out.backward(seed)


@phrase
def hook_removes_another(torch, x: tracked, seed: seed_for("x")):
    other = x.register_hook(lambda grad: grad * 3)

    def hook(grad):
        other.remove()
        return grad * 2

    x.register_hook(hook)
    out = x * 3
    out.backward(seed, retain_graph=True)
    out.backward(seed)


@phrase
def hooks_in_order(torch, x: tracked, seed: seed_for("x"), between: one_of("retain", "hook", "write")):
    y = x * 3
    y.register_hook(lambda grad: grad + 1)
    if between == "retain":
        y.retain_grad()
    elif between == "write":
        y.mul_(2)
    y.register_hook(lambda grad: grad * 2)
    out = y * 2
    out.backward(seed)
    y.grad


@phrase
def hook_gives_what_does_not_fit(
    torch, x: tracked, seed: seed_for("x"), what: one_of("shape", "text", "dtype", "tuple", "number")
):
    wrong = {
        "shape": lambda grad: grad.sum().expand(7),
        "text": lambda grad: "a text",
        "dtype": lambda grad: grad.to(torch.float16),
        "tuple": lambda grad: (grad,),
        "number": lambda grad: 2,
    }
    out = x * 3
    out.register_hook(wrong[what])
    out.backward(seed)


PHRASES = (
    hook_of_random_operators,
    hook_on_several,
    hook_on_several,
    hook_after_a_node,
    hook_before_a_node,
    hooks_around_accumulation,
    hook_runs_backward,
    hook_writes_what_is_saved,
    hook_removes_another,
    hooks_in_order,
    hook_gives_what_does_not_fit,
)
