"""Operations that move elements about and compute nothing."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, dims, floats, same_shape


@case(requires=["backward", "transpose"])
def transposition(torch, x: floats(shape=(2, 3)), g: cotangent((3, 2))):
    """The gradient of a transposed matrix is transposed back."""
    y = x.requires_grad_().t() + x.transpose(0, 1) + x.T
    y.backward(g)


@case(requires=["transpose"])
def only_matrices_have_t(torch, x: floats()):
    """t() takes tensors of up to two dimensions."""
    x.t()


@case(requires=["backward", "permute"])
def permutation(torch, x: floats(shape=(2, 3, 2)), order: st.permutations([0, 1, 2])):
    """The gradient of permuted dimensions is permuted back."""
    y = x.requires_grad_().permute(order)
    (y * y).sum().backward()


@case(requires=["backward", "view"])
def view_and_reshape(torch, x: floats(shape=(2, 3)), shape: st.sampled_from([(3, 2), (6,), (1, 6), (-1, 2), (2, -1)])):
    """view() and reshape() give the gradient its old shape back."""
    y = x.requires_grad_().view(shape) * x.reshape(shape)
    y.sum().backward()


@case(requires=["backward", "expand"])
def expansion(torch, x: floats(shape=(1, 3)), g: cotangent((2, 3))):
    """The gradient of an expanded tensor is summed over the copies."""
    x.requires_grad_().expand(2, 3).backward(g)
    x.expand(4, -1, -1).sum().backward()


@case(requires=["expand"])
def only_dimensions_of_one_expand(torch, x: floats(shape=(2, 3))):
    """expand() raises where a dimension is not 1."""
    x.expand(2, 2, 3)
    x.expand(4, 3)


@case(requires=["backward", "squeeze"])
def squeezing(torch, x: floats(shape=(1, 2, 1)), d: st.sampled_from([0, 1, 2, -1])):
    """Dimensions of 1 are left out by squeeze() and put in by unsqueeze()."""
    y = x.requires_grad_().squeeze(d).unsqueeze(-1)
    z = x.squeeze()
    (y * y.detach()).sum().backward()
    z.sum().backward()


@case(requires=["backward", "cat"])
def concatenation(torch, xy: same_shape(2, min_dims=1), d: st.sampled_from([0, -1])):
    """The gradient of concatenated tensors is cut where they meet."""
    x, y = xy
    z = torch.cat((x.requires_grad_(), y.requires_grad_(), x), d)
    (z * z.detach()).sum().backward()


@case(requires=["backward", "stack"])
def stacking(torch, xy: same_shape(2), d: st.sampled_from([0, -1])):
    """The gradient of stacked tensors is taken apart again."""
    x, y = xy
    z = torch.stack([x.requires_grad_(), y.requires_grad_()], dim=d)
    (z * z.detach()).sum().backward()


@case(requires=["cat"])
def shapes_must_fit_to_be_joined(torch, x: floats("float32", shape=(2, 3)), y: floats("float32", empty=False)):
    """cat() and stack() raise unless the shapes fit."""
    torch.cat([x, y])
    torch.stack([x, y])
    torch.cat([])


@case(requires=["backward", "clone"])
def cloning(torch, x: floats(), g: lambda x: cotangent(x)):
    """A clone has memory of its own and passes its gradient on."""
    y = x.requires_grad_().clone()
    y.backward(g)


@case(requires=["backward", "unbind"])
def unbinding(torch, x: floats(shape=(2, 3)), d: st.integers(0, 1)):
    """A tensor is taken apart along a dimension, and its gradient put together again."""
    parts = x.requires_grad_().unbind(d)
    (parts[0] * 2 - parts[1] * 3).sum().backward()


@case(requires=["backward"])
def iteration_goes_over_the_first_dimension(torch, x: floats(shape=(2, 3))):
    """Iterating over a tensor yields its rows, through which gradients flow."""
    first, second = x.requires_grad_()
    (first * second).sum().backward()


@case(requires=["backward", "sum"])
def shapes_are_read_off(torch, x: floats(), d: lambda x: dims(x)):
    """size(), shape, dim() and numel() say how large a tensor is."""
    x.shape
    x.size()
    x.dim()
    x.numel()
    x.ndim
    x.size(d)
    x.stride()
    x.is_contiguous()


@case(requires=["backward", "transpose", "view"])
def strides_survive_a_chain(torch, x: floats(shape=(2, 3, 2)), g: cotangent((2, 6))):
    """A chain of views has the gradient of each in turn."""
    x.requires_grad_().transpose(0, 2).reshape(2, 6).backward(g)
