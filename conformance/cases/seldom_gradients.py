"""What a backward pass meets seldom: leaves that changed since, numbers that are complex, writes that nothing comes of."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import bools, complexes, floats, nonzero, same_shape

REQUIRES = ("tape",)


@case(lecture="grad", requires=["grad"])
def one_number_is_asked_for_by_one_leaf(torch, x: floats(), more: st.booleans(), keep: st.booleans()):
    """A number's gradient by one leaf is refused if the leaf needs none now, or the graph is freed."""
    y = x.requires_grad_().exp().sum()
    torch.autograd.grad(y, x, retain_graph=keep, create_graph=more)
    torch.autograd.grad(y, x, create_graph=more)
    z = (x * x).sum()
    x.requires_grad_(False)
    torch.autograd.grad(z, x, create_graph=more)
    x.requires_grad_()
    torch.autograd.grad(z, x, create_graph=more)
    s = x.detach().sum().requires_grad_()
    torch.autograd.grad(s * s + s, s, create_graph=more)


@case(lecture="grad", requires=["grad"])
def complex_number_has_no_gradient_of_itself(torch, x: complexes(), more: st.booleans()):
    """The gradient of a complex number is not asked for without an incoming one."""
    y = (x.requires_grad_() * x).sum()
    torch.autograd.grad(y, x, create_graph=more, retain_graph=True)
    torch.autograd.grad(y.real, x, create_graph=more, retain_graph=True)
    torch.autograd.grad(y, x, x.new_ones(()), create_graph=more)


@case(lecture="grad", requires=["grad"])
def number_written_to_is_asked_for_its_gradient(torch, x: floats(shape=(3,)), more: st.booleans()):
    """A number's gradient goes by the node that it has now, also if it is a view written to."""
    y = x.requires_grad_() * 2
    s = y[1]
    y.mul_(3)
    torch.autograd.grad(s, x, retain_graph=True, create_graph=more)
    s.mul_(2)
    torch.autograd.grad(s, x, retain_graph=True, create_graph=more)
    torch.autograd.grad(y[0] * s, x, create_graph=more)


@case(lecture="grad", requires=["grad"])
def gradients_meet_out_of_order(torch, xw: same_shape(2, values="finite"), more: st.booleans()):
    """A node that several others lead to runs after the last of them, whichever way is the longer."""
    x, w = (t.requires_grad_() for t in xw)
    a = x * w
    b = a.sin()
    c = (a * 3).exp()
    d = (b * w).cos()
    e = (d * a + c * b).sum()
    torch.autograd.grad(e, x, retain_graph=True, create_graph=more)
    torch.autograd.grad(e, (x, w), retain_graph=True, create_graph=more)
    e.backward(retain_graph=True, create_graph=more)
    torch.autograd.backward((e, b.sum()), retain_graph=True)
    (a * a * x + b * b).sum().backward()


@case(lecture="backward", requires=["backward", "hooks"])
def leaf_with_a_hook_waits_with_others(torch, xw: same_shape(2, values="finite"), first: st.booleans()):
    """Two leaves that one gradient reaches have it both, whichever of them has a hook."""
    x, w = (t.requires_grad_() for t in xw)
    (x if first else w).register_hook(lambda grad: grad * 2)
    y = (x + w).exp()
    y.sum().backward()
    z = (x.detach() * w + w * x.detach()) * x
    z.sum().backward()
    (2 - x).sum().backward()


@case(lecture="backward", requires=["backward"])
def gradient_is_shared_by_sums(torch, xw: same_shape(2, values="finite"), g: st.sampled_from([0.5, -2.0])):
    """Leaves and sums that one gradient reaches have memory of their own, however often it comes."""
    x, w = (t.requires_grad_() for t in xw)
    y = x * g
    z = y + w
    (z + z + y + x).exp().sum().backward()
    x.grad.mul_(2)
    w.grad
    (x + w).exp().backward(w.detach())
    x.grad.add_(1)
    w.grad


@case(lecture="in-place", requires=["in_place"])
def copies_and_fillings_are_refused(torch, x: floats(min_dims=1, empty=False), n: st.integers(1, 2)):
    """What is copied in is a tensor or a number, and what is filled in has no dimensions."""
    y = x.requires_grad_() * 2
    y.copy_("text")
    y.copy_(None)
    y.copy_(3)
    y.fill_(x.new_ones((n,)))
    y.fill_(x.new_ones((n, 1)))
    y


