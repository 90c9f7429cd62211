"""Hooks on what is saved for backward: packing, unpacking, and what they may not do."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats, nonzero, positive


@case(requires=["hooks", "backward"], covers=["hook.saved_default"])
def saved_tensors_are_packed_and_unpacked(torch, x: positive(), w: lambda x: positive(dtype=x.dtype, shape=x.shape)):
    """What is saved inside the context is packed as it is saved and unpacked in the pass."""
    x.requires_grad_(), w.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = (x * w).sqrt()
    (y * x).sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.saved_default"])
def innermost_hooks_pack(torch, x: floats(values="finite")):
    """Of nested contexts the innermost packs, and outside of all nothing is packed."""
    x.requires_grad_()
    hooks = torch.autograd.graph.saved_tensors_hooks
    with hooks(lambda t: (t, 1), lambda pair: pair[0]):
        y = x.sin()
        with hooks(lambda t: (t, 2), lambda pair: pair[0] * 3):
            z = x.cos()
        u = x.exp()
    v = x.tanh()
    (y + z + u + v).sum().backward()


@case(requires=["hooks", "graph"], covers=["hook.saved_default"])
def reading_what_was_packed_unpacks_it(torch, x: floats()):
    """Reading a saved attribute unpacks anew, to a tensor in the place of the saved one in the graph."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: t * 1):
        y = (x * 2).exp()
        z = x * x
    first = y.grad_fn._saved_result
    first.grad_fn == y.grad_fn
    z.grad_fn._saved_self
    z.grad_fn._saved_self.grad_fn


@case(requires=["hooks", "graph"], covers=["hook.saved_default"])
def pack_hook_is_given_the_result_itself(torch, x: floats()):
    """The pack hook is given operands and results as the very objects, and grad mode is off in it."""
    kept = {}

    def pack(t):
        kept["last"] = t
        return t.detach()

    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = x.exp()
        z = x.sin()
        u = x * 2
        u.sigmoid_()
        largest, where = x.reshape(-1).sort()
    (y + z).sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.saved_scalar"])
def python_numbers_are_not_packed(
    torch, x: nonzero(), number: st.sampled_from([2, 0.5, -3]), w: lambda x: nonzero(dtype=x.dtype, shape=())
):
    """Numbers are saved as they are, 0-d tensors and results are packed."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = x * number / number
        y = y**2
        y = number * y * w
        y = torch.where(y > 0, y, number).sigmoid()
    y.sum().backward()


_RAISING = [
    lambda torch, x, y: torch.erf(x),
    lambda torch, x, y: torch.atan2(x, y),
    lambda torch, x, y: x.fmod(y),
    lambda torch, x, y: x.sub(0).logit_(),
    lambda torch, x, y: x.sub(0).copysign_(y),
    lambda torch, x, y: torch.nn.functional.elu(x),
    lambda torch, x, y: torch.nn.functional.smooth_l1_loss(x, y),
    lambda torch, x, y: x.real.mul(y.real[:1].expand(2, 2)),
    lambda torch, x, y: torch.addcdiv(x, y.reshape(2, 1).expand(2, 3), x.real),
    lambda torch, x, y: x.sub(0).mul_(y.reshape(2, 1)),
    lambda torch, x, y: x.real[:0].aminmax(),
    lambda torch, x, y: torch.isclose(x.real, y.real),
    lambda torch, x, y: x.isfinite(),
    lambda torch, x, y: x.real.argsort(),
]


@case(requires=["hooks", "backward"], covers=["hook.saved_default"])
def operators_that_raise_have_packed(
    torch, x: complexes(shape=(2,)), y: complexes(shape=(2,)), raises: st.sampled_from(_RAISING), both: st.booleans()
):
    """What an operator would save is packed before it finds that it cannot take its operands."""
    x.requires_grad_()
    if both:
        y.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        raises(torch, x, y)


_REFUSED = {
    "amax": lambda torch, x, y, i: x.amax(5),
    "addmm": lambda torch, x, y, i: torch.addmm(x, x, y),
    "addmm_": lambda torch, x, y, i: (x * 1).addmm_(x, y),
    "baddbmm": lambda torch, x, y, i: torch.baddbmm(x, x, y),
    "cholesky_solve": lambda torch, x, y, i: torch.cholesky_solve(x, y[0]),
    "dot": lambda torch, x, y, i: x.dot(y),
    "index_fill": lambda torch, x, y, i: x.index_fill(0, i, y),
    "index_select": lambda torch, x, y, i: torch.index_select(x, 0, i * 0.5),
    "lerp": lambda torch, x, y, i: torch.lerp(x, y.double(), y),
    "masked_select": lambda torch, x, y, i: torch.masked_select(x, y),
    "mm": lambda torch, x, y, i: x.mm(y),
    "put": lambda torch, x, y, i: x.put(i * 0.5, y),
    "std": lambda torch, x, y, i: torch.std(x, 5),
    "where": lambda torch, x, y, i: x.where(y, x),
}


@case(requires=["hooks", "backward"], covers=["hook.saved_default"])
def operators_that_refuse_arguments_have_packed(
    torch, x: floats("float32", shape=(2, 3)), how: st.sampled_from(sorted(_REFUSED)), which: st.integers(0, 2)
):
    """What an operator would save is packed before its arguments are found unfit."""
    y = torch.ones(2, 3)
    if which < 2:
        x.requires_grad_()
    if which > 0:
        y.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        _REFUSED[how](torch, x, y, torch.tensor([0, 1]))


@case(requires=["hooks", "backward"], covers=["hook.saved_bad_unpack"])
def unpack_hook_returns_a_tensor(torch, x: floats(), wrong: st.sampled_from([1, 0.5, "packed", None])):
    """An unpack hook that returns anything but a tensor makes the pass raise."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: wrong):
        y = x * x
    y.sum().backward()
    y.grad_fn._saved_self


