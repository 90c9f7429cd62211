"""Gathering and scattering along one dimension, over the flattened elements, and by masks."""

from ..kernels import everything as k
from .row import LINEAR, nondiff, op

# ---- single elements along one dimension
op("gather(self, dim, index: Tensor, sparse_grad)", k.gather, self="gather_backward(grad, self, dim, index, sparse_grad)",
   jvp=LINEAR)
op("scatter(self, dim, index: Tensor, src)", k.scatter, inplace=True,
   self="scatter_value(grad, dim, index, 0)", src="sum_to_info(gather(grad, dim, index, False), src.info)", jvp=LINEAR)
op("scatter_value(self, dim, index: Tensor, value)", k.scatter_value, node="ScatterBackward1", inplace=True,
   self="scatter_value(grad, dim, index, 0)", jvp="scatter_value(self_t, dim, index, 0)")
for _of, _suffix in (("", ""), ("_of", "_")):
    op(f"scatter_with{_of}(self, dim, index: Tensor, src, reduce)", k.scatter_with, says="scatter",
       node=f"Scatter{_suffix}NotImplemented", shown="NotImplemented", inplace=bool(_suffix),
       self=f"not_implemented(grad, 'aten::scatter{_suffix}')", src=f"not_implemented(grad, 'aten::scatter{_suffix}')")
    op(f"scatter_value_with{_of}(self, dim, index: Tensor, value, reduce)", k.scatter_value_with, says="scatter",
       node=f"ScatterValue{_suffix}NotImplemented", shown="NotImplemented", inplace=bool(_suffix),
       self=f"not_implemented(grad, 'aten::scatter{_suffix}')")
op("scatter_add(self, dim, index: Tensor, src)", k.scatter_add, inplace=True,
   self="grad", src="sum_to_info(gather(grad, dim, index, False), src.info)", jvp=LINEAR)
op("scatter_reduce(self, dim, index: Tensor, src, reduce, include_self)", k.scatter_reduce, inplace=True,
   joint={("self", "src"): "scatter_reduce_backward(grad, self, dim, index, src, reduce, include_self, result)"},
   jvp="scatter_reduce_jvp(self_p, self_t, dim, index, src_p, src_t, reduce, include_self, result)")

# ---- whole slices along one dimension
op("index_select(self, dim, index: Tensor)", k.index_select, self="index_select_backward(grad, self.shape, dim, index)",
   jvp=LINEAR)
op("index_add(self, dim, index: Tensor, source, alpha)", k.index_add, inplace=True,
   self="grad", source="index_add_source(grad, dim, index, source, source.ndim, alpha)",
   jvp="index_add(self_t, dim, index, scaled(source_t, alpha), 1)")
op("index_copy(self, dim, index: Tensor, source)", k.index_copy, inplace=True,
   self="index_fill(grad, dim, index, 0)", source="index_copy_source(grad, dim, index, source, source.ndim)", jvp=LINEAR)
op("index_fill(self, dim, index: Tensor, value)", k.index_fill, inplace=True,
   into=k.fill_slices, deprecated=True, self="index_fill(grad, dim, index, 0)", jvp="index_fill(self_t, dim, index, 0)")
op("index_fill_tensor(self, dim, index: Tensor, value)", k.index_fill_tensor, node="IndexFillBackward1", inplace=True,
   says="index_fill", into=k.fill_slices, deprecated=True,
   self="index_fill(grad, dim, index, 0)", value="index_fill_value(grad, dim, index, value.dtype)", jvp=LINEAR)
op("index_reduce(self, dim, index: Tensor, source, reduce, include_self)", k.index_reduce, inplace=True, warns=True,
   joint={("self", "source"): "index_reduce_backward(grad, self, dim, index, source, reduce, include_self, result)"})

# ---- flattened elements, and masks
op("take(self, index: Tensor)", k.take, self="take_backward(grad, self, index)", jvp=LINEAR)
op("put(self, index: Tensor, source, accumulate)", k.put, inplace=True,
   self="put_self(grad, index, source.info, accumulate)", source="put_source(grad, index, source)", jvp=LINEAR)
op("masked_scatter(self, mask: Tensor, source)", k.masked_scatter, inplace=True, into=k.scatter_where,
   self="masked_fill_backward(grad, mask, self.info)", source="masked_scatter_backward(grad, mask, source.shape)", jvp=LINEAR)
op("masked_scatter_backward(grad_output, mask: Tensor, sizes)", k.masked_scatter_backward,
   node="MaskedScatterBackwardBackward0", grad_output="masked_scatter_into_zeros(grad, grad_output.info, mask)", jvp=LINEAR)
nondiff("nonzero(self: Tensor)", k.nonzero)

# ---- a window of a copy
op("select_scatter(self, src, dim, index)", k.select_scatter,
   self="select_scatter_self(grad, src.dtype, dim, index)", src="grad.select(dim, index)", jvp=LINEAR)
op("slice_scatter(self, src, dim, start, end, step)", k.slice_scatter,
   self="slice_scatter_self(grad, src.dtype, dim, start, end, step)", src="slice_(grad, dim, start, end, step)", jvp=LINEAR)
op("diagonal_scatter(self, src, offset, dim1, dim2)", k.diagonal_scatter,
   self="diagonal_scatter_self(grad, src.dtype, offset, dim1, dim2)", src="grad.diagonal(offset, dim1, dim2)", jvp=LINEAR)
