"""Forward mode and backward passes in one program: gradients with tangents, and what tangents save."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape

FUNCTIONS = [
    "exp",
    "sin",
    "tanh",
    "sigmoid",
    "rsqrt",
    "nn.functional.silu",
    "nn.functional.mish",
    "logit",
    "nn.functional.leaky_relu",
    "nn.functional.elu",
    "nn.functional.hardtanh",
    "nn.functional.softshrink",
    "nn.functional.softplus",
    "nn.functional.gelu",
    "nn.functional.relu",
    "asinh",
]


def _function(torch, name):
    for part in name.split("."):
        torch = getattr(torch, part)
    return torch


@case(requires=["forward_ad", "backward"])
def gradient_within_a_level_has_a_tangent(
    torch, xt: same_shape(2, values="smooth", dtype="float64"), name: st.sampled_from(FUNCTIONS)
):
    """Going back from a dual gives a gradient with a tangent, or says which operator has none."""
    x, t = xt
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        y = _function(torch, name)(torch.autograd.forward_ad.make_dual(x, t))
        (g,) = torch.autograd.grad(y, x, torch.ones_like(y))
        gradient, tangent = torch.autograd.forward_ad.unpack_dual(g)


@case(requires=["forward_ad", "backward"])
def loss_within_a_level_may_refuse_to_go_back(
    torch,
    xyt: st.tuples(*[floats("float64", shape=(3,), values="smooth")] * 3),
    name: st.sampled_from(["huber_loss", "soft_margin_loss", "mse_loss", "smooth_l1_loss", "l1_loss"]),
):
    """Going back from a loss of a dual raises where the loss's gradient has no rule for tangents."""
    x, y, t = xyt
    x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        loss = getattr(torch.nn.functional, name)(torch.autograd.forward_ad.make_dual(x, t), y)
        loss.backward()


@case(requires=["forward_ad", "saved_tensors_hooks"])
def pack_hook_sees_what_a_tangent_saves(
    torch,
    xt: same_shape(2, values="smooth", dtype="float64", empty=False),
    name: st.sampled_from(FUNCTIONS),
    inplace: st.booleans(),
):
    """What the tangent of a result saves is packed before the result itself."""
    x, t = xt
    x.requires_grad_()

    def pack(saved):
        return saved

    def unpack(packed):
        return packed

    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = dual.clone().exp_() if inplace else _function(torch, name)(dual * 2)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(y)


