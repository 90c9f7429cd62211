"""Hooks on the nodes of the graph and on accumulation: before and after a node, and after a grad was added to."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats

WRONG = st.sampled_from([3, "grad", False])


@case(requires=["hooks", "graph"], covers=["hook.order_all"])
def hooks_run_around_their_node(torch, x: floats(values="finite"), g: lambda x: cotangent(x)):
    """Tensor hooks run first, then the grad is retained, then the node's pre-hooks and post-hooks run."""
    y = x.requires_grad_().exp()
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: y.grad)
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0] * 2,))
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] + y.grad,))
    y.retain_grad()
    y.register_hook(lambda grad: grad * 3)
    y.register_hook(lambda grad: None)
    y.backward(g)
    y.grad


@case(requires=["hooks", "graph"], covers=["hook.order_leaf"])
def hooks_run_around_the_accumulation(torch, x: floats(values="finite")):
    """At a leaf run tensor hooks, pre-hooks, post-accumulate hooks and, given no inputs, post-hooks."""
    y = x.requires_grad_() * 2
    accumulate = y.grad_fn.next_functions[0][0]

    def look(grads):
        x.grad

    def look_after(grad_inputs, grad_outputs):
        x.grad

    accumulate.register_hook(look_after)
    accumulate.register_prehook(look)
    x.register_post_accumulate_grad_hook(look)
    x.register_hook(look)
    accumulate.register_prehook(lambda grad_outputs: (grad_outputs[0] * 3,))
    y.sum().backward(retain_graph=True)
    y.sum().backward()


@case(requires=["hooks", "graph"], covers=["hook.order_leaf"])
def accumulation_may_be_skipped_by_a_pre_hook(torch, x: floats()):
    """A pre-hook of AccumulateGrad that returns no gradient leaves grad alone, and later hooks run."""
    y = x.requires_grad_() * 2
    accumulate = y.grad_fn.next_functions[0][0]
    accumulate.register_prehook(lambda grad_outputs: (None,))
    accumulate.register_hook(lambda grad_inputs, grad_outputs: None)
    x.register_post_accumulate_grad_hook(lambda leaf: None)
    y.sum().backward()
    x.grad


@case(requires=["hooks", "graph"], covers=["hook.order_leaf"])
def accumulation_has_no_inputs_to_replace(torch, x: floats()):
    """A post-hook of AccumulateGrad may return an empty tuple, and nothing longer."""
    y = x.requires_grad_() * 2
    accumulate = y.grad_fn.next_functions[0][0]
    with accumulate.register_hook(lambda grad_inputs, grad_outputs: ()):
        y.sum().backward(retain_graph=True)
    accumulate.register_hook(lambda grad_inputs, grad_outputs: grad_outputs)
    y.sum().backward()


@case(requires=["hooks", "graph"], covers=["hook.order_leaf"])
def leaf_that_no_longer_requires_grad_runs_its_hooks(torch, x: floats()):
    """Where requires_grad was switched off since, hooks run and nothing is accumulated."""
    y = x.requires_grad_() * 2
    x.register_hook(lambda grad: None)
    x.register_post_accumulate_grad_hook(lambda leaf: None)
    y.grad_fn.next_functions[0][0].register_hook(lambda grad_inputs, grad_outputs: None)
    x.requires_grad_(False)
    y.sum().backward()
    x.grad


@case(requires=["hooks", "backward"], covers=["hook.post_acc_nonleaf"])
def post_accumulate_hooks_are_for_leaves(torch, x: floats()):
    """A post-accumulate hook needs a leaf that requires grad."""
    x.register_post_accumulate_grad_hook(lambda leaf: None)
    y = x.requires_grad_() * 2
    y.register_post_accumulate_grad_hook(lambda leaf: None)
    handle = x.register_post_accumulate_grad_hook(lambda leaf: leaf.grad)
    y.sum().backward(retain_graph=True)
    handle.remove()
    x.register_post_accumulate_grad_hook(lambda leaf: leaf)
    y.sum().backward(retain_graph=True)
    torch.autograd.grad(y.sum(), x)


@case(requires=["hooks", "backward"], covers=["hook.post_acc_nonleaf"])
def post_accumulate_hooks_return_nothing(
    torch, x: floats("float32", shape=(2,)), wrong: st.sampled_from([3, "leaf", 0.5])
):
    """What a post-accumulate hook returns is checked as a gradient would be, and refused at the end."""
    y = x.requires_grad_() * 2
    with x.register_post_accumulate_grad_hook(lambda leaf: wrong):
        y.sum().backward(retain_graph=True)
    with x.register_post_accumulate_grad_hook(lambda leaf: torch.ones(3)):
        y.sum().backward(retain_graph=True)
    with x.register_post_accumulate_grad_hook(lambda leaf: leaf.double()):
        y.sum().backward(retain_graph=True)
    x.register_post_accumulate_grad_hook(lambda leaf: leaf * 3)
    x.register_post_accumulate_grad_hook(lambda other: None)
    y.sum().backward()