@case(requires=["hooks", "backward"], covers=["hook.saved_bad_unpack"])
def exception_of_a_saved_tensor_hook_reaches_the_caller(torch, x: floats()):
    """An exception in a pack hook ends the operation, one in an unpack hook the pass."""

    def refuse(t):
        raise LookupError("not this one")

    x.requires_grad_()
    hooks = torch.autograd.graph.saved_tensors_hooks
    with hooks(refuse, lambda t: t):
        x * x
        x + x
    with hooks(lambda t: t, refuse):
        y = x.exp()
    y.sum().backward()
    y.sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.saved_bad_unpack"])
def unpacked_tensor_may_be_another(
    torch, x: floats("float32", shape=(2,)), size: st.sampled_from([(2,), (1, 2), (2, 2)])
):
    """The unpack hook may return whatever the formula can compute with."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: None, lambda packed: torch.ones(size, dtype=torch.float64)):
        y = x * x
    y.sum().backward()


@case(requires=["hooks", "in_place"], covers=["hook.saved_pack_inplace"])
def pack_hook_may_not_write(torch, x: floats()):
    """A pack hook that writes to what it is given makes the operation raise."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.mul_(2), lambda t: t):
        x * x
        y = x.clone()
        y.sin()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach().add_(1), lambda t: t):
        y.cos()
    torch.is_grad_enabled()


