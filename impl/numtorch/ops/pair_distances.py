"""The distances of each pair of rows; differentiable once, but for the one made of a product of matrices."""

from ..kernels import everything as k
from .row import op

op("cdist(x1, x2, p)", k.cdist, x1="sum_to_info(cdist_to_first(grad, x1, x2, p, result), x1.info)",
   x2="sum_to_info(cdist_to_second(grad, x1, x2, p, result), x2.info)")
op("cdist_backward(grad_output, x1, x2, p, result)", k.cdist_backward, node="CdistBackwardBackward0", outputs=("found",),
   **dict.fromkeys(("grad_output", "x1", "x2", "result"), "not_implemented_for(grad, '_cdist_backward')"))
op("euclidean_dist(x1, x2)", k.euclidean_dist,
   joint={("x1", "x2"): "euclidean_dist_backward(grad, x1, x2, result)"})
op("pdist(self, p)", k.pdist, self="pdist_backward(grad, self, p, result)")
op("pdist_backward(grad_output, self, p, pdist)", k.pdist_backward, node="PdistBackwardBackward0",
   **dict.fromkeys(("grad_output", "self", "pdist"), "not_implemented_for(grad, '_pdist_backward')"))