@case(requires=["hooks", "no_grad"], covers=["hook.post_acc_clear"])
def post_accumulate_hook_takes_the_step(torch, x: floats(values="finite")):
    """A post-accumulate hook may update its leaf and clear grad, while the pass goes on."""

    def step(leaf):
        with torch.no_grad():
            leaf.sub_(leaf.grad * 0.1)
        leaf.grad = None

    x.requires_grad_().register_post_accumulate_grad_hook(step)
    (x * x).sum().backward()
    (x * 3).sum().backward()
    x.grad
    x._version


@case(requires=["hooks", "graph"], covers=["hook.node_prehook"])
def pre_hook_replaces_the_incoming_gradients(torch, x: floats(values="finite"), factor: st.sampled_from([2, -1, 0])):
    """A pre-hook is given a tuple of gradients, and each may return another for the next."""
    y = x.requires_grad_().sin()
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * factor,))
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] + 1,))
    y.grad_fn.register_prehook(lambda grad_outputs: None)
    y.sum().backward(retain_graph=True)
    with y.grad_fn.register_prehook(lambda grad_outputs: (None,)):
        y.sum().backward(retain_graph=True)
    y.sum().backward()


@case(requires=["hooks", "graph"], covers=["hook.node_prehook"])
def pre_hook_returns_a_tuple_like_its_argument(torch, x: floats("float32", shape=(2,)), wrong: WRONG):
    """A pre-hook that returns no tuple like its argument makes the pass raise."""
    y = x.requires_grad_().sin()
    s = y.sum()
    node = y.grad_fn
    with node.register_prehook(lambda grad_outputs: wrong):
        s.backward(retain_graph=True)
    with node.register_prehook(lambda grad_outputs: grad_outputs[0]):
        s.backward(retain_graph=True)
    with node.register_prehook(lambda grad_outputs: [grad_outputs[0]]):
        s.backward(retain_graph=True)
    with node.register_prehook(lambda grad_outputs: ()):
        s.backward(retain_graph=True)
    with node.register_prehook(lambda grad_outputs: (wrong,)):
        s.backward(retain_graph=True)
    with node.register_prehook(lambda grad_outputs: (grad_outputs[0].double(),)):
        s.backward(retain_graph=True)
    with node.register_prehook(lambda grad_outputs: (torch.ones(3),)):
        s.backward(retain_graph=True)
    x.grad


@case(requires=["hooks", "graph"], covers=["hook.node_posthook"])
def post_hook_replaces_the_outgoing_gradients(
    torch, x: floats(values="finite"), w: lambda x: floats(x.dtype, shape=x.shape), factor: st.sampled_from([2, -1, 0])
):
    """A post-hook is given both tuples of gradients and may return the outgoing ones, None among them."""
    y = x.requires_grad_() * w.requires_grad_()
    node = y.grad_fn
    node.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0] * factor, grad_outputs[0]))
    node.register_hook(lambda grad_inputs, grad_outputs: None)
    y.sum().backward(retain_graph=True)
    with node.register_hook(lambda grad_inputs, grad_outputs: (None, grad_inputs[1])):
        y.sum().backward(retain_graph=True)
    y.sum().backward()


@case(requires=["hooks", "graph"], covers=["hook.node_posthook"])
def post_hook_returns_a_tuple_like_its_argument(torch, x: floats("float32", shape=(2,)), wrong: WRONG):
    """A post-hook that returns no tuple like its first argument makes the pass raise."""
    y = x.requires_grad_() * 2
    s = y.sum()
    node = y.grad_fn
    with node.register_hook(lambda grad_inputs, grad_outputs: wrong):
        s.backward(retain_graph=True)
    with node.register_hook(lambda grad_inputs, grad_outputs: grad_inputs[0]):
        s.backward(retain_graph=True)
    with node.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0],)):
        s.backward(retain_graph=True)
    with node.register_hook(lambda grad_inputs, grad_outputs: (wrong, None)):
        s.backward(retain_graph=True)
    with node.register_hook(lambda grad_inputs, grad_outputs: (torch.ones(3), None)):
        s.backward(retain_graph=True)
    with node.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0].double(), None)):
        s.backward(retain_graph=True)
    with node.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0], grad_inputs[0])):
        s.backward(retain_graph=True)
    x.grad


@case(requires=["hooks", "graph"], covers=["hook.node_prehook", "hook.node_posthook"])
def node_of_several_outputs_has_several_gradients(torch, x: floats(shape=(3,), values="finite")):
    """The hooks of a node with several outputs are given a gradient for each, None for one without use."""
    a, b, c = x.requires_grad_().unbind()
    b.register_hook(lambda grad: None)
    c.register_hook(lambda grad: grad * 2)
    b.retain_grad()
    a.grad_fn.register_prehook(lambda grad_outputs: None)
    a.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    (a * 3 + c).backward()
    b.grad