@case(requires=["hooks", "in_place"], covers=["hook.saved_no_version_check"])
def packed_tensors_have_no_version(torch, x: floats(values="finite")):
    """Writes to a tensor that was packed are not noticed, whatever it was packed as."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = x * 1
        z = y * y
    y.add_(5)
    z.sum().backward()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = x * 1
        z = y * y
    y.add_(5)
    z.sum().backward()
    z.sum().backward()


@case(requires=["hooks"], covers=["hook.saved_disable"])
def saved_tensor_hooks_can_be_forbidden(torch, x: floats(), why: st.sampled_from(["not here", ""])):
    """Where hooks on saved tensors are disabled their context raises with the message given."""
    graph = torch.autograd.graph
    x.requires_grad_()
    with graph.disable_saved_tensors_hooks(why):
        graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__()
        graph.save_on_cpu().__enter__()
        with graph.disable_saved_tensors_hooks("inside"):
            graph.save_on_cpu().__enter__()
        graph.save_on_cpu().__enter__()
        (x * x).sum().backward()
    with graph.saved_tensors_hooks(lambda t: t * 2, lambda t: t):
        y = x * x
    y.sum().backward()


@case(requires=["hooks"], covers=["hook.saved_disable"])
def saved_tensor_hooks_in_force_cannot_be_forbidden(torch, x: floats()):
    """Disabling hooks on saved tensors raises inside their context."""
    graph = torch.autograd.graph
    x.requires_grad_()
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        with graph.disable_saved_tensors_hooks("too late"):
            x * x
        y = x * x
    y.sum().backward()


@case(requires=["hooks", "graph"], covers=["hook.raw_saved"])
def one_saved_tensor_gets_hooks(torch, x: floats(values="finite"), factor: st.sampled_from([2, -1])):
    """A saved tensor can be packed after the fact, once; the hook is given a detached tensor."""
    y = x.requires_grad_() * x
    saved = y.grad_fn._raw_saved_self
    saved.register_hooks(lambda t: t * factor, lambda t: t)
    saved.register_hooks(lambda t: t, lambda t: t)
    y.grad_fn._saved_self
    y.grad_fn._saved_other
    y.sum().backward(retain_graph=True)
    z = x.exp()
    z.grad_fn._raw_saved_result.register_hooks(lambda t: t * factor, lambda t: t)
    z.sum().backward()


@case(requires=["hooks", "graph"], covers=["hook.raw_saved"])
def saved_tensor_without_value_gets_no_hooks(torch, x: floats()):
    """Hooks on a saved tensor that is None, or freed, raise, though its handle can be read."""
    y = x.requires_grad_() * 2
    missing = y.grad_fn._raw_saved_self
    missing.register_hooks(lambda t: t, lambda t: t)
    z = x * x
    z.sum().backward()
    freed = z.grad_fn._raw_saved_self
    freed.register_hooks(lambda t: t, lambda t: t)
    u = x * x
    u.grad_fn._raw_saved_self.register_hooks(lambda t: t.mul_(2), lambda t: t)
    u.sum().backward()


@case(requires=["hooks", "graph"], covers=["hook.raw_saved"])
def saved_tensor_is_not_made_by_users(torch, x: floats()):
    """The handle on a saved tensor is one object as long as it is held, and cannot be made."""
    y = x.requires_grad_() * x
    first = y.grad_fn._raw_saved_self
    first == y.grad_fn._raw_saved_self
    first == y.grad_fn._raw_saved_other
    torch._C._autograd.SavedTensor()


@case(requires=["hooks", "backward"], covers=["hook.save_on_cpu"])
def saving_on_the_cpu_changes_no_gradient(torch, x: floats(values="finite"), pin_memory: st.booleans()):
    """save_on_cpu saves pairs of a device and a tensor, and gradients are what they are without."""
    context = torch.autograd.graph.save_on_cpu(pin_memory=pin_memory)
    x.requires_grad_()
    with context:
        y = x.exp() * x
    y.sum().backward()
    device, packed = context.pack_hook(x)
    context.unpack_hook((device, packed))
    packed == x


@case(requires=["hooks", "create_graph"], covers=["hook.unpack_grad"])
def unpacked_tensors_keep_their_place_in_the_graph(torch, x: floats(values="finite")):
    """Second derivatives go through what hooks unpacked, be it packed as a plain tensor."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
        y = (x**3).exp()
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    torch.autograd.grad(g.sum(), x)


@case(requires=["hooks", "custom_function"], covers=["hook.saved_default", "hook.unpack_grad"])
def own_functions_save_through_the_hooks(torch, x: floats(values="finite")):
    """What a Function saves is packed as well, operands and results, and unpacked at each read."""

    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            b = a.exp()
            ctx.save_for_backward(a, b, None)
            return b

        @staticmethod
        def backward(ctx, grad):
            a, b, nothing = ctx.saved_tensors
            return grad * b

    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
        y = Exp.apply(x.requires_grad_() * 1)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    torch.autograd.grad(g.sum(), x)


