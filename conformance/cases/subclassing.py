"""Subclasses of Tensor, and nn.Parameter, the one that PyTorch itself has."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, dtypes, floats, tensors


def subclass(torch):
    """A subclass that does nothing of its own."""

    class Marked(torch.Tensor):
        note = "marked"

    return Marked


@case(requires=["subclass"], covers=["sub.torch_function"])
def results_are_of_the_subclass(torch, x: floats(), y: lambda x: cotangent(x), builtins):
    """What functions, methods and operators return for an object of a subclass is of that subclass."""
    marked = x.as_subclass(subclass(torch))
    for result in (marked + y, y * marked, marked.exp(), torch.sin(marked), torch.stack([y, marked]), marked.detach()):
        builtins.repr(result)
    builtins.repr(y + 1)


@case(requires=["subclass"], covers=["sub.torch_function"])
def results_have_an_alias_node(torch, x: floats()):
    """A result becomes one of the subclass by an alias, which is a node of its own in the graph."""
    marked = x.requires_grad_().as_subclass(subclass(torch))
    y = marked * 2
    y.grad_fn
    y._is_view()
    y.sum().backward()


@case(requires=["subclass"], covers=["sub.torch_function"])
def gradient_of_a_subclass_is_plain(torch, x: floats(), g: lambda x: cotangent(x), builtins):
    """The .grad of an object of a subclass is a plain tensor."""
    marked = x.as_subclass(subclass(torch)).requires_grad_()
    (marked * marked).backward(g)
    builtins.repr(marked.grad)
    builtins.repr(marked.grad * marked)


@case(requires=["subclass"], covers=["sub.torch_function"])
def tuples_of_a_subclass(torch, x: floats(shape=(3, 2)), builtins):
    """Tuples that a function returns hold objects of the subclass, named tuples included."""
    marked = x.as_subclass(subclass(torch))
    builtins.repr(marked.unbind())
    builtins.repr(marked.max(0))
    builtins.repr(marked.T)


@case(requires=["subclass"], covers=["sub.torch_function"])
def writing_in_place_keeps_the_subclass(torch, x: floats(shape=(3,)), y: floats(shape=(3,)), builtins):
    """An in-place method returns the object itself, of whatever class it is."""
    marked = x.as_subclass(subclass(torch))
    marked.mul_(y)
    y.add_(marked)
    marked[0] = 1
    builtins.repr(marked)
    builtins.repr(y)


@case(requires=["subclass"], covers=["sub.torch_function"])
def two_subclasses_that_know_nothing_of_each_other(torch, x: floats(), builtins):
    """An operator over two unrelated subclasses is refused."""

    class Marked(torch.Tensor):
        note = "marked"

    class Other(torch.Tensor):
        note = "other"

    torch.add(x.as_subclass(Marked), x.as_subclass(Other))
    x.as_subclass(Other) * x.as_subclass(Marked)


@case(requires=["subclass"], covers=["sub.torch_function"])
def subclass_of_a_subclass_comes_first(torch, x: floats(), builtins):
    """Over a subclass and one of its own the result is of the more special one."""

    class Marked(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args, kwargs=None):
            return torch.Tensor.__torch_function__.__func__(cls, func, types, args, kwargs)

    marked = x.as_subclass(Marked)
    builtins.repr(marked * 2)
    builtins.repr(torch.cat([x, marked]) if x.dim() else x)


@case(requires=["subclass"], covers=["sub.override"])
def an_override_is_told_what_was_called(torch, x: floats(), builtins):
    """__torch_function__ is called with the function, the classes and the arguments."""
    names = builtins.list()

    class Told(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args, kwargs=None):
            names.append(builtins.getattr(func, "__name__"))
            return torch.Tensor.__torch_function__.__func__(cls, func, types, args, kwargs)

    told = x.as_subclass(Told)
    told + 1
    2 / told
    torch.exp(told)
    told.sum()
    told.requires_grad
    told.shape
    builtins.len(names)


@case(requires=["subclass"], covers=["sub.override"])
def an_override_sees_backward(torch, x: floats(), builtins):
    """backward() and autograd.grad are given to __torch_function__, the engine's own steps are not."""

    class Told(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args, kwargs=None):
            builtins.getattr(func, "__name__")
            return torch.Tensor.__torch_function__.__func__(cls, func, types, args, kwargs)

    told = x.as_subclass(Told).requires_grad_()
    (told * told).sum().backward()
    told.grad
    torch.autograd.grad((told * told).sum(), told)