@case(requires=["forward_ad", "inference_mode"])
def view_made_in_inference_mode_shows_its_tangent_later(torch, xt: same_shape(2, min_dims=1)):
    """Inference mode hides tangents and makes no duals; its views of a dual show theirs later."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        with torch.inference_mode():
            view = dual.unsqueeze(0)
            hidden = torch.autograd.forward_ad.unpack_dual(view)
            plain = torch.autograd.forward_ad.make_dual(x, t)
        shown = torch.autograd.forward_ad.unpack_dual(view)
        absent = torch.autograd.forward_ad.unpack_dual(plain)


@case(requires=["forward_ad"])
def dual_is_laid_out_as_its_primal(torch, x: floats("float64", shape=(1, 3)), step: st.sampled_from([1, 2, 3])):
    """make_dual keeps the strides of its primal, those of dimensions of size one as well."""
    with torch.autograd.forward_ad.dual_level():
        window = x.unfold(0, 1, step)
        dual = torch.autograd.forward_ad.make_dual(window, torch.ones_like(window))
        primal, tangent = torch.autograd.forward_ad.unpack_dual(dual)


@case(requires=["set_", "no_grad"])
def leaf_with_other_memory_gets_another_accumulator(torch, x: floats(min_dims=1)):
    """After set_() under no_grad a leaf has another AccumulateGrad than earlier graphs lead to."""
    x.requires_grad_()
    before = x * 1
    with torch.no_grad():
        x.set_()
    after = x * 2


@case(requires=["forward_ad", "backward"])
def gradient_within_a_level_keeps_its_version(
    torch,
    x: floats(shape=(2, 2)),
    name: st.sampled_from(["max", "trace", "addmm", "where", "kron", "stack", "softsign", "mul"]),
    mutable: st.booleans(),
):
    """A gradient counts the writes on its way in a level, and few where saved tensors may be mutated."""
    x.requires_grad_()
    context = torch.autograd.graph.allow_mutation_on_saved_tensors if mutable else torch.autograd.forward_ad.dual_level
    with context():
        y = {
            "max": lambda: x.max(1)[0],
            "trace": lambda: x.trace(),
            "addmm": lambda: torch.addmm(x, x, x),
            "where": lambda: torch.where(x > 0, x, x * 2),
            "kron": lambda: torch.kron(x, x),
            "stack": lambda: torch.stack([x, x]),
            "softsign": lambda: torch.nn.functional.softsign(x),
            "mul": lambda: x * x * x,
        }[name]()
        (g,) = torch.autograd.grad(y, x, torch.ones_like(y), retain_graph=True)
        y.backward(torch.ones_like(y))


@case(requires=["forward_ad", "in_place"])
def written_view_hands_its_tangent_to_its_base(
    torch,
    shape: st.sampled_from([(), (1,), (3,), (2, 3), (1, 3)]),
    name: st.sampled_from(["mul_", "copy_", "add_"]),
    whole: st.booleans(),
):
    """A dual written through a view gives its base a tangent, its very own if it shows the base."""
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(torch.full(shape, 2.0), torch.full(shape, 3.0))
        base = torch.ones(shape)
        view = base.view(shape) if whole else base.unsqueeze(0)[0:1]
        getattr(view, name)(dual)
        first = torch.autograd.forward_ad.unpack_dual(base)
        second = torch.autograd.forward_ad.unpack_dual(view)


@case(requires=["forward_ad", "in_place"])
def tangent_may_have_no_tangent_itself(
    torch, xt: same_shape(2, min_dims=1, empty=False), name: st.sampled_from(["std", "sin"])
):
    """Once a tangent was written to with its own dual, operators over the dual raise."""
    x, t = xt
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        t[...] = dual
        getattr(torch, name)(dual)


@case(requires=["forward_ad", "grad"])
def gradient_of_a_bias_has_a_tangent_of_the_incoming_one_only(
    torch,
    x: floats(shape=(2, 2, 3), values="finite"),
    weighted: st.booleans(),
    training: st.booleans(),
    kind: st.sampled_from(["batch_norm", "layer_norm"]),
    pushed: st.sampled_from(["x", "weight", "bias", "grad"]),
):
    """The gradient of a normalization's bias has a tangent where the incoming one has."""
    F = torch.nn.functional
    row = x[0, 0] if kind == "layer_norm" else x[0, :, 1]
    given = {"x": x, "bias": row.clone(), "grad": x.cos()}
    if weighted:
        given["weight"] = row.exp()
    with torch.autograd.forward_ad.dual_level():
        if pushed in given:
            given[pushed] = torch.autograd.forward_ad.make_dual(given[pushed], given[pushed].sin())
        incoming = given.pop("grad")
        leaves = [leaf.requires_grad_() for leaf in given.values()]
        weight, bias = given.get("weight"), given["bias"]
        if kind == "layer_norm":
            normal = F.layer_norm(given["x"], (3,), weight, bias)
        else:
            mean = x[0, :, 2].detach()
            normal = F.batch_norm(given["x"], mean.clone(), mean.exp(), weight, bias, training)
        found = torch.autograd.grad(normal, leaves, incoming)
        for number in range(len(leaves)):
            torch.autograd.forward_ad.unpack_dual(found[number])


