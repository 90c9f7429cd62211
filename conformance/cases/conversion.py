"""From tensors to Python and NumPy, and back."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import dtypes, floats, tensors

REQUIRES = ("tape",)

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


@case(requires=["numpy", "alias"], covers=["io.numpy", "io.from_numpy", "ver.numpy_write"])
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


@case(requires=["indexing"], covers=["io.iter"])
def iteration_unbinds(torch, x: floats(min_dims=1)):
    """Iterating over a tensor gives views of its rows, all outputs of one node."""
    rows = [row * 1 for row in x.requires_grad_()]
    x.unbind()


@case(requires=["indexing"], covers=["io.iter"])
def iteration_over_a_scalar(torch, x: floats(shape=()), builtins):
    """A tensor without dimensions cannot be iterated over, and reversed is itself."""
    builtins.iter(x)
    builtins.list(x)
    builtins.reversed(x)


@case(requires=["comparison"], covers=["io.contains"])
def membership_compares_values(torch, x: floats(values="finite"), value: st.sampled_from([0.0, 1, -1.0, True])):
    """`in` says whether some element equals a number or a tensor, and refuses anything else."""
    torch.Tensor.__contains__(x, value)
    torch.Tensor.__contains__(x, x)
    torch.Tensor.__contains__(x, "a")
    torch.Tensor.__contains__(x, None)


@case(requires=["comparison"], covers=["io.contains"])
def comparison_with_what_is_no_number(torch, x: floats(), other: st.sampled_from([None, "a", (), []])):
    """A tensor equals nothing that is neither tensor nor number."""
    x == other
    x != other


@case(requires=["comparison"], covers=["io.contains"])
def hash_is_by_identity(torch, x: floats(), builtins):
    """Tensors hash by identity, so that equal ones are two keys of a dict."""
    table = builtins.dict([(x, 1), (x.clone(), 2), (x, 3)])
    builtins.len(table)
    table[x]


@case(requires=["numpy", "alias"], covers=["io.numpy"])
def forced_array(torch, x: floats(shape=(2, 3))):
    """numpy(force=True) detaches by itself and shares the memory."""
    y = x.requires_grad_() * 2
    array = y.t().numpy(force=True)
    array[0] = 7


@case(requires=["numpy", "alias"], covers=["io.array"])
def arrays_are_taken_of_tensors(torch, x: tensors(KINDS, "integers"), numpy):
    """numpy.asarray of a tensor shares its memory, numpy.array copies it; a type can be given."""
    shared = numpy.asarray(x)
    copied = numpy.array(x)
    numpy.asarray(x, dtype=numpy.float64)
    torch.Tensor.__array__(x, numpy.float32)


@case(requires=["numpy", "no_grad"], covers=["io.array"])
def array_protocol_of_a_leaf(torch, x: floats(), numpy):
    """numpy.asarray refuses a tensor that requires grad, unless gradients are off or it is detached."""
    x.requires_grad_()
    numpy.asarray(x)
    with torch.no_grad():
        numpy.asarray(x)
    numpy.asarray(x.detach())
    numpy.sin(x.detach())


@case(requires=["numpy"], covers=["io.array"])
def numpy_functions_take_tensors(torch, x: floats(shape=(2, 3), values="finite"), numpy):
    """NumPy's functions take a tensor; those of elements return tensors, others arrays."""
    numpy.exp(x)
    numpy.add(x, x)
    numpy.greater(x, 0)
    numpy.stack([x, x])
    numpy.dot(x, numpy.ones((3,)))


@case(requires=["numpy", "alias"], covers=["io.from_numpy"])
def tensor_over_an_array(torch, x: tensors(KINDS, "integers", shape=st.just((2, 3))), numpy):
    """from_numpy keeps the strides of an array and shares its memory; writes by NumPy are not counted."""
    array = numpy.transpose(numpy.array(x))
    y = torch.from_numpy(array)
    array[0] = 1
    y._version
    y.zero_()
    torch.as_tensor(array)
    torch.tensor(array)


@case(requires=["numpy"], covers=["io.from_numpy"])
def what_is_no_array(torch, x: floats(), numpy):
    """from_numpy refuses what is no array, and arrays that run backwards."""
    torch.from_numpy([1.0])
    torch.from_numpy(x)
    torch.from_numpy(numpy.ones((3,))[::-1])


@case(requires=["numpy"], covers=["io.ndarray_ops"])
def tensors_beside_arrays(torch, x: floats(shape=(2, 3), values="finite"), numpy):
    """A tensor on the left of an array gives a tensor."""
    array = numpy.ones((2, 3))
    x + array
    x * array
    x - array
    x == array


@case(requires=["numpy"], covers=["io.ndarray_ops"])
def arrays_beside_tensors(torch, x: floats(shape=(2, 3), values="finite"), numpy):
    """An array on the left of a tensor gives what PyTorch makes of it."""
    array = numpy.ones((2, 3))
    array + x
    array * x
    array - x
    array / x
    array @ x.t()


@case(requires=["numpy", "backward"], covers=["io.ndarray_ops"])
def leaves_beside_arrays(torch, x: floats(shape=(2,), values="finite"), numpy):
    """A tensor that requires grad takes an array only on its right."""
    array = numpy.ones((2,))
    x.requires_grad_()
    x * array
    array * x
    torch.mul(x, array)


