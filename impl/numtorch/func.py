"""torch.func: functions of functions."""

from ._functorch.eager_transforms import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp
from ._functorch.functional_call import functional_call, stack_module_state
from ._functorch.vmap import vmap

for _function in (
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    vjp,
    functional_call,
    stack_module_state,
    vmap,
):
    _function.__module__ = "torch.func"

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "vjp",
    "vmap",
]