@case(lecture="in-place", requires=["in_place", "create_graph"])
def filled_in_number_may_need_no_gradient(torch, x: nonzero(), s: floats(shape=()), which: st.booleans()):
    """What is filled in has the sum of the gradient, if it needs one; what was filled has zeros."""
    y = x.requires_grad_() * 2 if which else x.detach().clone()
    value = s.detach() if which else s.requires_grad_()
    y.fill_(value)
    y.grad_fn
    (y * x).sum().backward(create_graph=True)
    z = x.detach().clone()
    z.copy_(x)
    (z * z).sum().backward(create_graph=True)


@case(lecture="in-place", requires=["in_place"])
def masks_are_written_to_expanded_tensors(torch, x: floats(shape=(1, 3)), mask: bools(shape=(2, 3))):
    """A write by mask or indices to elements that share memory warns, each in its own words."""
    y = x.expand(2, 3)
    y.masked_fill_(mask, 1)
    y.index_put_((torch.tensor([0]),), x.new_ones(()))
    y.index_fill_(0, torch.tensor([0]), 2)
    y.fill_(3)
    y.add_(1)


@case(lecture="in-place", requires=["in_place", "complex"])
def written_tensor_overlaps_its_conjugate(torch, x: complexes(shape=(4,)), n: st.integers(0, 2)):
    """A write from a conjugated view of a part of itself computes it first; a copy is refused."""
    y, z, w = x.clone(), x.clone(), x.clone()
    y[1:].mul_(y.conj()[:-1])
    z[n:].mul_(z.conj()[n:])
    z[1:].copy_(z.conj()[:-1])
    w.index_put_((torch.tensor([0]),), w.conj()[n])


@case(lecture="custom-function", requires=["custom_function", "forward_ad"])
def function_written_in_place_gives_its_tangent(torch, x: floats(min_dims=1, empty=False), dual: st.booleans()):
    """A Function that writes to its operand returns its tangent, written to, or new if it had none."""

    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.mark_dirty(x)
            return x.mul_(2), 3

        @staticmethod
        def jvp(ctx, x_t, w_t):
            return (x_t.mul_(2) if dual else w_t), None

    with torch.autograd.forward_ad.dual_level():
        w = torch.autograd.forward_ad.make_dual(x, x.cos())
        y = torch.autograd.forward_ad.make_dual(x * 1, x.sin()) if dual else x * 1
        out, number = Scaled.apply(y, w)
        torch.autograd.forward_ad.unpack_dual(out)
        torch.autograd.forward_ad.unpack_dual(y)


@case(lecture="backward", requires=["backward", "create_graph"])
def write_through_a_view_of_a_constant(torch, x: floats(shape=(2, 3), values="finite"), more: st.booleans()):
    """A view of what needs no gradient that is written to leads to what was written alone."""
    y = x.new_zeros((2, 3))
    y[0].copy_(x.requires_grad_()[1])
    y[1].add_(x[0])
    y[:, 1].mul_(x[:, 0])
    (y * y).sum().backward(create_graph=more)
    z = x.new_zeros((3, 2)).t()
    z[0].sub_(x[0])
    z.sum().backward()


