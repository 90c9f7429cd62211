"""The Tensor: an array, its descriptor, and its place in the graph.

The slots are what every operation touches; all that is rare (hooks, view relations, a retained gradient) is in `_extra`.
`_array` is a NumPy scalar while a 0-d tensor's memory is nobody's business, an ndarray from then on (views.storage_of).
`_requires_grad` is True or False, or views.ASK_BASE in a view whose base decides, or views.ALONE. `_counter` is the version
counter, a one-element list shared by all that share memory, or None while it is 0 and nothing is shared. `_grad` and
`_accumulator` are left unset in what an operator records: leaves need them, and a slot that is stored takes 60 instructions.

There is no `__dict__`: CPython 3.11 and 3.12 allocate its values with each object, which costs 90 ns of the 700 that a
small operator takes. Subclasses such as nn.Parameter have one.
"""

from __future__ import annotations

from typing import Any

from . import dtype as dtypes, grad_mode
from .aliasing import views
from .calls import handlers, torch_function
from .memory.descriptor import Descriptor, Size, describe
from .memory.lazy import resolve
from .nodes.handles import HookDict, RemovableHandle
from .nodes.records import node_of
from .plain_numpy import np
from .warning import warn

_new = object.__new__


class readonly(property):
    """A property that is refused, in PyTorch's words, when it is assigned."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    def __set__(self, instance: Any, value: Any) -> None:
        raise AttributeError(f"attribute '{self.attribute}' of 'torch._C.TensorBase' objects is not writable")

    def __delete__(self, instance: Any) -> None:
        self.__set__(instance, None)


class Tensor:
    """A multi-dimensional array that autograd can follow."""

    __module__ = "torch"

    __slots__ = (
        "__weakref__",
        "_accumulator",
        "_array",
        "_counter",
        "_desc",
        "_extra",
        "_grad",
        "_made",
        "_requires_grad",
    )
    __array_priority__ = 1000
    _array: Any
    _desc: Descriptor
    _requires_grad: Any
    _made: Any  # the node that made it, as a Node or a record (nodes/records.py); None of a leaf
    _grad: Any
    _counter: list[int] | None
    _extra: Any
    _accumulator: Any

    def __new__(cls, *data: Any, **kwargs: Any) -> Tensor:
        """A new tensor of the default type from nested numbers; sizes are better given to torch.empty."""
        from .creation import legacy_new
        from .functions.copying import as_subclass

        new: Tensor = as_subclass(legacy_new(data), cls)
        return new

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        torch_function.subclassed(cls)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What is done with a function that was given an object of this class: its results are of the class, too."""
        return handlers.default_torch_function(cls, func, types, args, kwargs)

    # ---- autograd attributes

    @property
    def _node(self) -> Any:
        """The Node that made the tensor."""
        made = self._made
        if type(made) is list:
            made = self._made = node_of(made)
        return made

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are to be computed for this tensor."""
        flag = self._requires_grad
        return flag if flag is True or flag is False else views.requires_grad(self)

    @requires_grad.setter
    def requires_grad(self, value: Any) -> None:
        if type(value) is not bool:
            raise RuntimeError("requires_grad must be a bool")
        if value and self._made is not None:  # the method allows what is true already
            raise RuntimeError("you can only change requires_grad flags of leaf variables.")
        self._set_requires_grad(value, "only Tensors of floating point and complex dtype can require gradients")

    @requires_grad.deleter
    def requires_grad(self) -> None:
        raise RuntimeError("requires_grad must be a bool")

    def _set_requires_grad(self, value: bool, text: str) -> None:
        if not value and self._made is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if value and self._desc.dtype.category < dtypes.FLOATING:
            raise RuntimeError(text)
        extra = self._extra
        if value and extra is not None and extra.inference and not grad_mode.state.inference:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        if self._made is not None:
            return
        if value:
            self._requires_grad = views.ALONE if extra is not None and extra.inference else True
        else:
            self._requires_grad = views.ASK_BASE if extra is not None and extra.base is not None else False

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set requires_grad in place."""
        if type(requires_grad) is not bool:
            from .calls.operands import type_name

            raise TypeError(
                f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {type_name(requires_grad)}"
            )
        self._set_requires_grad(requires_grad, "only Tensors of floating point dtype can require gradients")
        return self

    @readonly
    def is_leaf(self) -> bool:
        """Whether no tracked operation made this tensor."""
        return self._made is None if self._extra is None else views.is_leaf(self)

    @readonly
    def grad_fn(self) -> Any:
        """The node whose output this tensor is."""
        return self._node if self._extra is None else views.current_grad_fn(self)

    @property
    def _grad_fn(self) -> Any:
        """`grad_fn`, which may be set to None: that is `detach_`."""
        return self.grad_fn

    @_grad_fn.setter
    def _grad_fn(self, value: Any) -> None:
        if value is not None:
            raise RuntimeError("_grad_fn can be only set to None")
        self.detach_()  # type: ignore[attr-defined]

    @_grad_fn.deleter
    def _grad_fn(self) -> None:
        raise RuntimeError("Deletion of _grad_fn not allowed. Detach tensor instead!")

    @property
    def _output_nr(self) -> int:
        return 0 if self._extra is None else self._extra.output_nr

    @_output_nr.setter
    def _output_nr(self, value: int) -> None:
        if value or self._extra is not None:
            views.extras(self).output_nr = value

    @readonly
    def output_nr(self) -> int:
        """Which output of grad_fn this tensor is."""
        return self._output_nr

    @property
    def grad(self) -> Any:
        """The gradient accumulated by backward."""
        grad = getattr(self, "_grad", None) if self._made is not None else self._grad
        if grad is None and self._made is not None and not (self._extra and self._extra.retains_grad):
            warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't "
                "be populated during autograd.backward(). If you indeed want the .grad field to be populated for a "
                "non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by "
                "mistake, make sure you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for "
                "more information.",
            )
        return grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is None:
            self._grad = None
            return
        if not isinstance(value, Tensor):
            raise TypeError(
                f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
            )
        if value is self:
            raise RuntimeError("can't assign Variable as its own grad")
        kind = self._desc.dtype if self._extra is None or self._extra.grad_dtype is False else self._extra.grad_dtype
        if kind is not None and value._desc.dtype is not kind:
            raise RuntimeError(
                f"attempting to assign a gradient with dtype '{cpp_name(value._desc.dtype)}' to a tensor with "
                f"grad_dtype '{kind.scalar_name}'. The gradient must match the tensor's grad_dtype (defaults to the "
                "tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow "
                "any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
                "downstream systems that assume they match."
            )
        if value._desc.shape != self._desc.shape:
            raise RuntimeError(
                f"attempting to assign a gradient of size '{list(value._desc.shape)}' to a tensor of size "
                f"'{list(self._desc.shape)}'. Please ensure that the gradient and the tensor are the same size"
            )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @readonly
    def retains_grad(self) -> bool:
        """Whether this non-leaf keeps its gradient."""
        return self._extra is not None and self._extra.retains_grad

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in .grad."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        node = self._node
        if node is None or self.retains_grad:
            return
        node = self.grad_fn
        import weakref

        views.extras(self).retains_grad = True
        node.extras().retains_grad[self._output_nr] = weakref.ref(self)

    def register_hook(self, hook: Any) -> RemovableHandle:
        """Call hook(grad) each time the gradient of this tensor is computed; it may return another gradient."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        extra = views.extras(self)
        if extra.hooks is None:
            node = self.grad_fn
            extra.hooks = HookDict()
            if node is not None:
                node._register_hook_dict(self)
        # A view whose base was written to since is not derived anew here: the hook joins those of its old value.
        handle = RemovableHandle(extra.hooks)
        extra.hooks[handle.id] = hook
        return handle

    def register_post_accumulate_grad_hook(self, hook: Any) -> RemovableHandle:
        """Call hook(self) each time a gradient has been added to this leaf's .grad."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        extra = views.extras(self)
        if extra.post_hooks is None:
            extra.post_hooks = HookDict()
        handle = RemovableHandle(extra.post_hooks)
        extra.post_hooks[handle.id] = hook
        return handle

    @property
    def _backward_hooks(self) -> Any:
        return self._extra.hooks if self._extra is not None else None

    @_backward_hooks.setter
    def _backward_hooks(self, value: Any) -> None:
        # A leaf looks for its hooks here. The node of another tensor keeps those that were registered with it.
        views.extras(self).hooks = value

    @_backward_hooks.deleter
    def _backward_hooks(self) -> None:
        raise RuntimeError("Deletion of _backwards_hooks not allowed!")

    @property
    def _post_accumulate_grad_hooks(self) -> Any:
        return self._extra.post_hooks if self._extra is not None else None

    @_post_accumulate_grad_hooks.setter
    def _post_accumulate_grad_hooks(self, value: Any) -> None:
        views.extras(self).post_hooks = value

    @_post_accumulate_grad_hooks.deleter
    def _post_accumulate_grad_hooks(self) -> None:
        raise RuntimeError("Deletion of _post_accumulate_grad_hooks not allowed!")

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Compute the gradient of this tensor and add it to the leaves."""
        made = self._made
        if (
            gradient is None
            and inputs is None
            and create_graph is False
            and (retain_graph is None or type(retain_graph) is bool)
            and made is not None
            and self._extra is None
            and self._desc.ndim == 0
            and self._desc.real
            and (type(made) is list or not made.multi)
        ):
            engine.run_from_scalar(made, self._desc.dtype, bool(retain_graph))
            return
        from .autograd import backward

        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    @readonly
    def _version(self) -> int:
        if self._counter is None and self._extra is not None and self._extra.inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        return 0 if self._counter is None else int(self._counter[0])

    def _is_view(self) -> bool:
        return self._base is not None

    @readonly
    def _base(self) -> Any:
        extra = self._extra
        return None if extra is None else extra.base

    def is_inference(self) -> bool:
        """Whether the tensor was made in inference mode."""
        return self._extra is not None and self._extra.inference

    # ---- shape and type

    @readonly
    def shape(self) -> Size:
        """The size of each dimension."""
        return self._desc.shape

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        shape = self._desc.shape
        return shape if dim is None else shape[own_dim(dim, len(shape), "size")]

    @readonly
    def dtype(self) -> dtypes.dtype:
        """The type of the elements."""
        return self._desc.dtype

    @readonly
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._desc.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._desc.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self._desc.numel

    nelement = numel

    def _numpy(self) -> np.ndarray:
        """The values as an ndarray, sharing memory if it holds them, without any check."""
        array: np.ndarray = resolve(views.storage_of(self))
        return array

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        from . import tangents
        from .printing import tensor_repr

        return tensor_repr(self, None if self._extra is None else tangents.tangent_of(self))

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        if self._desc.numel != 1:
            what = "no values" if self._desc.numel == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
        return bool(self._array if self._desc.ndim == 0 else self._array.reshape(()))


_CPP_NAMES = {
    "float32": "float",
    "float64": "double",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
    "int64": "long int",
    "int32": "int",
    "int16": "short int",
    "int8": "signed char",
    "uint8": "unsigned char",
    "bool": "bool",
}


def cpp_name(kind: dtypes.dtype) -> str:
    """The name of an element type as C++ has it."""
    return _CPP_NAMES[kind.name]


SLOTS = tuple(slot for slot in Tensor.__slots__ if slot != "__weakref__")


def copy_slots(tensor: Tensor, other: Tensor) -> None:
    """Make of the other tensor what this one is."""
    for slot in SLOTS:
        setattr(other, slot, getattr(tensor, slot, None))


_TENSOR = (Tensor,)  # `_new(*_TENSOR)` need not make the tuple of its arguments


def wrap(array: Any) -> Tensor:
    """A plain tensor over an array, without copying."""
    result = _new(*_TENSOR)
    result._array = array
    result._desc = describe(array)
    result._requires_grad = False
    result._made = None
    result._grad = None
    result._counter = None
    result._extra = None
    result._accumulator = None
    return result


def own_dim(dim: Any, ndim: int, name: str) -> int:
    """A dimension that must exist, for size() and stride(): a 0-d tensor has none."""
    if type(dim) is not int and (isinstance(dim, bool) or not hasattr(dim, "__index__")):
        raise TypeError(f"{name}(): argument 'dim' (position 1) must be int, not {type(dim).__name__}")
    return existing_dim(dim, ndim)


def existing_dim(dim: int, ndim: int) -> int:
    """`wrap_dim` where a 0-d tensor has no dimension."""
    if not ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, ndim)


def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the front, or PyTorch's IndexError."""
    low, high = (-ndim, ndim - 1) if ndim else (-1, 0)
    if not low <= dim <= high:
        raise IndexError(f"Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})")
    return dim + (ndim or 1) if dim < 0 else dim


from .backward import engine  # noqa: E402  (it needs Tensor; an import within backward() takes as long as a small operator)
