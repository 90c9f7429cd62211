"""Which attributes are read and which are called.

``x.grad`` is a value and ``x.sin`` is about to be called. The recorder has to know when the attribute is read: a read that
were recorded later would be recorded in the wrong place. tests/conformance/test_recorder.py holds this table against the
installed PyTorch. Whatever a program has set itself (``ctx.k = 3``) is a property too, and needs no entry here.
"""

from __future__ import annotations

_TENSOR = """
H T mH mT real imag data grad grad_dtype grad_fn _grad _grad_fn requires_grad retains_grad is_leaf output_nr volatile _version
_base _cdata _backward_hooks _post_accumulate_grad_hooks _python_dispatch _has_symbolic_sizes_strides
shape ndim dtype device layout itemsize nbytes names
is_cpu is_cuda is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse is_sparse_csr is_vulkan
is_xla is_xpu
"""

# `Node.name` is a method and `Tensor.name` (a property that always is None) nobody reads.
_NODE = "next_functions metadata variable _input_metadata _autograd_function_id _forward_cls node ownership_token"

_FUNCTION = """
saved_tensors saved_variables saved_for_forward to_save needs_input_grad dirty_tensors non_differentiable materialize_grads
_materialize_non_diff_grads _is_pure_view _raw_saved_tensors _compiled_autograd_backward_state
"""

# `values` and `indices` also are methods of sparse tensors; read first and called after, they are the same there.
_NAMED_TUPLES = """
values indices eigenvalues eigenvectors mantissa exponent primal tangent logabsdet solution residuals singular_values hist
bin_edges LU pivots info U S V Vh Q R L P
"""

_MODULE = "weight bias training param_groups state"

PROPERTIES = frozenset((_TENSOR + _NODE + " " + _FUNCTION + _NAMED_TUPLES + _MODULE).split())
"""Names that are read as a property of whatever carries them."""

OF_DTYPE = frozenset({"is_complex", "is_floating_point", "is_signed", "abbr"})
"""Properties of a dtype that are methods of a tensor."""

SIZES = frozenset({"shape", "ndim", "dtype", "layout", "itemsize", "nbytes", "device"})
"""Properties that say something of length, shape or dtype, never of values: the guide may answer for them."""

SIZE_METHODS = frozenset(
    {"size", "dim", "ndimension", "numel", "nelement", "stride", "storage_offset", "element_size", "is_contiguous"}
)
"""Methods of which the same is true."""


def is_property(name: str) -> bool:
    return name in PROPERTIES or name.startswith(("_saved_", "_raw_saved_"))