@case(lecture="forward-mode", requires=["in_place", "forward_ad"])
def comparison_is_written_to_what_has_no_tangent(torch, xt: same_shape(2, values="finite"), bound: st.integers(-1, 1)):
    """What depends on nothing, written to a tensor, makes its tangent zero, if it had one."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        plain = x * 1
        plain.gt_(dual)
        torch.autograd.forward_ad.unpack_dual(plain)
        had = torch.autograd.forward_ad.make_dual(x * 2, t.cos())
        had.le_(dual)
        torch.autograd.forward_ad.unpack_dual(had)
        other = x * 3
        other.masked_fill_(dual > bound, 2)
        torch.autograd.forward_ad.unpack_dual(other)
        filled = torch.autograd.forward_ad.make_dual(x * 4, t.sin())
        filled.fill_(dual.sum())
        torch.autograd.forward_ad.unpack_dual(filled)
        filled.zero_()
        torch.autograd.forward_ad.unpack_dual(filled)


@case(lecture="complex", requires=["grad", "complex"])
def number_is_raised_to_a_complex_power(torch, z: complexes(), base: st.sampled_from([0.5, -1.5, 0, 2, 1])):
    """The gradient of a number to a complex power is by the conjugate of its complex logarithm."""
    y = base ** z.requires_grad_()
    torch.autograd.grad(y, z, y.detach().conj(), retain_graph=True)
    torch.autograd.grad(y, z, z.detach(), create_graph=True)


@case(lecture="elementwise", requires=["grad"])
def slope_of_celu_is_single(torch, x: floats("float64", values="finite"), alpha: st.sampled_from([0.7, -0.3, 1.3])):
    """The gradient of celu takes its parameter in single precision, also of doubles."""
    y = torch.nn.functional.celu(x.requires_grad_(), alpha)
    torch.autograd.grad(y, x, x.detach() + 1)


@case(requires=["backward", "create_graph"])
def gradients_of_both_extremes_are_added_up(
    torch,
    x: floats(shape=(2, 3)),
    wanted: st.sampled_from([(True, False), (False, True), (True, True)]),
    graph: st.booleans(),
):
    """Both gradients of aminmax are added in memory of their own; one alone is handed on."""
    low, high = torch.aminmax(x.requires_grad_(), dim=1)
    if wanted[0]:
        low.sum().backward(retain_graph=True, create_graph=graph)
    x.grad = None
    outs = [out for out, one in zip((low, high), wanted, strict=True) if one]
    torch.autograd.backward(outs, [torch.ones_like(out) for out in outs], create_graph=graph)


@case(requires=["backward"])
def node_waits_for_a_consumer_that_is_older(
    torch,
    x: floats(min_dims=1, values="smooth"),
    names: st.tuples(*[st.sampled_from(["exp", "tanh", "square", "neg"])] * 3),
    turned: st.booleans(),
):
    """Of two consumers the younger one runs first, and what they share waits for the older one."""
    first, second, third = names
    shared = getattr(x.requires_grad_(), first)()
    older = getattr(shared, second)()
    younger = getattr(shared, third)()
    loss = younger * older if turned else older * younger
    loss.sum().backward()


@case(requires=["backward"])
def operands_of_one_node_are_one_watched_leaf(
    torch, x: floats(min_dims=1), name: st.sampled_from(["sub", "rsub", "add", "mul", "maximum", "hypot"])
):
    """What a node passes to one leaf that has a hook is added up in the order of its operands."""
    seen = []
    x.requires_grad_().register_hook(lambda grad: seen.append(grad._version))
    y = getattr(torch, name)(x, x)
    y.backward(torch.full_like(y, 2.0))
    y = getattr(torch, name)(x.detach().requires_grad_(), x)
    y.backward(torch.full_like(y, 2.0))


@case(lecture="grad", requires=["grad"])
def gradient_of_a_transposed_product_meets_others(
    torch,
    x: floats(shape=(2, 3)),
    w: floats(shape=(2, 3)),
    more: st.booleans(),
    name: st.sampled_from(["exp", "square", "tanh"]),
    others: st.sampled_from(["alone", "added", "between"]),
):
    """A gradient that arrives transposed is laid out as formulas leave it, alone or added to others."""
    x.requires_grad_()
    w.requires_grad_()
    a = getattr(x, name)()
    loss = (a.t() * w.t().contiguous()).sum()
    loss = loss + {"alone": w.sum(), "added": (a * w).sum(), "between": getattr(a.t(), name)().t().sum()}[others]
    gx, gw = torch.autograd.grad(loss, [x, w], retain_graph=True, create_graph=more)
    gx.stride()
    gw.stride()
    (gx,) = torch.autograd.grad((getattr(x.t(), name)() * w.t()).sum(), [x], create_graph=more)
    gx.stride()


@case(requires=["backward", "alias"])
def array_of_a_gradient_sees_what_is_added(torch, x: floats(max_dims=2)):
    """The NumPy array of a grad shares its memory, into which further gradients are added."""
    x.requires_grad_()
    x.exp().sum().backward()
    array = x.grad.numpy()
    array.tolist()
    (x * 2).sum().backward()
    array.tolist()


@case(requires=["backward"])
def second_output_of_an_older_node_meets_a_younger_one(
    torch,
    x: floats(shape=(4,)),
    w: floats(shape=(4,)),
    turned: st.booleans(),
    name: st.sampled_from(["chunk", "split", "unbind"]),
):
    """A gradient reaches the output that it is of, whichever operand is the younger."""
    x.requires_grad_()
    w.requires_grad_()
    y = x.exp().view(2, 2)
    outs = {"chunk": lambda: y.chunk(2), "split": lambda: y.split(1), "unbind": y.unbind}[name]()
    younger = w[:2].sin()
    loss = younger * outs[1] if turned else outs[1] * younger
    loss.sum().backward()


@case(requires=["backward"])
def number_is_filled_in(
    torch,
    x: floats(shape=(2,)),
    c: complexes(shape=(2,)),
    s: floats(shape=()),
    number: st.sampled_from([0, 64, -64, 2**40, -(2**63), 2**63 - 1, 2**63, -(2**63) - 1, 2**70]),
):
    """A number of 64 bits is filled in; complex numbers that a real one fills send it no gradient."""
    y = (x.requires_grad_() * 1).fill_(number)
    s.requires_grad_()
    (x * 1).fill_(s).sum().backward()
    filled = (c.requires_grad_() * 1).fill_(s)
    filled.real.sum().backward()
    filled.backward(torch.ones_like(filled))


@case(requires=["backward"])
def grad_is_enabled_where_nothing_is_recorded(torch, x: floats(), first: st.booleans()):
    """Within inference mode enabling grad is shown, and records nothing."""
    x.requires_grad_()
    with torch.inference_mode():
        with torch.set_grad_enabled(first):
            torch.is_grad_enabled()
            y = x * 2
            with torch.enable_grad():
                z = x.exp()
        torch.set_grad_enabled(not first)
        w = x.sin()
    torch.is_grad_enabled()
    (x * 3).sum().backward()


@case(requires=["in_place", "views"])
def random_numbers_are_not_written_to_one_place_twice(
    torch, x: floats(shape=(1, 3)), name: st.sampled_from(["normal_", "uniform_", "exponential_", "bernoulli_"])
):
    """An expanded tensor is not filled with random numbers."""
    torch.manual_seed(3)
    wide = x.expand(2, 3)
    getattr(wide, name)()
    wide._version


@case(requires=["backward"])
def value_is_used_at_each_step_of_a_chain(torch, x: floats(values="finite"), more: st.booleans()):
    """A value that each step of a chain uses again gets the gradients of all steps."""
    d = x.requires_grad_().exp()
    u = d.sin() * d
    z = (u + d if more else u) * d
    z.sum().backward()


@case(lecture="grad", requires=["grad", "create_graph"])
def gradient_of_the_gradient_of_a_bias_alone(
    torch, x: floats(shape=(2, 2, 3)), training: st.booleans(), by: st.sampled_from(["batch_norm", "layer_norm"])
):
    """A normalization without a weight has no gradient of its bias's gradient, and adds that to no other."""
    F = torch.nn.functional
    bias = x[0, :, 1].clone().requires_grad_()
    mean = x[0, :, 2].clone()
    x.requires_grad_()
    if by == "layer_norm":
        normal = F.layer_norm(x.mT, (2,), None, bias)
    else:
        normal = F.batch_norm(x, mean, mean.exp(), None, bias, training)
    incoming = normal.detach().cos().requires_grad_()
    of_x, of_bias = torch.autograd.grad(normal, (x, bias), incoming, create_graph=True)
    torch.autograd.grad(of_bias.sum(), incoming, retain_graph=True, allow_unused=True)
    torch.autograd.grad(of_x.cos().sum(), incoming, retain_graph=True)
    torch.autograd.grad(of_x.cos().sum() + of_bias.sum(), incoming)


