"""nn.Module, its hooks, losses and optimizers."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats


@case(requires=["nn", "hooks"], covers=["hook.module_full"])
def full_backward_hook_of_a_module(torch, x: floats(shape=(3, 2)), g: floats(shape=(3, 2))):
    """A full backward hook is given the module, the gradients of its inputs and those of its outputs."""
    layer = torch.nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    y = layer(x.requires_grad_())
    y.grad_fn
    y.backward(g)


@case(requires=["nn", "hooks"], covers=["hook.module_full"])
def module_hooks_replace_gradients(torch, x: floats(shape=(3, 2)), factor: st.sampled_from([2.0, -1.0, 0.0])):
    """Backward pre-hooks replace gradients of the outputs, full backward hooks those of the inputs."""
    layer = torch.nn.Linear(2, 2)
    layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * factor,))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * factor,))
    layer(x.requires_grad_()).sum().backward()
    layer.weight.grad


@case(requires=["nn", "hooks"], covers=["hook.module_full"])
def order_of_module_hooks(torch, x: floats(shape=(3, 2))):
    """Module hooks run around forward and, in reverse order of the modules, around backward."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())
    for module in (net[0], net[1]):
        module.register_forward_pre_hook(lambda module, args: None)
        module.register_forward_hook(lambda module, args, output: None)
        module.register_full_backward_pre_hook(lambda module, grad_output: None)
        module.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    net(x.requires_grad_()).sum().backward()


@case(requires=["nn", "hooks"], covers=["hook.module_full"])
def module_hooks_without_inputs_that_require_grad(torch, x: floats(shape=(3, 2))):
    """Where no input requires grad a full backward hook runs with None for it, and warns."""
    layer = torch.nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    layer(x).sum().backward()
    layer.weight.grad


@case(requires=["nn", "hooks"], covers=["hook.module_full"])
def wrong_returns_of_module_hooks(torch, x: floats(shape=(3, 2))):
    """Module hooks return as many gradients as they were given, or raise."""
    first, second = torch.nn.Tanh(), torch.nn.Tanh()
    first.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0], grad_input[0]))
    second.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0], grad_output[0]))
    first(x.requires_grad_()).sum().backward()
    second(x).sum().backward()


@case(requires=["nn", "hooks"], covers=["hook.module_full"])
def forward_hooks_replace_arguments_and_outputs(torch, x: floats(shape=(3, 2))):
    """A forward pre-hook may return other arguments, a forward hook another output."""
    layer = torch.nn.Tanh()
    layer.register_forward_pre_hook(lambda module, args: args[0] * 2)
    handle = layer.register_forward_hook(lambda module, args, output: output + 1)
    layer(x)
    handle.remove()
    layer(x)


@case(requires=["nn", "hooks"], covers=["hook.module_full"])
def full_and_plain_backward_hooks_exclude_each_other(torch):
    """A module takes either full backward hooks or the older kind."""
    first, second = torch.nn.Tanh(), torch.nn.Tanh()
    first.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    first.register_backward_hook(lambda module, grad_input, grad_output: None)
    second.register_backward_hook(lambda module, grad_input, grad_output: None)
    second.register_full_backward_hook(lambda module, grad_input, grad_output: None)


MODULES = {
    "of one node": lambda torch: torch.nn.Tanh(),
    "of two": lambda torch: torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Sigmoid()),
    "with parameters": lambda torch: torch.nn.Linear(2, 2),
    "of none": lambda torch: torch.nn.Identity(),
    "that returns two": lambda torch: torch.nn.MaxPool1d(2, return_indices=True),
}