@case(requires=["hooks", "backward"], covers=["hook.saved_default"])
def packed_values_go_with_the_graph(torch, x: floats(), gc):
    """What was packed is let go when the pass frees the graph."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: [t.detach()], lambda packed: packed[0]):
        y = x.exp()
    y.sum().backward()
    y.grad_fn._saved_result
    y.sum().backward()


@case(requires=["hooks", "in_place"], covers=["hook.saved_no_version_check"])
def saved_tensors_may_be_written_to_where_that_is_allowed(torch, x: floats(values="finite")):
    """Inside allow_mutation_on_saved_tensors the pass sees what was saved as it was."""
    x.requires_grad_()
    graph = torch.autograd.graph
    with graph.allow_mutation_on_saved_tensors():
        y = x.clone()
        z = y.square().sum()
        y.sin_()
        y.cos_()
        z.backward()
    with graph.allow_mutation_on_saved_tensors():
        y = x.clone()
        z = y.square().sum()
        with graph.allow_mutation_on_saved_tensors():
            y.sin_()
    z.backward()


@case(requires=["saved_tensors_hooks", "indexing"])
def positions_of_a_true_are_saved(
    torch, x: floats(shape=(2,)), index: st.sampled_from([True, (True, True), (0, True)])
):
    """What stands for True in an index is saved, and was written to."""
    with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved, lambda packed: packed):
        x.requires_grad_()[index].sum().backward()


INTO = {
    "exp": lambda torch, x, out: torch.exp(x, out=out),
    "mul": lambda torch, x, out: torch.mul(x, x.detach(), out=out),
    "pow": lambda torch, x, out: torch.pow(x, 3, out=out),
    "where": lambda torch, x, out: torch.where(x > 0, x, out, out=out),
    "addcmul": lambda torch, x, out: torch.addcmul(x, x, x, out=out),
    "mm": lambda torch, x, out: torch.mm(x, x, out=out),
    "hardshrink": lambda torch, x, out: torch.hardshrink(x, out=out),
}


@case(requires=["saved_tensors_hooks"])
def refused_out_packs_nothing(
    torch, x: positive(shape=(2, 2)), how: st.sampled_from(sorted(INTO)), wants: st.booleans()
):
    """An out= that would have a history is refused before anything is saved."""
    out = torch.zeros(2, 2)
    with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved, lambda packed: packed):
        INTO[how](torch, x.requires_grad_(wants), out)


TWO = {
    "mul": lambda torch, x, y: x * y,
    "div": lambda torch, x, y: x / y,
    "atan2": lambda torch, x, y: torch.atan2(x, y),
    "lerp": lambda torch, x, y: torch.lerp(x, y, 0.25),
    "addcmul": lambda torch, x, y: torch.addcmul(x, y, x * 2),
    "dot": lambda torch, x, y: torch.dot(x, y),
    "hypot": lambda torch, x, y: torch.hypot(x, y),
}


@case(requires=["saved_tensors_hooks", "create_graph"])
def formulas_save_only_what_is_asked_for(
    torch, x: positive(shape=(3,)), y: positive(shape=(3,)), how: st.sampled_from(sorted(TWO)), which: st.integers(0, 2)
):
    """With create_graph the formula of an operand that nobody asks about saves nothing."""
    operands = (x.requires_grad_(), y.requires_grad_())
    z = TWO[how](torch, x, y).sum()
    with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved, lambda packed: packed):
        torch.autograd.grad(z, operands[which] if which < 2 else operands, create_graph=True)


@case(requires=["hooks", "graph"], covers=["hook.saved_default"])
def comparison_of_close_numbers_saves_a_product(
    torch, x: floats("float32", shape=(2,)), y: floats("float32", shape=(2,))
):
    """isclose() is made of operators that save, a product among them; allclose() saves nothing."""
    x, y = x.requires_grad_(), y.requires_grad_()

    def pack(t):
        t.grad_fn
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        x.isclose(y)
        x.allclose(y)


@case(requires=["hooks", "inference_mode"], covers=["hook.saved_default"])
def what_is_saved_before_an_inference_tensor_is_packed(
    torch, name: st.sampled_from(["atan2", "mul", "div", "pow", "maximum"]), swap: st.booleans()
):
    """Inference tensors are refused when it is their turn to be saved; what comes before has been packed."""
    with torch.inference_mode():
        y = torch.ones(2)
    x = torch.ones(2).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        getattr(torch, name)(*((x, y) if swap else (y, x)))


@case(requires=["hooks", "functorch"], covers=["hook.saved_default"])
def results_below_a_transform_are_packed_before_their_tangents(
    torch,
    x: floats("float32", shape=(), values="positive"),
    name: st.sampled_from(["sigmoid", "exp", "sqrt", "rsqrt", "reciprocal", "nan_to_num", "prod", "silu", "mish"]),
    dual: st.booleans(),
):
    """A result is packed before its tangent is computed at a level above it, and after it at its own."""
    x.requires_grad_()
    apply = getattr(torch if name in ("sigmoid", "nan_to_num", "prod") else torch.nn.functional, name, None)
    apply = apply or getattr(torch, name)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        if dual:
            with torch.autograd.forward_ad.dual_level():
                apply(torch.autograd.forward_ad.make_dual(x * 1, x * 1))
        else:
            torch.func.jvp(lambda a: apply(a) + a, (x,), (torch.ones(()),))


@case(requires=["hooks", "forward_mode"], covers=["hook.saved_default"])
def tangent_of_an_extreme_of_a_number_has_a_mask_of_one(
    torch, x: floats("float32", shape=(), values="finite"), dim: st.sampled_from([(), 0, (0,)]), keepdim: st.booleans()
):
    """amax() along the dimension that a number has not compares it with one that has it."""
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t), torch.autograd.forward_ad.dual_level():
        torch.amax(torch.autograd.forward_ad.make_dual(x * 1, x * 2), dim, keepdim=keepdim)
