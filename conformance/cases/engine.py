"""How a backward pass goes: what runs, in which order, what it may be asked, and what it leaves behind."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, nonzero, positive, same_shape

REQUIRES = ("tape",)


@case(lecture="backward", requires=["hooks", "graph"], covers=["graph.order"])
def nodes_run_in_the_reverse_of_their_making(torch, xw: same_shape(2, values="finite")):
    """Of the nodes that are ready the one made last runs first, and leaves accumulate at once."""
    x, w = (t.requires_grad_() for t in xw)
    a = x * 2
    b = w * 3
    c = a * b
    d = a + 1
    e = d * c
    s = e.sum()
    a.register_hook(lambda a: None)
    b.register_hook(lambda b: None)
    c.register_hook(lambda c: None)
    d.register_hook(lambda d: None)
    e.register_hook(lambda e: None)
    x.register_hook(lambda x: None)
    w.register_hook(lambda w: None)
    s.backward(retain_graph=True)
    torch.autograd.backward((b, d, c), (x, x, x), retain_graph=True)
    torch.autograd.grad(s, (x, b))


@case(lecture="graph", requires=["graph", "hooks"], covers=["graph.sequence", "graph.order"])
def number_of_a_node_decides_when_it_runs(torch, x: floats(values="finite"), high: st.sampled_from([0, 5])):
    """A node's number can be set, and it runs by its new number; that of a leaf is the highest there is."""
    a = x.requires_grad_() * 2
    b = x * 3
    a.grad_fn._set_sequence_nr(high)
    b.grad_fn._set_sequence_nr(2)
    a.grad_fn._sequence_nr()
    a.grad_fn.next_functions[0][0]._sequence_nr()
    a.register_hook(lambda a: None)
    b.register_hook(lambda b: None)
    (a + b).sum().backward()


@case(lecture="graph", requires=["graph", "hooks"], covers=["graph.sequence", "graph.order"], observe="last")
def number_of_a_node_that_was_used_decides(
    torch, x: floats(values="finite"), first: st.booleans(), watched: st.booleans(), looked: st.booleans()
):
    """A node whose number is set when its tensor has been used runs by that number."""
    a = x.requires_grad_() * 2
    b = x * 3
    t = a + b
    total = t.sum()
    if watched:
        t.register_hook(lambda grad: None)
    if looked:
        t.grad_fn.next_functions
    (a if first else b).grad_fn._set_sequence_nr(2**40)

    def behind_a(inputs, outputs):
        return (inputs[0] * 2,)

    def behind_b(inputs, outputs):
        return (inputs[0] * 5,)

    a.grad_fn.register_hook(behind_a)
    b.grad_fn.register_hook(behind_b)
    total.backward()


@case(lecture="graph", requires=["graph"], covers=["graph.input_metadata"])
def node_describes_its_outputs(torch, x: floats(min_dims=1, empty=False)):
    """_input_metadata has shape, dtype and device of each result that a gradient can come for."""
    results = (x.requires_grad_() * 2, x.sum(), x.double(), x.max(0)[0], x.unbind()[0], torch.stack([x, x]), x[None])
    for result in results:
        described = result.grad_fn._input_metadata
        len(described)
        described[0].shape
        described[0].dtype
        described[0].is_nested_tensor
    described = results[0].grad_fn.next_functions[0][0]._input_metadata
    described[0].shape
    described[0].device == x.device
    described[0].shape = 1


@case(lecture="grad_function", requires=["hooks", "grad"], covers=["eng.pruning"])
def nodes_that_lead_to_no_input_do_not_run(torch, xw: same_shape(2, values="finite")):
    """With inputs only nodes on the way to them run, and only those are freed."""
    x, w = (t.requires_grad_() for t in xw)
    a = x.exp()
    b = w.exp()
    c = (a * b).sin()
    a.register_hook(lambda a: None)
    b.register_hook(lambda b: None)
    c.register_hook(lambda c: None)
    w.register_hook(lambda w: None)
    s = c.sum()
    torch.autograd.grad(s, x, retain_graph=True)
    torch.autograd.grad(s, a, retain_graph=True)
    s.backward(inputs=[b], retain_graph=True)
    torch.autograd.grad(s, (c, w), retain_graph=True)
    torch.autograd.grad(s, a)
    a.sum().backward()
    b.sum().backward()
    c.sum().backward()


