"""From tensors to Python and NumPy, and back."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import dtypes, floats, tensors

KINDS = ("float32", "float64", "float16", "int64", "int32", "uint8", "bool")


@case(requires=["item"], covers=["io.item"])
def item_is_a_python_number(torch, x: tensors(KINDS, "integers", shape=st.sampled_from([(), (1,), (1, 1)]))):
    """item() of a tensor of one element is a Python number."""
    x.item()


@case(requires=["item"], covers=["io.item_many"])
def item_needs_one_element(torch, x: floats()):
    """item() raises unless there is exactly one element."""
    x.item()


@case(requires=["item"], covers=["io.item"])
def item_ignores_the_graph(torch, x: floats(shape=())):
    """item() and tolist() of a tensor that requires grad give its number without warning."""
    y = x.requires_grad_() * 2
    y.item()
    y.tolist()


@case(requires=["tolist"], covers=["io.item"])
def tolist_nests_like_the_shape(torch, x: tensors(KINDS, "integers")):
    """tolist() nests Python numbers as the dimensions do."""
    x.tolist()


@case(requires=["numpy"], covers=["io.numpy"])
def array_of_a_leaf_raises(torch, x: floats()):
    """numpy() raises for a tensor that requires grad, unless it is detached first."""
    x.requires_grad_()
    x.numpy()
    x.detach().numpy().tolist()


@case(requires=["numpy", "no_grad"], covers=["io.numpy"])
def array_of_a_leaf_under_no_grad(torch, x: floats()):
    """Under no_grad numpy() takes tensors that require grad as well."""
    x.requires_grad_()
    with torch.no_grad():
        x.numpy().tolist()


@case(requires=["numpy"], covers=["io.numpy", "io.from_numpy", "ver.numpy_write"])
def arrays_share_memory(torch, x: floats(shape=(3,))):
    """numpy() and from_numpy() share the memory of the tensor."""
    array = x.numpy()
    x.mul_(2)
    array.tolist()
    y = torch.from_numpy(array)
    y.add_(1)
    x._version


@case(requires=["item"], covers=["io.item"])
def python_types_of_a_scalar(torch, x: floats(shape=(), values="finite"), builtins):
    """float(), int() and bool() of a scalar tensor are Python's."""
    builtins.float(x)
    builtins.int(x)
    builtins.bool(x)


@case(requires=["item"], covers=["io.item"])
def python_numbers_of_a_leaf_warn(torch, x: floats(shape=(), values="finite"), builtins):
    """float() of a tensor that requires grad warns."""
    builtins.float(x.requires_grad_())
    builtins.bool(x)


@case(requires=["item"], covers=["io.item_many"])
def truth_of_several_elements_is_ambiguous(torch, x: floats(), builtins):
    """bool() raises unless there is exactly one element."""
    builtins.bool(x)


@case(requires=["indexing"], covers=["io.iter"])
def length_is_the_first_dimension(torch, x: floats(), builtins):
    """len() of a tensor is its first size, and raises where there is none."""
    builtins.len(x)


@case(requires=["backward", "promotion"], covers=["dt.to"])
def casts_are_differentiated(torch, x: floats(values="finite"), dtype: dtypes("float")):
    """A cast to another floating point dtype casts the gradient back."""
    (x.requires_grad_().to(dtype) * 3).sum().backward()


@case(requires=["backward", "promotion"], covers=["dt.to"])
def casts_have_names(torch, x: floats(values="finite")):
    """float(), double(), half() and their kind are casts."""
    x.requires_grad_()
    (x.double() * x.float()).sum().backward()
    x.half()
    x.int()
    x.bool()