@case(requires=["subclass"], covers=["sub.override"])
def an_override_answers_for_itself(torch, x: floats(), answer: st.sampled_from([0, "no", 2.5])):
    """What __torch_function__ returns is what the function returns."""

    class Stubborn(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args, kwargs=None):
            return answer

    with torch._C.DisableTorchFunctionSubclass():
        stubborn = x.as_subclass(Stubborn)
    stubborn.exp()
    torch.sin(stubborn)
    x + stubborn
    torch.autograd.grad(stubborn, x)


@case(requires=["subclass"], covers=["sub.override"])
def an_override_may_raise(torch, x: floats()):
    """An error that __torch_function__ raises reaches the caller."""

    class Broken(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args, kwargs=None):
            raise ValueError("not this one")

    with torch._C.DisableTorchFunctionSubclass():
        broken = x.as_subclass(Broken)
    torch.exp(broken)
    broken.sum()


# ---- nn.Parameter


@case(requires=["nn"], covers=["leaf.param"])
def parameter_requires_grad(torch, x: floats(), builtins):
    """A Parameter requires grad and says so first."""
    weight = torch.nn.Parameter(x)
    builtins.repr(weight)
    builtins.isinstance(weight, torch.Tensor)
    frozen = torch.nn.Parameter(x, requires_grad=False)
    builtins.repr(frozen)


@case(requires=["nn"], covers=["leaf.param"])
def parameter_of_integers(torch, x: tensors(["int64", "int32", "uint8", "bool"], "integers")):
    """Integers make a Parameter only where no gradient is asked for."""
    torch.nn.Parameter(x)
    torch.nn.Parameter(x, requires_grad=False)


@case(requires=["nn", "backward"], covers=["leaf.param"])
def parameter_of_a_result_is_a_leaf(torch, x: floats()):
    """A Parameter made of a result is a leaf over its memory; no gradient flows on."""
    y = x.requires_grad_() * 2
    weight = torch.nn.Parameter(y)
    (weight * 3).sum().backward()
    weight.is_leaf
    x.grad


@case(requires=["nn", "alias"], covers=["leaf.param"])
def parameter_shares_memory(torch, x: floats(shape=(3,))):
    """A Parameter and the tensor that it was made of see each other's writes, and count them together."""
    weight = torch.nn.Parameter(x)
    with torch.no_grad():
        weight.add_(1)
    x.mul_(2)
    weight._version


@case(requires=["nn", "backward"], covers=["leaf.param", "sub.torch_function"])
def parameters_make_plain_tensors(torch, x: floats(), builtins):
    """What is computed from a Parameter is a plain tensor."""
    weight = torch.nn.Parameter(x)
    builtins.repr(weight * 2)
    builtins.repr(weight.detach())
    builtins.repr(weight.clone())
    builtins.repr(weight.data)


@case(requires=["nn"], covers=["leaf.param"])
def parameter_without_data(torch, builtins):
    """A Parameter of nothing is empty, and one of a list is refused."""
    builtins.repr(torch.nn.Parameter())
    torch.nn.Parameter([1.0])


@case(requires=["nn"], covers=["leaf.param"])
def parameter_in_another_type(torch, x: floats(), dtype: dtypes("float")):
    """A cast of a Parameter is a result; its data can be set to another type."""
    weight = torch.nn.Parameter(x)
    weight.to(dtype)
    weight.data = weight.data.to(dtype)
    weight.dtype


@case(requires=["subclass", "create_graph"], covers=["sub.torch_function"])
def formulas_ask_no_subclass(torch, x: floats(shape=(2,), values="finite")):
    """What a subclass says of functions is not asked by formulas, of gradients of gradients either."""

    class Asked(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args, kwargs=None):
            return torch.Tensor.__torch_function__.__func__(cls, func, types, args, kwargs)

    marked = x.as_subclass(Asked).requires_grad_()
    y = (marked * marked).sum()
    (g,) = torch.autograd.grad(y, marked, create_graph=True)
    g.sum().backward()