@case(lecture="backward", requires=["backward", "hooks"], covers=["eng.accum_no_alias"])
def adding_gradients_up_leaves_each_as_it_was(
    torch, x: floats(values="finite"), g: lambda x: floats(x.dtype, shape=x.shape)
):
    """The sum of several gradients is never written into one that somebody else can see."""
    x.requires_grad_()
    seen = {}

    def keep(grad):
        seen["first"] = grad

    a = x * 1
    b = x * 1
    a.register_hook(keep)
    b.register_hook(lambda grad: None)
    s = a + b
    torch.autograd.backward((s, a + x), (g, g))
    g._version
    y = x + x
    y.backward(g)
    view = x.reshape(-1)
    torch.autograd.backward((view, view), (g.reshape(-1), g.reshape(-1)))


@case(lecture="backward", requires=["custom_function"], covers=["eng.zero_vs_none"])
def gradient_that_does_not_come_is_none(torch, xw: same_shape(2, values="finite"), materialize: st.booleans()):
    """What the loss does not depend on has no gradient, up to the leaf, unless a Function makes zeros."""
    x, w = (t.requires_grad_() for t in xw)

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.set_materialize_grads(materialize)
            return a * 2, b * 3

        @staticmethod
        def backward(ctx, first, second):
            return first, second

    u = w.exp()
    u.retain_grad()
    first, second = Both.apply(x, u)
    first.sum().backward()
    x.grad
    u.grad
    w.grad


@case(lecture="backward", requires=["backward"], covers=["eng.zero_vs_none"])
def output_of_a_view_that_is_not_used_counts_as_zeros(torch, x: floats(shape=(3,))):
    """Where one of several views is used, the leaf's gradient has zeros for the others."""
    a, b, c = x.requires_grad_().unbind()
    a.backward()
    x.grad


@case(requires=["hooks", "backward"], covers=["hook.queue_callback", "eng.current_node"])
def callback_runs_at_the_end_of_the_pass(torch, x: floats()):
    """A callback queued in a pass runs when all has been accumulated, after those queued before it."""
    engine = torch.autograd.Variable._execution_engine
    engine.queue_callback(lambda: None)

    def last():
        x.grad
        torch._C._current_autograd_node()

    def first():
        x.grad
        torch.is_grad_enabled()
        engine.queue_callback(last)

    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: engine.queue_callback(first))
    x.register_hook(lambda grad: None)
    s = y.sum()
    s.backward(retain_graph=True)
    torch.autograd.grad(s, x, retain_graph=True)
    torch.autograd.grad(s, x, create_graph=True)


@case(requires=["hooks", "backward"], covers=["hook.queue_callback"])
def exception_of_a_callback_reaches_the_caller(torch, x: floats()):
    """An exception in a callback reaches the caller, with everything accumulated."""
    engine = torch.autograd.Variable._execution_engine

    def refuse():
        raise LookupError("not now")

    y = x.requires_grad_() * 2
    with y.register_hook(lambda grad: engine.queue_callback(refuse)):
        y.sum().backward(retain_graph=True)
    x.grad
    y.register_hook(lambda grad: engine.queue_callback(None))
    y.sum().backward()


@case(requires=["hooks", "graph"], covers=["eng.current_node"])
def hook_knows_its_node(torch, x: floats()):
    """In a pass every hook can ask for the node that runs, and outside there is none."""
    y = x.requires_grad_() * 2
    current = torch._C._current_autograd_node

    def ask(grads):
        current()

    def ask_after(grad_inputs, grad_outputs):
        current()

    y.register_hook(ask)
    y.grad_fn.register_prehook(ask)
    y.grad_fn.register_hook(ask_after)
    x.register_hook(ask)
    x.register_post_accumulate_grad_hook(ask)
    y.sum().backward()
    current()
    torch._C._current_graph_task_id()


@case(requires=["hooks", "graph"], covers=["eng.current_node"])
def hook_knows_what_will_run(torch, xw: same_shape(2, values="finite")):
    """A pass says of a node whether it is to run, and of a captured leaf that it cannot say."""
    x, w = (t.requires_grad_() for t in xw)
    y = x * 2
    s = (y.exp() * w).sum()
    x_node = y.grad_fn.next_functions[0][0]
    will_run = torch._C._will_engine_execute_node
    will_run(y.grad_fn)

    def ask(grad):
        will_run(y.grad_fn)
        will_run(s.grad_fn)
        will_run(s.grad_fn.next_functions[0][0])
        will_run(x_node)

    y.register_hook(ask)
    s.backward(retain_graph=True)
    s.backward(inputs=[y], retain_graph=True)
    torch.autograd.grad(s, y, retain_graph=True)
    torch.autograd.grad(s, (y, w), retain_graph=True)
    torch.autograd.backward((s, s), retain_graph=True)
    torch.autograd.grad(s, x)