@case(requires=["hooks", "custom_function"], covers=["hook.node_prehook", "hook.node_posthook"])
def node_of_an_own_function_has_hooks(torch, x: floats(values="finite"), g: lambda x: cotangent(x)):
    """Hooks of the node of a Function run before and after its backward."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    y = Twice.apply(x.requires_grad_())
    y.register_hook(lambda grad: None)
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * 3,))
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0] + 1,))
    y.backward(g, retain_graph=True)
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (torch.ones(7),))
    y.backward(g)


@case(requires=["hooks", "grad"], covers=["hook.autograd_grad"])
def hooks_of_the_inputs_do_not_all_run(torch, x: floats(values="finite")):
    """For an input of autograd.grad tensor hooks run, while its node's and post-accumulate hooks do not."""
    y = x.requires_grad_() * 2
    z = y.exp().sum()
    accumulate = y.grad_fn.next_functions[0][0]
    for node in (accumulate, y.grad_fn):
        node.register_prehook(lambda grad_outputs: None)
        node.register_hook(lambda grad_inputs, grad_outputs: None)
    x.register_post_accumulate_grad_hook(lambda leaf: None)
    x.register_hook(lambda grad: None)
    y.register_hook(lambda grad: None)
    y.retain_grad()
    torch.autograd.grad(z, x, retain_graph=True)
    torch.autograd.grad(z, y, retain_graph=True)
    torch.autograd.grad(z, (x, y), retain_graph=True)
    y.grad


@case(requires=["hooks", "backward"], covers=["eng.pruning", "hook.node_posthook"])
def gradients_that_nobody_asked_for_are_none(
    torch, x: floats(values="finite"), w: lambda x: floats(x.dtype, shape=x.shape)
):
    """A node computes only gradients that some input needs, and its post-hook is given None for others."""
    y = x.requires_grad_() * w.requires_grad_()
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    y.sum().backward(inputs=[x], retain_graph=True)
    torch.autograd.grad(y.sum(), w, retain_graph=True)
    y.sum().backward(inputs=[y])


@case(requires=["hooks", "create_graph"], covers=["hook.create_graph", "hook.grad_mode"])
def hooks_of_nodes_can_be_differentiated(torch, x: floats(values="finite")):
    """With create_graph grad mode is on in the hooks of nodes, and what they compute has a graph."""
    y = x.requires_grad_() * x
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * x,))
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0] * x, grad_inputs[1]))
    y.retain_grad()
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    y.grad
    torch.autograd.grad(g.sum(), x)
    torch.autograd.grad(y.sum(), x)


@case(requires=["hooks", "backward"], covers=["hook.exception"])
def exception_in_any_hook_reaches_the_caller(
    torch, x: floats(), where: st.sampled_from(["tensor", "before", "after", "leaf", "accumulated", "at the end"])
):
    """An exception in any kind of hook ends the pass unchanged, and what was accumulated before stays."""

    def refuse(grads):
        raise LookupError("not this one")

    def refuse_both(grad_inputs, grad_outputs):
        raise LookupError("not these")

    y = x.requires_grad_() * 2
    node = y.grad_fn.next_functions[0][0]
    if where == "tensor":
        y.register_hook(refuse)
    elif where == "before":
        y.grad_fn.register_prehook(refuse)
    elif where == "after":
        y.grad_fn.register_hook(refuse_both)
    elif where == "leaf":
        x.register_hook(refuse)
    elif where == "accumulated":
        x.register_post_accumulate_grad_hook(refuse)
    else:
        node.register_hook(refuse_both)
    y.sum().backward()
    x.grad
    (x * 3).sum().backward()


