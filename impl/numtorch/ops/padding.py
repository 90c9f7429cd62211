"""Padding with what is there: mirrored at the edge, or the edge repeated. (With a constant: arrange.py.)"""

from ..kernels import everything as k
from .row import LINEAR, op

for _name, _node, _forward, _backward in (
    ("reflection_pad", "ReflectionPad", k.reflection_pad, k.reflection_pad_backward),
    ("replication_pad", "ReplicationPad", k.replication_pad, k.replication_pad_backward),
):
    for _dims in (1, 2, 3):
        op(f"{_name}{_dims}d(self, padding)", _forward, node=f"{_node}{_dims}DBackward0", jvp=LINEAR,
           self=f"{_name}{_dims}d_backward(grad, self, padding)")
        op(f"{_name}{_dims}d_backward(grad_output, self, padding)", _backward,
           node=f"{_node}{_dims}DBackwardBackward0", grad_output=f"{_name}{_dims}d(grad, padding)",
           self="zeros_of(self.info)", jvp=f"{_name}{_dims}d_backward(grad_output_t, self_p, padding)")