@case(requires=["hooks", "graph"], covers=["eng.current_node", "eng.multithreading_flag"])
def hook_knows_the_order_to_come(torch, xw: same_shape(2, values="finite")):
    """The first hook of a pass can ask for all nodes in their order, where several threads are ruled out."""
    x, w = (t.requires_grad_() for t in xw)
    a = x * w
    s = (a * (x + w) + x).sum()
    order = torch._C._current_graph_task_execution_order
    order()

    def ask(grad_outputs):
        order()

    s.grad_fn.register_prehook(ask)
    s.backward(retain_graph=True)
    with torch.autograd.set_multithreading_enabled(False):
        s.backward(retain_graph=True)
        s.backward(inputs=[w], retain_graph=True)
        torch.autograd.grad(s, (a, w), retain_graph=True)


@case(requires=["hooks", "graph"], covers=["eng.keep_graph"])
def hook_knows_whether_the_graph_is_kept(torch, x: floats()):
    """In a pass one can ask whether the graph is kept, and outside the answer is yes."""
    keeps = torch._C._autograd._get_current_graph_task_keep_graph

    def ask(grad):
        keeps()

    y = x.requires_grad_() * 2
    y.register_hook(ask)
    s = y.sum()
    keeps()
    s.backward(retain_graph=True)
    torch.autograd.grad(s, x, create_graph=True)
    s.backward()


@case(requires=["backward"], covers=["eng.multithreading_flag"])
def multithreading_is_switched_like_grad_mode(
    torch, x: floats(), first: st.booleans(), wrong: st.sampled_from([1, "no"])
):
    """set_multithreading_enabled acts at once, is undone by its block, and takes a bool."""
    enabled = torch._C._is_multithreading_enabled
    enabled()
    with torch.autograd.set_multithreading_enabled(first) as bound:
        enabled()
        with torch.autograd.set_multithreading_enabled(True):
            enabled()
        enabled()
        (x.requires_grad_() * 2).sum().backward()
    enabled()
    torch.autograd.set_multithreading_enabled(False)
    enabled()
    torch.autograd.set_multithreading_enabled(wrong)


@case(lecture="retain_graph", requires=["backward", "hooks"], covers=["eng.error_keeps_graph"])
def failed_hook_leaves_the_rest_usable(torch, xw: same_shape(2, values="finite")):
    """After a failed pass whatever did not run can still be used."""

    def refuse(grad):
        raise LookupError("not this one")

    x, w = (t.requires_grad_() for t in xw)
    a = x.sin()
    b = w.cos()
    s = (a * b).sum()
    with a.register_hook(refuse):
        s.backward()
    x.grad
    a.sum().backward()
    b.sum().backward()
    s.backward()


@case(lecture="graph", requires=["graph"], covers=["eng.call_node"])
def node_can_be_called(torch, x: nonzero(), g: lambda x: floats(x.dtype, shape=x.shape)):
    """A node called with gradients returns those of its operands, tracked where grad mode is on."""
    y = x.requires_grad_() * x
    node = y.grad_fn
    node(g)
    with torch.no_grad():
        node(g)
    node(None)
    (x * 2).grad_fn(g)
    x.exp().grad_fn(g)
    x.exp().grad_fn(None)
    y.register_hook(lambda grad: None)
    node.register_hook(lambda grad_inputs, grad_outputs: None)
    node(g)
    y.sum().backward()
    node(g)


@case(lecture="graph", requires=["graph"], covers=["eng.call_node"])
def node_is_called_with_its_gradients(torch, x: floats(shape=(2,)), g: floats("float32", shape=(2,))):
    """A node called with too few, too many or no gradients raises; an AccumulateGrad accumulates."""
    node = (x.requires_grad_() * x).grad_fn
    node()
    node(g, g)
    node(1.0)
    pair = x.unbind()[0].grad_fn
    pair(g[0])
    pair(g[0], None)
    leaf = node.next_functions[0][0]
    leaf(g)
    leaf(g)
    leaf(None)
    x.grad = None
    with torch.no_grad():
        leaf(g)


@case(lecture="graph", requires=["graph"], covers=["eng.grad_fn_outlives", "eng.leaf_dead"])
def node_keeps_its_graph_alive(torch, x: positive()):
    """A node that is held keeps all behind it alive, the leaves with their values and gradients too."""
    y = (x.requires_grad_() * 1).log().sum()
    node = y.grad_fn
    leaf = node.next_functions[0][0].next_functions[0][0].next_functions[0][0]
    one = torch.ones_like(y)
    y.backward(retain_graph=True)
    del y, x
    leaf.variable
    leaf.variable.grad
    node(one)