@case(requires=["numpy", "backward"], covers=["io.ndarray_ops"])
def scalars_of_numpy_are_numbers(torch, x: floats(shape=(2,), values="finite"), numpy):
    """A scalar of NumPy beside a tensor is a Python number."""
    scalar = numpy.float64(2)
    x.requires_grad_()
    y = x * scalar
    scalar * x
    y.sum().backward()


@case(requires=["dlpack", "alias"], covers=["io.from_numpy"])
def memory_is_handed_on_by_dlpack(torch, x: tensors(("float32", "float64", "int64", "uint8"), "integers"), numpy):
    """DLPack shares memory both ways, with its strides, and not that of a tensor that requires grad."""
    y = torch.from_dlpack(x)
    y.zero_()
    array = numpy.from_dlpack(x)
    torch.from_dlpack(numpy.ones((2, 3)))
    torch.Tensor.__dlpack__(torch.ones(2, requires_grad=True))
    torch.Tensor.__dlpack_device__(x)


@case(requires=["dlpack", "alias"], covers=["io.numpy"])
def capsules_are_taken_once(torch, x: floats(shape=(3,))):
    """A capsule of torch.utils.dlpack makes one tensor over the memory."""
    capsule = torch.utils.dlpack.to_dlpack(x)
    y = torch.utils.dlpack.from_dlpack(capsule)
    y.add_(1)
    torch.utils.dlpack.from_dlpack(capsule)


@case(requires=["item"], covers=["io.truth"])
def what_a_tensor_is(torch, x: tensors((*KINDS, "complex64"), "integers"), builtins):
    """Types tell what they are, in words and as flags; a tensor has one class whatever its type."""
    torch.is_tensor(x)
    torch.is_floating_point(x)
    x.is_floating_point()
    torch.is_complex(x)
    x.is_signed()
    x.type()
    builtins.str(x.dtype)
    builtins.str(builtins.type(x))
    torch.typename(x)
    builtins.isinstance(x, torch.Tensor)


@case(requires=["item"], covers=["io.truth"])
def what_is_no_tensor(torch, value: st.sampled_from([1, 1.5, "a", None])):
    """is_tensor is false for everything else, and what asks for a tensor refuses it."""
    torch.is_tensor(value)
    torch.is_floating_point(value)
    torch.is_complex(value)
    torch.numel(value)


@case(requires=["item"], covers=["io.truth"])
def truth_of_one_element(torch, x: tensors(KINDS, "integers"), builtins):
    """is_nonzero and bool() tell the truth of one element, nan included, and refuse more."""
    torch.is_nonzero(x)
    builtins.bool(x)
    builtins.bool(torch.tensor(float("nan")))


@case(requires=["backward"], covers=["io.del_grad_fn_alive"])
def graph_keeps_what_it_needs(torch, x: floats(), weakref):
    """An intermediate that a node saved lives as long as the graph, and not as long as its name."""
    y = x.requires_grad_() * 2
    z = y * y
    alive = weakref.ref(y)
    del y
    alive()
    z.sum().backward()
    alive()


@case(requires=["backward"], covers=["io.del_grad_fn_alive"])
def graph_lets_go_of_what_it_does_not_need(torch, x: floats(), weakref):
    """An intermediate that no node saved is gone with its name, and backward needs it not."""
    y = x.requires_grad_() * 2
    z = y + 1
    alive = weakref.ref(y)
    del y
    alive()
    z.sum().backward()


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


@case(requires=["backward"], covers=["io.del_grad_fn_alive"])
def weak_references_to_tensors(torch, x: floats(), weakref):
    """A weak reference to a tensor answers while something holds it, a view its base, and not after."""
    y = x.clone()
    base, window = weakref.ref(y), weakref.ref(y.view(-1))
    base()
    window()
    z = y.view(-1)
    del y
    base()
    del z
    base()


@case(requires=["numpy"])
def arrays_of_no_elements_have_no_strides(
    torch, shape: st.sampled_from([(0,), (0, 3), (3, 0), (2, 3)]), how: st.integers(0, 4)
):
    """numpy() of a tensor without elements has NumPy's strides, whatever the tensor's are."""
    x = torch.ones(shape)
    x = [x, x.clone(), x.t() if len(shape) == 2 else x[::2], x[:0], x[None].expand(2, *shape)][how]
    x.numpy()


@case(requires=["promotion"], covers=["io.item"])
def legacy_type_is_named_in_full(
    torch,
    x: floats(),
    name: st.sampled_from(["torch.DoubleTensor", "torch.LongTensor", "DoubleTensor", "float64", "int"]),
):
    """type() takes a dtype, or the full name of a legacy type of tensor, and no other word."""
    x.type(name)
    x.type(torch.int32)
    x.type_as(x.double())


@case(requires=["item"], covers=["io.item"])
def number_of_a_tensor_may_be_complex(
    torch,
    x: tensors(("float32", "int64", "bool"), "integers", max_dims=1),
    factor: st.sampled_from([1j, 1 + 0j]),
    builtins,
):
    """complex() takes any tensor of one element; float() and int() one without an imaginary part."""
    builtins.complex(x)
    y = x * factor
    builtins.complex(y)
    builtins.float(y)
    builtins.int(y)
    builtins.bool(y)
