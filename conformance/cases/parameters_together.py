"""torch.nn.utils: the gradients of several parameters clipped together, and parameters as one vector."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import smooth

WEIGHT = smooth(shape=(2, 3), dtype="float32")
BIAS = smooth(shape=(3,), dtype="float32")
ORDERS = st.sampled_from([2.0, 1.0, float("inf"), 0.5])


@case(requires=["backward", "nn_utils"], covers=["acc.leaf_mutated_between"])
def gradients_are_scaled_to_a_total_norm(
    torch, w: WEIGHT, b: BIAS, limit: st.sampled_from([0.1, 100.0]), order: ORDERS
):
    """clip_grad_norm_ multiplies all gradients in place by what brings their total norm to the limit."""
    unused = torch.ones(2, requires_grad=True)
    parameters = [w.requires_grad_(), b.requires_grad_(), unused]
    (w * b).pow(2).sum().backward()
    torch.nn.utils.clip_grad_norm_(parameters, limit, norm_type=order)
    torch.nn.utils.get_total_norm([w.grad, b.grad], order)
    torch.nn.utils.clip_grad_norm_(w, limit)
    torch.nn.utils.clip_grad_norm_([], limit)


@case(requires=["backward", "nn_utils"], covers=["acc.leaf_mutated_between"])
def norm_that_is_not_finite_is_refused_on_demand(torch, w: WEIGHT, strict: st.booleans()):
    """A total norm that is not finite raises if asked for, before anything is scaled."""
    (w.requires_grad_() * float("inf")).sum().backward()
    torch.nn.utils.clip_grad_norm_([w], 1.0, error_if_nonfinite=strict)
    torch.nn.utils.clip_grads_with_norm_([w], 1.0, torch.tensor(10.0))


@case(requires=["backward", "nn_utils"], covers=["acc.leaf_mutated_between"])
def elements_of_gradients_are_clamped(torch, w: WEIGHT, b: BIAS, limit: st.sampled_from([0.1, 1, 3.0])):
    """clip_grad_value_ clamps each element of each gradient in place, from below and from above."""
    (w.requires_grad_() * b.requires_grad_() * 2).pow(2).sum().backward()
    torch.nn.utils.clip_grad_value_([w, b], limit)
    torch.nn.utils.clip_grad_value_(w, limit, foreach=False)


@case(requires=["backward", "nn_utils", "views"], covers=["leaf.data_setter"])
def parameters_become_windows_of_a_vector(torch, w: WEIGHT, b: BIAS, v: smooth(shape=(9,), dtype="float32")):
    """parameters_to_vector is differentiable; vector_to_parameters makes windows of it their data."""
    parameters = [w.requires_grad_(), b.requires_grad_()]
    vector = torch.nn.utils.parameters_to_vector(parameters)
    vector.pow(2).sum().backward()
    torch.nn.utils.vector_to_parameters(v, parameters)
    v.zero_()
    torch.nn.utils.parameters_to_vector([w.t()])
    torch.nn.utils.vector_to_parameters([1], parameters)