@case(lecture="backward", requires=["backward"], covers=["eng.weakref_free"])
def intermediate_that_nobody_saved_goes(torch, x: floats(), weakref):
    """An intermediate result goes with its last name, or with the graph if that has saved it."""
    y = x.requires_grad_() + 1
    gone = weakref.ref(y)
    z = y + 1
    del y
    gone()
    y = x * 2
    saved = weakref.ref(y)
    u = (y * y).sum()
    del y
    saved()
    u.backward()
    saved()
    v = x.exp()
    output = weakref.ref(v)
    s = (v + z).sum()
    del v
    output()
    weakref.ref(s.grad_fn)


@case(lecture="retain_graph", requires=["backward", "graph"], covers=["eng.saved_released"])
def node_outlives_what_it_saved(torch, x: floats(), weakref):
    """backward lets go of what nodes saved, while the nodes and their edges stay."""
    y = x.requires_grad_() * 2
    saved = weakref.ref(y)
    node = (y * y).grad_fn
    z = y.exp().sum() + (y * y).sum()
    del y
    z.backward()
    saved()
    del node
    saved()
    z.grad_fn.next_functions[0][0].next_functions


@case(lecture="create_graph", requires=["create_graph"], covers=["eng.create_graph_cycle"])
def grad_with_a_graph_and_its_leaf_hold_each_other(torch, x: floats(), weakref):
    """After backward(create_graph=True) a leaf lives on by its own grad; setting that to None ends it."""
    w = x.clone().requires_grad_()
    alive = weakref.ref(w)
    (w * w * w).sum().backward(create_graph=True)
    del w
    alive()
    u = x.clone().requires_grad_()
    cleared = weakref.ref(u)
    (u * u * u).sum().backward(create_graph=True)
    u.grad = None
    del u
    cleared()


@case(lecture="backward", requires=["backward"], covers=["eng.deep_free", "eng.deep_graph"], observe="last")
def deep_graph_is_freed_without_recursion(torch):
    """The graph of a long chain of operations is let go without recursion, used or not."""
    x = torch.tensor(1.0, requires_grad=True)
    y = x * 2
    z = y
    for _ in range(2000):
        y = y + 1
        z = z * z.detach()
    del y
    z.backward()
    del z


@case(lecture="grad_function", requires=["hooks", "grad"], covers=["eng.pruning"])
def hooks_of_the_root_run_though_it_leads_nowhere(torch, xw: same_shape(2)):
    """Of a single root that leads to no input the tensor hooks run, and nothing else."""
    x, w = (t.requires_grad_() for t in xw)
    y = x * 2
    unused = w * 3
    y.register_hook(lambda grad: None)
    y.grad_fn.register_prehook(lambda grad_outputs: None)
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    x.register_hook(lambda grad: None)
    one = torch.ones_like(y)
    torch.autograd.grad(y, unused, one, retain_graph=True, allow_unused=True)
    torch.autograd.grad(x, unused, one, allow_unused=True)
    torch.autograd.backward(y, one, inputs=[unused], retain_graph=True)
    torch.autograd.backward((y, x), (one, one), inputs=[unused])


@case(lecture="retain_graph", requires=["custom_function"], covers=["call.undefined_grad", "call.backward_twice"])
def undefined_gradient_meets_a_freed_node(torch, x: floats(), w: lambda x: floats(x.dtype, shape=x.shape)):
    """A node reads what it saved though its gradient is undefined, and so raises if that was freed."""

    class First(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    y = First.apply(x.requires_grad_(), w.requires_grad_().exp()).sum()
    y.backward()
    y.backward()


@case(lecture="graph", requires=["graph"], covers=["graph.isinstance"])
def nodes_are_made_by_operations_only(torch, builtins, x: floats()):
    """A node cannot be constructed, neither by its class nor by the class of all nodes."""
    node = (x.requires_grad_() * 2).grad_fn
    builtins.type(node)()
    builtins.type(node.next_functions[0][0])()
    torch.autograd.graph.Node()


@case(requires=["hooks", "graph"], covers=["eng.current_node", "eng.multithreading_flag"])
def order_to_come_is_forgotten_once_nodes_have_run(
    torch, x: floats(min_dims=1, values="finite"), late: st.booleans(), shared: st.booleans()
):
    """Once nodes have run a hook that asks for all nodes in their order is refused."""
    x.requires_grad_()
    a = x.sin()
    b = a * a if shared else a.cos()
    s = (b * 2).sum()

    def ask(grad_outputs):
        torch._C._current_graph_task_execution_order()

    (a if late else b).grad_fn.register_prehook(ask)
    with torch.autograd.set_multithreading_enabled(False):
        s.backward()