@case(lecture="grad", requires=["grad"])
def extremes_tie_in_the_type_that_they_are_compared_in(
    torch,
    x: floats(shape=(3,), dtype="float32"),
    name: st.sampled_from(["maximum", "minimum", "fmax", "fmin"]),
    turned: st.booleans(),
    more: st.booleans(),
):
    """A number of higher precision ties with what is as large once it is rounded."""
    x.requires_grad_()
    third = torch.tensor(1 / 3, dtype=torch.float64).requires_grad_()
    near = x * 0 + third.detach().float()
    out = getattr(torch, name)(*((third, near) if turned else (near, third)))
    torch.autograd.grad(out.sum(), (x, third), create_graph=more)


@case(lecture="hooks", requires=["grad", "hooks"])
def hook_of_a_node_is_shown_no_gradient_that_is_not_needed(torch, x: floats(shape=(2, 2)), first: st.booleans()):
    """What a hook of a node is shown has None for each operand that needs no gradient."""

    def see(inputs, outputs):
        return None

    near = torch.eye(2) * 4 + x.sin()
    a, b = near.clone(), x.cos()
    (a if first else b).requires_grad_()
    for y in (
        torch.linalg.solve(a, b),
        torch.linalg.solve_triangular(a, b, upper=True),
        torch.cholesky_solve(b, a),
        torch.linalg.lstsq(a, b)[0],
        torch.nn.functional.group_norm(a, 1, b[0], b[1]),
        torch.atan2(a, b),
        torch.lerp(a, b, 0.3),
        a.mm(b),
    ):
        y.grad_fn.register_hook(see)
        torch.autograd.grad((y * y.detach()).sum(), a if first else b)
