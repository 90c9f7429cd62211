"""What backward and autograd.grad may be given: flags, gradients, dicts, edges, batches; and what they say to the rest."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats

REQUIRES = ("tape",)

NOT_A_GRADIENT = st.sampled_from([1.0, 2, True, "grad"])
NOT_A_TENSOR = st.sampled_from([1.0, 2, "x", None])


@case(lecture="backward", requires=["backward"], covers=["call.grad_type"])
def gradient_is_a_tensor(torch, x: floats(shape=(2,)), wrong: NOT_A_GRADIENT, g: cotangent((2,))):
    """backward() raises for a gradient that is no tensor, nor a sequence of tensors and None."""
    y = x.requires_grad_() * 2
    y.backward([wrong])
    y.backward(wrong)
    y.sum().backward(wrong)
    y.backward([g])
    y.sum().backward([None])


@case(lecture="grad_function", requires=["grad"], covers=["call.grad_type"])
def grad_outputs_are_tensors(torch, x: floats(shape=(2,)), wrong: NOT_A_GRADIENT):
    """autograd.grad raises for grad_outputs that are neither tensors nor None."""
    y = (x.requires_grad_() * 2).sum()
    torch.autograd.grad(y, x, wrong)
    torch.autograd.grad(y, x, [wrong])
    torch.autograd.grad(y, x, [None])


@case(lecture="backward", requires=["backward", "grad"], covers=["call.grad_type"])
def flags_are_integers(torch, x: floats(), flag: st.sampled_from([0, 1, 1.5, "yes"])):
    """retain_graph and create_graph may be integers, and other values raise."""
    y = (x.requires_grad_() * 2).sum()
    y.backward(retain_graph=flag)
    torch.autograd.grad(y, x, retain_graph=True, create_graph=flag)
    torch.autograd.grad(y, x, allow_unused=flag)


@case(lecture="grad_function", requires=["grad", "backward"], covers=["call.bad_roots"])
def roots_and_inputs_are_tensors(torch, x: floats(shape=(2,)), wrong: NOT_A_TENSOR):
    """What is neither a tensor nor an edge is refused as a root and as an input."""
    y = x.requires_grad_().sum()
    torch.autograd.grad(y, [x, wrong])
    torch.autograd.grad([wrong], x)
    torch.autograd.grad([y, wrong], x)
    torch.autograd.backward([wrong])
    y.backward(inputs=[wrong])
    y.backward(inputs=[x, wrong])
    torch.autograd.backward([])


@case(lecture="grad_function", requires=["grad"], covers=["call.batched"])
def batch_of_grad_outputs_gives_a_batch_of_gradients(
    torch, x: floats("float32", shape=(3,), values="finite"), gs: floats("float32", shape=(4, 3), values="finite")
):
    """With is_grads_batched each row of the grad_outputs is a vector of its own."""
    y = x.requires_grad_() * x
    torch.autograd.grad(y, x, gs, is_grads_batched=True, retain_graph=True)
    torch.autograd.grad([y, x.sin()], x, [gs, gs], is_grads_batched=True)


@case(lecture="grad_function", requires=["grad"], covers=["call.batched"])
def rows_of_a_batch_have_the_shape_of_the_output(torch, x: floats(shape=(3,)), gs: floats(empty=False)):
    """With is_grads_batched the sizes after the first are those of the output, or it raises."""
    y = x.requires_grad_() * 2
    torch.autograd.grad(y, x, gs, is_grads_batched=True)


@case(lecture="grad_function", requires=["grad"], covers=["call.batched"])
def batch_is_a_tensor_of_at_least_one_row(torch, x: floats("float32", shape=(3,)), g: cotangent((3,))):
    """With is_grads_batched a missing, an empty and an uneven batch raise."""
    y = x.requires_grad_() * 2
    torch.autograd.grad(y, x, is_grads_batched=True)
    torch.autograd.grad(y.sum(), x, is_grads_batched=True)
    torch.autograd.grad(y, x, torch.ones(0, 3), is_grads_batched=True)
    torch.autograd.grad(y, x, g, is_grads_batched=True)
    torch.autograd.grad([y, x.sum()], x, [torch.ones(2, 3), torch.ones(4)], is_grads_batched=True)


@case(lecture="grad_function", requires=["grad"], covers=["call.batched", "call.unused"])
def batch_leaves_unused_inputs_without_gradient(
    torch, x: floats("float32", shape=(2,)), w: floats("float32", shape=(3,)), gs: floats("float32", shape=(3, 2))
):
    """With is_grads_batched an unused input is None or zeros of its own shape, where allowed."""
    y = x.requires_grad_() * 2
    w.requires_grad_()
    torch.autograd.grad(y, (x, w), gs, is_grads_batched=True, retain_graph=True)
    torch.autograd.grad(y, (x, w), gs, is_grads_batched=True, retain_graph=True, allow_unused=True)
    torch.autograd.grad(y, (x, w), gs, is_grads_batched=True, materialize_grads=True)


@case(lecture="grad_function", requires=["grad", "backward"], covers=["call.dict_inputs"])
def inputs_may_be_a_dict(torch, x: floats(values="finite"), w: lambda x: floats(x.dtype, shape=x.shape)):
    """Inputs in a dict are answered by a dict with the same keys, and backward takes its values."""
    y = (x.requires_grad_() * w.requires_grad_()).sum()
    torch.autograd.grad(y, {"weight": w, 0: x}, retain_graph=True)
    torch.autograd.backward(y, inputs={"w": w}, retain_graph=True)
    y.backward(inputs={"x": x})


@case(lecture="grad_function", requires=["grad", "backward"], covers=["call.dict_inputs", "call.unused"])
def dict_inputs_follow_the_rules_of_the_others(torch, x: floats(), w: floats()):
    """Inputs in a dict may not be none at all, and may be unused only where that is allowed."""
    y = (x.requires_grad_() * 2).sum()
    w.requires_grad_()
    torch.autograd.grad(y, {})
    torch.autograd.backward(y, inputs={})
    torch.autograd.grad(y, {"x": x, "w": w}, retain_graph=True)
    torch.autograd.grad(y, {"x": x, "w": w}, retain_graph=True, allow_unused=True)
    torch.autograd.grad(y, {"x": x, "w": w}, retain_graph=True, materialize_grads=True)
    torch.autograd.grad({"y": y}, x)


@case(lecture="grad_function", requires=["grad", "backward", "hooks"], covers=["call.dict_inputs"])
def other_mappings_of_inputs_are_refused(torch, x: floats()):
    """A mapping that is not exactly a dict is refused as inputs."""
    y = (x.requires_grad_() * 2).sum()
    x.register_hook(lambda grad: None)
    torch.autograd.grad(y, x._backward_hooks)
    torch.autograd.backward(y, inputs=x._backward_hooks)


@case(lecture="grad_function", requires=["grad", "graph"], covers=["call.gradient_edge"])
def gradient_edge_is_an_input(torch, x: floats(values="finite"), g: lambda x: cotangent(x)):
    """A GradientEdge stands for its tensor as an input, be the tensor a leaf or not."""
    y = x.requires_grad_() * x
    edge = torch.autograd.graph.get_gradient_edge(y)
    leaf = torch.autograd.graph.get_gradient_edge(x)
    z = y.sin()
    torch.autograd.grad(z, edge, g, retain_graph=True)
    torch.autograd.grad(z, [leaf, edge, y], g, retain_graph=True)
    z.backward(g, inputs=[leaf], retain_graph=True)
    z.backward(g, inputs=edge)


@case(lecture="grad_function", requires=["grad", "graph"], covers=["call.gradient_edge"])
def gradient_edge_is_an_output(torch, x: floats(shape=(2,), values="finite"), g: lambda x: cotangent(x)):
    """A GradientEdge stands for its tensor as an output, and needs a gradient of the right shape."""
    y = x.requires_grad_() * x
    edge = torch.autograd.graph.get_gradient_edge(y)
    torch.autograd.grad(edge, x, g, retain_graph=True)
    torch.autograd.grad([edge, y.sum()], x, [g, None], retain_graph=True)
    torch.autograd.grad(edge, x, retain_graph=True)
    torch.autograd.grad(edge, x, torch.ones(3), retain_graph=True)
    torch.autograd.grad(edge, x, torch.ones(4, 3), is_grads_batched=True, retain_graph=True)
    torch.autograd.grad(torch.autograd.graph.get_gradient_edge(y.sum()), x, retain_graph=True)
    torch.autograd.backward(edge, g)


@case(lecture="grad_function", requires=["grad", "graph"], covers=["call.gradient_edge"])
def gradient_edge_names_node_and_output(torch, x: floats(shape=(2,))):
    """A GradientEdge holds the node and which of its outputs is meant."""
    a, b = x.requires_grad_().unbind()
    edge = torch.autograd.graph.get_gradient_edge(b)
    edge.output_nr
    edge.node
    edge.ownership_token
    torch.autograd.graph.get_gradient_edge(x).node.variable
    torch.autograd.grad(a * b, edge)
    torch.autograd.graph.get_gradient_edge(x.detach())


@case(lecture="grad_function", requires=["grad", "graph"], covers=["call.gradient_edge", "call.unused"])
def unused_edge_has_no_zeros(torch, x: floats(), w: floats()):
    """An unused GradientEdge has no gradient that could be made of zeros."""
    edge = torch.autograd.graph.get_gradient_edge(w.requires_grad_())
    y = x.requires_grad_().sum()
    torch.autograd.grad(y, edge, retain_graph=True)
    torch.autograd.grad(y, edge, retain_graph=True, allow_unused=True)
    torch.autograd.grad(y, edge, retain_graph=True, materialize_grads=True)


@case(lecture="grad_function", requires=["grad", "graph", "custom_function"], covers=["call.gradient_edge"])
def edge_of_an_own_function_keeps_its_graph(torch, x: floats(), g: lambda x: cotangent(x)):
    """The edge of a Function's result holds a token that keeps its graph alive."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    y = Twice.apply(x.requires_grad_())
    edge = torch.autograd.graph.get_gradient_edge(y)
    edge.ownership_token
    del y
    torch.autograd.grad(edge, x, g)


