"""copy, deepcopy, pickle, torch.save: what of a tensor they keep."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, tensors

REQUIRES = ("tape",)

KINDS = ("float32", "float64", "float16", "int64", "uint8", "bool")


@case(requires=["deepcopy"], covers=["io.deepcopy"])
def deepcopy_of_a_leaf(torch, x: floats(), g: lambda x: cotangent(x), copy):
    """deepcopy of a leaf is a new leaf with copies of its values and of its gradient."""
    x.requires_grad_()
    (x * 2).backward(g)
    twin = copy.deepcopy(x)
    twin.grad.add_(1)
    x.grad


@case(requires=["deepcopy"], covers=["io.deepcopy"])
def deepcopy_of_a_result(torch, x: floats(), copy):
    """deepcopy of a result is refused: only leaves have one."""
    y = x.requires_grad_() * 2
    copy.deepcopy(y)
    copy.deepcopy(y.detach())


@case(requires=["deepcopy"], covers=["io.deepcopy"])
def deepcopy_remembers(torch, x: floats(), copy):
    """One tensor that stands twice in a structure is one tensor in its deepcopy."""
    first, second = copy.deepcopy([x, x])
    first.add_(1)


@case(requires=["deepcopy"], covers=["io.deepcopy"])
def deepcopy_of_types(torch, x: tensors(KINDS, "integers"), copy):
    """deepcopy keeps the type, and counts one write."""
    twin = copy.deepcopy(x)
    twin._version
    copy.deepcopy(x.dtype)
    copy.deepcopy(x.shape)


@case(requires=["deepcopy"], covers=["io.deepcopy_view"])
def deepcopy_of_a_view_beside_its_base(torch, x: floats(shape=(3, 4)), copy):
    """Tensors that share memory share it in one deepcopy as well, with their strides; none is a view."""
    base, window = copy.deepcopy([x, x.t()[1:]])
    window.add_(1)
    window.stride()
    window.storage_offset()
    window._is_view()


@case(requires=["deepcopy"], covers=["io.deepcopy_view"])
def deepcopies_apart_share_nothing(torch, x: floats(shape=(3, 4)), copy, builtins):
    """Two calls of deepcopy make two memories; the copy of a view has room for the whole base."""
    window = copy.deepcopy(x[1:])
    base = copy.deepcopy(x)
    window.zero_()
    window.storage_offset()
    builtins.len(window.untyped_storage())
    base.stride()


@case(requires=["copy", "alias"], covers=["io.copy"])
def copy_shares_memory(torch, x: floats(shape=(3,)), copy):
    """copy.copy is another leaf over the same memory, with a version of its own and no gradient."""
    x.requires_grad_()
    x.sum().backward()
    twin = copy.copy(x)
    with torch.no_grad():
        twin.add_(1)
    twin._version
    x._version
    twin.grad


@case(requires=["copy", "backward"], covers=["io.copy"])
def copy_of_a_result_is_a_leaf(torch, x: floats(), copy):
    """copy.copy of a result is a leaf that requires grad: the graph is dropped without a word."""
    y = x.requires_grad_() * 2
    twin = copy.copy(y)
    twin.sum().backward()
    x.grad


@case(requires=["copy"], covers=["io.copy"])
def copy_of_a_view(torch, x: floats(shape=(3, 4)), copy):
    """copy.copy of a view keeps strides and offset, and is no view."""
    twin = copy.copy(x.t()[1:])
    twin.stride()
    twin.storage_offset()
    twin._is_view()


@case(requires=["pickle"], covers=["io.pickle"])
def pickle_of_a_leaf(torch, x: floats(), pickle):
    """pickle keeps values, type and requires_grad of a leaf, and drops its gradient."""
    x.requires_grad_()
    x.sum().backward()
    twin = pickle.loads(pickle.dumps(x))
    twin.grad
    twin._version


@case(requires=["pickle", "backward"], covers=["io.pickle"])
def pickle_of_a_result(torch, x: floats(), pickle):
    """A pickled result comes back as a leaf that requires grad."""
    y = x.requires_grad_() * 2
    twin = pickle.loads(pickle.dumps(y))
    twin.sum().backward()


@case(requires=["pickle"], covers=["io.pickle"])
def pickle_of_types_and_strides(torch, x: tensors(KINDS, "integers", shape=st.just((2, 3))), pickle, builtins):
    """A pickled view keeps its type, strides and offset, and all of the memory behind it."""
    window = pickle.loads(pickle.dumps(x.t()[1:]))
    window.stride()
    window.storage_offset()
    builtins.len(window.untyped_storage())


@case(requires=["pickle"], covers=["io.pickle"])
def pickle_parts_tensors_that_share_memory(torch, x: floats(shape=(3,)), pickle):
    """pickle keeps that two names are one tensor, and not that two tensors share memory."""
    first, second, window = pickle.loads(pickle.dumps([x, x, x[1:]]))
    window.zero_()


@case(requires=["pickle"], covers=["io.pickle"])
def pickle_of_what_goes_with_tensors(torch, x: floats(shape=(2,)), pickle, builtins):
    """Types, shapes and devices come back from a pickle as what they are."""
    for value in (torch.float64, x.shape, x.device):
        builtins.repr(pickle.loads(pickle.dumps(value)))


@case(requires=["pickle", "hooks"], covers=["io.pickle_hooks"])
def pickle_of_a_tensor_with_hooks_warns(torch, x: floats(), pickle, copy):
    """Pickling a tensor that has hooks warns that they stay behind; so does copying it."""
    x.requires_grad_().register_hook(lambda grad: grad * 2)
    twin = pickle.loads(pickle.dumps(x))
    copy.copy(x)
    twin.sum().backward()


@case(requires=["pickle", "hooks"], covers=["io.pickle_hooks"])
def hooks_that_say_so_do_not_warn(torch, x: floats(), pickle):
    """A hook declared unserializable is left behind in silence."""

    def hook(grad):
        return grad * 2

    x.requires_grad_().register_hook(torch.utils.hooks.unserializable_hook(hook))
    twin = pickle.loads(pickle.dumps(x))
    (twin * 3).sum().backward()


@case(requires=["save"], covers=["io.save_load"])
def saved_tensors_are_loaded(torch, x: tensors(KINDS, "integers"), y: floats(), io):
    """What torch.save wrote torch.load reads: types, values, requires_grad; the version is one."""
    file = io.BytesIO()
    torch.save({"x": x, "y": y.requires_grad_(), "z": (y * 2, [1, "two", None])}, file)
    file.seek(0)
    loaded = torch.load(file)
    loaded["y"]._version
    loaded["z"][0].is_leaf


@case(requires=["save", "alias"], covers=["io.save_load"])
def saved_views_share_memory(torch, x: floats(shape=(3, 4)), io):
    """Views that are saved together share memory when they are loaded, with their strides."""
    file = io.BytesIO()
    torch.save([x, x[1], x.t()], file)
    file.seek(0)
    base, row, turned = torch.load(file, weights_only=True)
    row.zero_()
    turned.stride()
    row.storage_offset()
    row._is_view()


@case(requires=["save"], covers=["io.save_load"])
def saved_gradient_is_dropped(torch, x: floats(), io):
    """torch.save drops the gradient of a leaf."""
    x.requires_grad_().sum().backward()
    file = io.BytesIO()
    torch.save(x, file)
    file.seek(0)
    torch.load(file).grad


@case(requires=["save", "nn"], covers=["io.save_load"])
def saved_parameters_are_parameters(torch, x: floats(shape=(2,)), io, builtins, collections):
    """A state dict with parameters comes back from a file as what it was."""
    file = io.BytesIO()
    state = collections.OrderedDict([("weight", torch.nn.Parameter(x)), ("scale", x)])
    torch.save(state, file)
    file.seek(0)
    loaded = torch.load(file)
    builtins.repr(loaded["weight"])
    loaded["weight"].data.add_(1)


@case(requires=["save"], covers=["io.save_load"])
def unsafe_files_are_refused(torch, io, builtins):
    """torch.load refuses what is neither tensor nor plain data."""
    file = io.BytesIO()
    torch.save({"a": builtins.len}, file)
    file.seek(0)
    torch.load(file)
    torch.load(io.BytesIO())
    torch.save(1, 2)
    torch.load(2)


@case(requires=["deepcopy", "nn"], covers=["io.param_copy"])
def copies_of_a_parameter(torch, x: floats(), g: lambda x: cotangent(x), copy, pickle, builtins):
    """deepcopy, copy and pickle of a Parameter give Parameters that require grad and have no gradient."""
    weight = torch.nn.Parameter(x)
    (weight * 2).backward(g)
    deep, shallow, pickled = copy.deepcopy(weight), copy.copy(weight), pickle.loads(pickle.dumps(weight))
    builtins.repr(deep)
    builtins.repr(shallow)
    builtins.repr(pickled)
    deep._version
    shallow._version
    pickled._version