@case(requires=["forward_ad", "backward", "create_graph"])
def tangent_of_the_gradient_of_nll_loss(
    torch,
    x: floats(shape=(2, 3), values="finite"),
    reduction: st.sampled_from(["none", "mean", "sum"]),
    weighted: st.booleans(),
    ignored: st.sampled_from([-100, 0, 1]),
    tracked: st.booleans(),
):
    """The gradient of nll_loss has a tangent that requires grad where the incoming gradient does."""
    weight = x.detach()[0].exp() if weighted else None
    with torch.autograd.forward_ad.dual_level():
        x = torch.autograd.forward_ad.make_dual(x, x.sin()).requires_grad_()
        loss = torch.nn.functional.nll_loss(x, torch.tensor([2, 1]), weight, ignore_index=ignored, reduction=reduction)
        incoming = torch.ones_like(loss.detach()).requires_grad_(tracked)
        incoming = torch.autograd.forward_ad.make_dual(incoming, incoming.detach().cos())
        (found,) = torch.autograd.grad(loss, x, incoming, create_graph=True)
        torch.autograd.forward_ad.unpack_dual(found)


OPERATORS = {
    "clamp": lambda torch, x, y: x.clamp(-1, 1),
    "fmax": lambda torch, x, y: torch.fmax(x, y),
    "fmin": lambda torch, x, y: torch.fmin(x, y),
    "max": lambda torch, x, y: x.max(),
    "median": lambda torch, x, y: x.median(),
    "aminmax": lambda torch, x, y: x.aminmax(),
    "aminmax along": lambda torch, x, y: x.aminmax(dim=0, keepdim=True),
    "polar": lambda torch, x, y: torch.polar(x, y),
    "i1": lambda torch, x, y: torch.special.i1(x),
    "i1e": lambda torch, x, y: torch.special.i1e(x),
    "layer_norm": lambda torch, x, y: torch.nn.functional.layer_norm(x, (2,), y[0], y[1]),
    "batch_norm": lambda torch, x, y: torch.nn.functional.batch_norm(x, y[0].detach(), y[1].detach(), y[0], y[1]),
    "batch_norm of a batch": lambda torch, x, y: torch.nn.functional.batch_norm(x, None, None, y[0], y[1], True),
    "layer_norm without weight": lambda torch, x, y: torch.nn.functional.layer_norm(x, (2,)),
    "batch_norm without weight": lambda torch, x, y: torch.nn.functional.batch_norm(x, None, None, training=True),
    "nansum": lambda torch, x, y: x.nansum(0),
    "trace": lambda torch, x, y: x.trace(),
    "addcdiv": lambda torch, x, y: torch.addcdiv(x, y, x, value=0.5),
    "dist": lambda torch, x, y: x.dist(y, 3),
    "renorm": lambda torch, x, y: x.renorm(3, 0, 0.5),
}
NORMS = (0.5, 1, 1.5, 2, 3, float("inf"), float("-inf"))


@case(requires=["saved_tensors_hooks", "forward_mode"])
def tangents_save_what_is_computed_in_place_and_from_the_right(
    torch,
    x: floats("float64", shape=(2, 2), values="positive"),
    y: floats("float64", shape=(2, 2), values="positive"),
    name: st.sampled_from(sorted(OPERATORS)),
    norm: st.sampled_from([0, 0, *NORMS]),
    along: st.booleans(),
    both: st.booleans(),
):
    """What a tangent is computed of is packed from the right, masks with their versions."""
    x.requires_grad_(along)
    t = torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=torch.float64)
    if not along:
        t.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, t)
        other = torch.autograd.forward_ad.make_dual(y, t) if both else y
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            if norm:
                dual.norm(norm, *((0,) if both else ()))
            else:
                OPERATORS[name](torch, dual, other)