@case(lecture="grad_function", requires=["grad"], covers=["call.only_inputs"])
def only_inputs_is_ignored(torch, x: floats(), w: lambda x: floats(x.dtype, shape=x.shape)):
    """only_inputs=False warns and changes nothing: other leaves get no grad."""
    y = (x.requires_grad_() * w.requires_grad_()).sum()
    torch.autograd.grad(y, x, only_inputs=False)
    w.grad
    torch.autograd.grad(y, [], only_inputs=False)


@case(lecture="backward", requires=["backward"], covers=["call.grad_variables"])
def grad_variables_is_the_old_name(torch, x: floats(), g: lambda x: cotangent(x)):
    """grad_variables warns that it is called grad_tensors now, and both at once raise."""
    y = x.requires_grad_() * 2
    torch.autograd.backward(y, grad_variables=g)
    torch.autograd.backward([y], grad_variables=[g])
    torch.autograd.backward(y, g, grad_variables=g)


@case(lecture="grad_function", requires=["grad", "in_place"], covers=["call.old_version_input"])
def old_value_is_no_input_any_more(torch, x: floats(values="finite")):
    """A tensor that was written to since stands for its new value only."""
    y = x.requires_grad_() * 2
    z = (y * 3).sum()
    y.add_(1)
    torch.autograd.grad(z, y, retain_graph=True)
    torch.autograd.grad(z, y, retain_graph=True, allow_unused=True)
    torch.autograd.grad((y * 5).sum() + z, y)