@case(requires=["nn", "hooks"], covers=["hook.module_full"])
def older_backward_hook_sees_the_last_node(
    torch,
    x: floats("float32", shape=(3, 2)),
    of: st.sampled_from(sorted(MODULES)),
    leaf: st.booleans(),
    answers: st.booleans(),
):
    """The older backward hook of a module is one of its last node, and warns of what it does not see."""
    layer = MODULES[of](torch)

    def hook(module, grad_input, grad_output):
        return grad_input if answers else None

    handle = layer.register_backward_hook(hook)
    y = layer(x.requires_grad_() if leaf else x.requires_grad_() * 1)
    z = y[0] if of == "that returns two" else y
    z.sum().backward()
    handle.remove()
    layer(x)


@case(requires=["nn"], covers=["io.param_copy"])
def state_of_a_module(torch, x: floats(shape=(3, 2)), builtins):
    """state_dict hands out detached parameters, and load_state_dict copies into them."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    state = net.state_dict()
    other = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    builtins.repr(other.load_state_dict(state))
    other(x).sum().backward()
    other.load_state_dict({"0.weight": x, "1.bias": x})


@case(requires=["nn", "backward"])
def losses_have_their_nodes(
    torch,
    x: floats(shape=(3, 2), values="finite"),
    y: lambda x: cotangent(x),
    reduction: st.sampled_from(["none", "mean", "sum"]),
):
    """Losses over numbers are one node each, with a gradient for both of their sides."""
    x.requires_grad_()
    y.requires_grad_()
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits"):
        loss = getattr(torch.nn.functional, name)(x, y, reduction=reduction)
        loss.sum().backward()


@case(requires=["nn", "backward"])
def losses_over_classes(
    torch,
    x: floats(shape=(3, 4), values="finite"),
    reduction: st.sampled_from(["none", "mean", "sum"]),
    classes: st.lists(st.sampled_from([0, 1, 2, 3, -100]), min_size=3, max_size=3),
):
    """Cross entropy is the loss of log probabilities; samples of the ignored class do not count."""
    target = torch.tensor(classes)
    torch.nn.functional.cross_entropy(x.requires_grad_(), target, reduction=reduction).sum().backward()
    torch.nn.functional.nll_loss(x, target, reduction=reduction).sum().backward()
    torch.nn.functional.cross_entropy(x, target, label_smoothing=0.5, reduction=reduction)


@case(requires=["nn", "backward"])
def embeddings_add_up(torch, x: floats(shape=(4, 2)), rows: st.lists(st.integers(0, 3), min_size=1, max_size=5)):
    """The rows of an embedding get the sum of the gradients of all their uses, the padding none."""
    index = torch.tensor(rows)
    torch.nn.functional.embedding(index, x.requires_grad_()).sum().backward()
    torch.nn.functional.embedding(index, x, padding_idx=0).sum().backward()


@case(requires=["nn", "optim", "backward"])
def optimizers_step(torch, x: floats(shape=(3, 2), values="finite"), steps: st.integers(1, 3)):
    """SGD with momentum and Adam change the parameters in place, under no_grad."""
    weight, other = torch.nn.Parameter(x), torch.nn.Parameter(x.clone())
    for optimizer in (torch.optim.SGD([weight], lr=0.1, momentum=0.5), torch.optim.Adam([other], lr=0.1)):
        for _ in range(steps):
            optimizer.zero_grad()
            loss = (weight * other).sum()
            loss.backward()
            optimizer.step()


@case(requires=["deepcopy", "nn"], covers=["io.param_copy"])
def copy_of_a_module(torch, x: floats(shape=(3, 2)), copy, builtins):
    """deepcopy of a module has parameters of its own, which are leaves."""
    layer = torch.nn.Linear(2, 2)
    twin = copy.deepcopy(layer)
    twin(x).sum().backward()
    layer.weight.grad
    twin.weight.grad
    twin.weight.is_leaf
    builtins.repr(twin)


@case(requires=["deepcopy", "nn"], covers=["io.param_copy"])
def shared_parameter_stays_shared(torch, copy):
    """A parameter that two layers share is shared in the copy as well."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    twin = copy.deepcopy(net)
    first, second = twin[0].weight, twin[1].weight