@case(requires=["saved_tensors_hooks", "create_graph"])
def gradients_save_masks_with_their_versions(
    torch,
    x: floats("float64", shape=(2, 2), values="positive"),
    y: floats("float64", shape=(2, 2), values="positive"),
    name: st.sampled_from(["clamp", "fmax", "fmin", "i1", "i1e", "nansum", "trace", "addcdiv", "median", "max"]),
    norm: st.sampled_from([0, *NORMS]),
):
    """Masks that a formula makes in place have versions where a gradient's gradient saves them."""
    x.requires_grad_()
    out = x.norm(norm, 0) if norm else OPERATORS[name](torch, x, y)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        torch.autograd.grad(out, x, torch.ones_like(out, requires_grad=True), create_graph=True)


@case(requires=["forward_ad", "backward", "create_graph"])
def tangents_of_gradients_of_normalization_are_made_in_steps(
    torch,
    x: floats("float64", shape=(3, 2), values="smooth"),
    kind: st.sampled_from(["layer_norm", "batch_norm"]),
    weighted: st.booleans(),
    training: st.booleans(),
    pushed: st.sampled_from(["x", "weight", "grad", "all"]),
):
    """Tangents of the gradients of normalization have the graph of the steps that they are made in."""
    F = torch.nn.functional
    given = {"x": x, "bias": x[0].cos(), "grad": x.cos()}
    if weighted:
        given["weight"] = x[1].exp()
    leaves = [given[name].detach().requires_grad_() for name in given]
    with torch.autograd.forward_ad.dual_level():
        duals = [
            torch.autograd.forward_ad.make_dual(leaf, leaf.detach().sin()) if pushed in (name, "all") else leaf
            for name, leaf in zip(given, leaves, strict=True)
        ]
        now = dict(zip(given, duals, strict=True))
        if kind == "layer_norm":
            normal = F.layer_norm(now["x"], (2,), now.get("weight"), now["bias"])
        else:
            mean = x[2].detach()
            normal = F.batch_norm(now["x"], mean.clone(), mean.exp(), now.get("weight"), now["bias"], training)
        found = torch.autograd.grad(
            normal, [now[name] for name in now if name != "grad"], now["grad"], create_graph=True
        )
        for number in range(2 + weighted):
            torch.autograd.forward_ad.unpack_dual(found[number])


@case(requires=["forward_ad", "backward", "nn"])
def gradient_of_group_norm_without_a_weight_has_no_tangent(
    torch, weight: st.booleans(), bias: st.booleans(), dual: st.booleans(), of_gradient: st.booleans()
):
    """The gradients of group_norm refuse tangents before they miss the weight beside a bias."""
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        given = torch.autograd.forward_ad.make_dual(x, torch.ones(2, 2)) if dual else x
        w = torch.ones(2, requires_grad=True) if weight else None
        b = torch.ones(2, requires_grad=True) if bias else None
        y = torch.nn.functional.group_norm(given, 1, w, b)
        g = torch.ones(2, 2)
        y.backward(torch.autograd.forward_ad.make_dual(g, torch.ones(2, 2)) if of_gradient else g)
    x.grad


@case(requires=["forward_ad", "backward"])
def gradient_that_is_added_brings_its_tangent(
    torch,
    x: floats("float32", shape=(), values="finite"),
    old: st.sampled_from(["dual of the leaf", "dual", "plain", "none"]),
    seeded: st.booleans(),
    graph: st.booleans(),
    times: st.integers(1, 2),
):
    """A gradient is added to another with its tangent, in place, and what had none has one then."""
    x.requires_grad_()
    t = torch.ones(())
    with torch.autograd.forward_ad.dual_level():
        make_dual = torch.autograd.forward_ad.make_dual
        if old != "none":
            x.grad = {"dual of the leaf": make_dual(x, t), "dual": make_dual(t * 2, t), "plain": t * 3}[old]
        seed = make_dual(torch.ones(()), t * 3)
        for _ in range(times):
            (x * 2).backward(seed if seeded else None, create_graph=graph)
        torch.autograd.forward_ad.unpack_dual(x.grad)
