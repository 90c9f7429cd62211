"""What PyTorch refuses, and how: each way to be told that something is wrong."""

from conformance.compose.phrase import floating, function_of, leaf, one_of, phrase, result, seed_for, tracked, vector


@phrase
def backward_is_given_what_does_not_fit(
    torch, x: tracked, seed: seed_for("x"), how: one_of("count", "shape", "type", "dtype", "complex", "none", "vector")
):
    y = x * 2
    if how == "count":
        torch.autograd.backward([y, y], [seed])
    elif how == "shape":
        y.backward(torch.ones(7))
    elif how == "type":
        torch.autograd.backward([y], [2.5])
    elif how == "dtype":
        y.backward(seed.to(torch.int64))
    elif how == "complex":
        y.backward(seed.to(torch.complex64))
    elif how == "vector":
        (x * torch.ones(2, *[1])).backward()
    else:
        torch.autograd.backward([])


@phrase
def nothing_to_go_back_through(torch, x: leaf, how: one_of("constant", "integers", "input", "empty", "materialize")):
    if how == "constant":
        x.detach().sum().backward()
    elif how == "integers":
        x.detach().to(torch.int64).requires_grad_()
    elif how == "input":
        torch.autograd.grad((x * 2).sum(), x.detach())
    elif how == "empty":
        (x * 2).sum().backward(inputs=[])
    else:
        z = torch.zeros(2, requires_grad=True)
        torch.autograd.grad((z * 2).sum(), x, allow_unused=False, materialize_grads=True)


@phrase
def tensor_is_refused(
    torch,
    copy,
    x: result,
    how: one_of("off", "deepcopy", "numpy", "data", "flag", "read only", "out", "resize", "hook", "detached"),
):
    if how == "off":
        x.requires_grad = False
    elif how == "deepcopy":
        copy.deepcopy(x)
    elif how == "numpy":
        x.numpy()
    elif how == "data":
        x.data = torch.ones(2, dtype=torch.int64)
    elif how == "flag":
        x.requires_grad = "a text"
    elif how == "out":
        torch.mul(x, 2, out=torch.zeros(2).requires_grad_())
    elif how == "resize":
        x.resize_(7)
    elif how == "read only":
        x.is_leaf = True
    elif how == "hook":
        x.register_hook(2.5)
    else:
        x.detach().register_hook(lambda grad: grad)


@phrase
def graph_is_gone(
    torch, x: tracked, seed: seed_for("x"), how: one_of("freed", "detached", "retain", "grad", "version")
):
    y = x.exp()
    out = y * y
    if how == "freed":
        out.backward(seed)
        out.backward(seed)
    elif how == "detached":
        y.detach_()
        out.backward(seed)
    elif how == "retain":
        x.detach().retain_grad()
    elif how == "grad":
        x.grad = torch.ones(7)
    else:
        y.add_(1)
        out.backward(seed)


@phrase
def inference_tensor_is_refused(torch, x: tracked, how: one_of("saved", "written", "version", "view")):
    with torch.inference_mode():
        y = x * 2
    if how == "saved":
        x * y
    elif how == "written":
        y.mul_(2)
    elif how == "version":
        y._version
    else:
        y.view_as(y).mul_(2)


@phrase
def memory_overlaps(torch, x: floating, how: one_of("expand", "written over", "split", "custom")):
    y = x * 1
    if how == "expand":
        y.unsqueeze(0).expand(2, *[-1] * 1).mul_(2)
    elif how == "written over":
        torch.zeros(2).expand(3, 2).add_(1)
    else:
        z = torch.arange(4.0)
        z[1:].copy_(z[:-1])


@phrase
def argument_is_refused(
    torch,
    builtins,
    x: vector,
    how: one_of(
        "dim",
        "index",
        "dtype",
        "cast",
        "unsupported",
        "shape",
        "dimensions",
        "one element",
        "zero",
        "empty",
        "singular",
        "keyword",
    ),
):
    if how == "dim":
        x.sum(7)
    elif how == "index":
        x[torch.tensor([7])]
    elif how == "dtype":
        torch.mm(torch.ones(2, 2, dtype=torch.float64), torch.ones(2, 2))
    elif how == "cast":
        torch.ones(2, dtype=torch.int64).mul_(2.5)
    elif how == "unsupported":
        torch.ones(2, dtype=torch.bool) - torch.ones(2, dtype=torch.bool)
    elif how == "shape":
        x.reshape(7, 11)
    elif how == "dimensions":
        builtins.list(torch.ones(()))
    elif how == "one element":
        torch.ones(2).item()
    elif how == "zero":
        torch.ones(2, dtype=torch.int64) // torch.zeros(2, dtype=torch.int64)
    elif how == "empty":
        torch.ones(0).max()
    elif how == "singular":
        torch.linalg.inv(torch.zeros(2, 2))
    else:
        x.sum(no_such_argument=1)


@phrase
def forward_mode_is_refused(
    torch, x: floating, seed: seed_for("x"), how: one_of("no level", "nested", "shape", "dual of a dual")
):
    forward_ad = torch.autograd.forward_ad
    if how == "no level":
        forward_ad.make_dual(x, seed)
    elif how == "nested":
        with forward_ad.dual_level():
            forward_ad.enter_dual_level()
    elif how == "shape":
        with forward_ad.dual_level():
            forward_ad.make_dual(x, torch.ones(7))
    else:
        with forward_ad.dual_level():
            forward_ad.make_dual(forward_ad.make_dual(x, seed), seed)


@phrase
def function_is_refused(
    torch,
    x: floating,
    f: function_of("x", act="unary"),
    how: one_of("several", "no vector", "gradcheck", "no input", "strict"),
):
    if how == "several":
        torch.autograd.functional.hessian(f, torch.ones(2))
    elif how == "no vector":
        torch.autograd.functional.vjp(f, torch.ones(2))
    elif how == "gradcheck":
        torch.autograd.gradcheck(lambda a: a.detach() * a, torch.ones(2, dtype=torch.float64, requires_grad=True))
    elif how == "no input":
        torch.autograd.gradcheck(f, x.detach())
    else:
        torch.autograd.functional.jacobian(lambda a: a.detach(), x, strict=True)


@phrase
def anomaly_finds_nan(
    torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x"), check: one_of(True, False)
):
    with torch.autograd.set_detect_anomaly(True, check_nan=check):
        y = (x * 0).sqrt() * f(x)
        out = y * 0
        out.backward(seed)


PHRASES = (
    backward_is_given_what_does_not_fit,
    nothing_to_go_back_through,
    tensor_is_refused,
    graph_is_gone,
    inference_tensor_is_refused,
    memory_overlaps,
    argument_is_refused,
    forward_mode_is_refused,
    function_is_refused,
    anomaly_finds_nan,
)