@case(requires=["hooks", "backward"], covers=["eng.hook_every_pass"])
def hooks_run_in_every_pass(torch, x: floats(), passes: st.integers(2, 3)):
    """Hooks of tensors and of nodes run in each pass over a graph that is kept."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: None)
    y.grad_fn.register_prehook(lambda grad_outputs: None)
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    s = y.sum()
    for _ in range(passes):
        s.backward(retain_graph=True)


@case(requires=["hooks", "grad"], covers=["eng.pruning", "hook.node_posthook"])
def gradients_of_a_list_are_computed_for_all(torch, x: floats(min_dims=1), w: lambda x: floats(x.dtype, shape=x.shape)):
    """A node over a list of tensors computes the gradients of all, if some input needs one of them."""
    y = torch.cat([x.requires_grad_(), w.requires_grad_()])
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    torch.autograd.grad(y.sum(), w)


@case(requires=["hooks", "in_place"], covers=["hook.node_posthook"])
def window_of_a_gradient_has_the_version_of_its_memory(torch, x: floats(shape=(2,)), w: floats("float32", shape=(2,))):
    """A gradient that is a window into another counts the writes to that memory as its own."""
    x, w = x.requires_grad_() * 1, w.to(x.dtype).requires_grad_()
    y = torch.cat([x, w])[:2]
    y.mul_(5)
    torch.autograd.grad(y.sum(), (x, w))
    z = x.sum(0)
    z.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    torch.autograd.grad((z * z), x)


@case(requires=["hooks", "graph"], covers=["hook.node_prehook"])
def nodes_take_one_hook(
    torch, x: floats(), name: st.sampled_from(["register_hook", "register_prehook", "_register_hook_dict"])
):
    """A node's hooks are registered one at a time and by position."""
    y = x.requires_grad_() * 2
    for node in (y.grad_fn, y.grad_fn.next_functions[0][0]):
        register = getattr(node, name)
        register()
        register(None, None)
        register(fn=None)


@case(requires=["hooks", "indexing"], covers=["hook.node_posthook"])
def nodes_have_no_gradient_of_what_needs_none(
    torch,
    x: floats("float32", shape=(2,), values="finite"),
    y: floats("float32", shape=(2,), values="finite"),
    which: st.sampled_from(["first", "second"]),
    reduce: st.sampled_from(["sum", "prod", "mean", "amax", "amin"]),
):
    """A formula of two gradients gives hooks, and whoever calls the node, only the one that is needed."""
    (x if which == "first" else y).requires_grad_()
    z = x.scatter_reduce(0, torch.tensor([0, 0]), y, reduce)
    z.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    z.grad_fn(torch.ones(2))
    z.backward(torch.ones(2))


@case(requires=["node_hooks"])
def hook_of_a_node_whose_gradient_is_zero_is_given_tensors(
    torch,
    x: floats(values="finite", max_dims=2),
    name: st.sampled_from(["sgn", "sign", "round", "floor", "angle"]),
    repeated: st.booleans(),
):
    """A hook behind a node whose gradient is zeros without memory sees tensors on both sides."""
    x.requires_grad_()
    y = getattr(x.expand(2, *x.shape) if repeated else x, name)()
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    y.backward(torch.ones_like(y))


OF_SEVERAL = {
    "layer_norm": lambda torch, x, w, b: torch.nn.functional.layer_norm(x, (3,), w, b),
    "batch_norm": lambda torch, x, w, b: torch.nn.functional.batch_norm(x, None, None, w, b, True),
    "addcmul": lambda torch, x, w, b: torch.addcmul(x, w, b),
    "addcdiv": lambda torch, x, w, b: torch.addcdiv(b, w, x),
    "addmv": lambda torch, x, w, b: torch.addmv(b[:2], x, w),
    "lerp": lambda torch, x, w, b: x.lerp(w, b),
    "where": lambda torch, x, w, b: torch.where(x > 0, w, b),
    "conv1d": lambda torch, x, w, b: torch.nn.functional.conv1d(x.view(2, 1, 3), w.view(1, 1, 3), b[:1]),
    "prelu": lambda torch, x, w, b: torch.nn.functional.prelu(x, w[:1]),
    "cdist": lambda torch, x, w, b: torch.cdist(x, torch.stack([w, b])),
    "stack": lambda torch, x, w, b: torch.stack([w, b, x[0]]),
    "mul": lambda torch, x, w, b: x * w,
    "bce": lambda torch, x, w, b: torch.nn.functional.binary_cross_entropy_with_logits(w, b),
}


@case(requires=["hooks", "graph", "anomaly"])
def hook_is_shown_gradients_of_what_requires_grad(
    torch,
    x: floats("float32", shape=(2, 3), values="smooth"),
    w: floats("float32", shape=(3,), values="smooth"),
    b: floats("float32", shape=(3,), values="smooth"),
    how: st.sampled_from(sorted(OF_SEVERAL)),
    wanting: st.sampled_from(["x", "w", "b", "xw", "xb", "wb", "xwb"]),
    more: st.booleans(),
    infinite: st.booleans(),
):
    """Hooks see None for operands that require no grad, of which anomaly mode asks nothing, either."""
    w = w * float("inf") if infinite else w
    for name, value in (("x", x), ("w", w), ("b", b)):
        if name in wanting:
            value.requires_grad_()
    y = OF_SEVERAL[how](torch, x, w, b) * 1

    def look(grad_inputs, grad_outputs):
        grad_inputs

    node = y.grad_fn.next_functions[0][0]
    if not infinite:
        node.register_hook(look)
    with torch.autograd.set_detect_anomaly(infinite):
        (y * 0 if infinite else y * y).sum().backward(create_graph=more)