@case(lecture="grad_function", requires=["grad", "in_place", "graph"], covers=["call.edge_of_old_value"])
def edge_of_the_old_value_still_counts(torch, x: floats(values="finite")):
    """A GradientEdge taken before a write in place leads to the old value."""
    y = x.requires_grad_() * 2
    old = torch.autograd.graph.get_gradient_edge(y)
    z = (y * 3).sum()
    y.mul_(5)
    torch.autograd.grad(z, old, retain_graph=True)
    torch.autograd.grad(y.sum() + z, (y, old))


@case(lecture="grad_function", requires=["custom_function", "hooks"], covers=["call.undefined_grad", "hook.undefined"])
def undefined_gradient_stays_undefined(torch, x: floats(), w: lambda x: floats(x.dtype, shape=x.shape)):
    """Behind an undefined gradient grad stays None, and hooks of every kind are given None."""

    class First(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    v = w.requires_grad_() * 2
    u = v.exp()
    v.retain_grad()
    v.register_hook(lambda grad: None)
    w.register_hook(lambda grad: None)
    u.grad_fn.register_prehook(lambda grad_outputs: None)
    u.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    w.register_post_accumulate_grad_hook(lambda leaf: None)
    y = First.apply(x.requires_grad_(), u).sum()
    y.backward(retain_graph=True)
    v.grad
    torch.autograd.grad(y, (x, w), retain_graph=True)
    torch.autograd.grad(y, (x, w), retain_graph=True, allow_unused=True)
    torch.autograd.grad(y, (x, v, w), materialize_grads=True)


@case(lecture="grad_function", requires=["custom_function", "hooks"], covers=["hook.undefined"])
def undefined_gradient_cannot_be_replaced(torch, x: floats(), w: lambda x: floats(x.dtype, shape=x.shape)):
    """A hook that returns a gradient in the place of None makes the pass raise."""

    class First(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    v = w.requires_grad_() * 2
    v.register_hook(lambda grad: torch.ones_like(v))
    First.apply(x.requires_grad_(), v).sum().backward()
    x.grad


@case(requires=["backward", "create_graph"])
def gradient_that_requires_grad_is_cast_with_a_record(
    torch, g: floats("float32", shape=(2,), values="finite"), how: st.sampled_from(["grad", "hook"])
):
    """The gradient that a pass begins with is cast to its root's type by an operator that is recorded."""
    y = torch.ones(2, dtype=torch.float64).requires_grad_() * 2
    g.requires_grad_()
    if how == "hook":
        y.register_hook(lambda t: t * 1)
        y.backward(g)
    else:
        torch.autograd.grad(y, y, g)


@case(requires=["backward", "layers"])
def gradient_of_a_result_alone_computes_no_formula(
    torch, rows: st.integers(0, 2), weighted: st.booleans(), asked: st.sampled_from(["result", "bias", "all"])
):
    """Where only its own result's gradient is asked for, a node's formula computes nothing."""
    bias = torch.ones(2).requires_grad_()
    y = torch.nn.functional.group_norm(torch.zeros(rows, 2, 2), 1, torch.ones(2) if weighted else None, bias)
    inputs = {"result": [y], "bias": [bias], "all": None}[asked]
    y.backward(torch.ones(rows, 2, 2), inputs=inputs)


@case(lecture="grad_function", requires=["graph", "custom_function", "no_grad"], covers=["call.gradient_edge"])
def gradient_edge_of_a_function_owns_a_node(torch, x: floats(shape=(2,)), enabled: st.booleans()):
    """The edge of a Function's result has a token, a node that is made in any grad mode."""

    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.clone()

        @staticmethod
        def backward(ctx, grad):
            return grad

    y = Same.apply(x.requires_grad_())
    with torch.set_grad_enabled(enabled):
        torch.autograd.graph.get_gradient_edge(y).ownership_token
        torch.autograd.graph.get_gradient_edge(x).ownership_token
