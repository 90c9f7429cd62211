"""Sums, means, products, extremes and norms, over everything or over some dimensions."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import bools, cotangent, dims, floats, ints

scalar = floats("float32", shape=(), values="distinct")


@case(requires=["backward", "sum"])
def sum_of_everything(torch, x: floats(), s: scalar):
    """The gradient of a sum is the same for every element."""
    (x.requires_grad_().sum() * s).backward()


@case(requires=["backward", "sum"])
def sum_over_a_dimension(torch, x: floats(min_dims=1), d: lambda x: dims(x), keep: st.booleans()):
    """A sum over one dimension keeps the others, and the summed one as 1 if asked to."""
    y = x.requires_grad_().sum(d, keepdim=keep)
    (y * y.detach()).sum().backward()


@case(requires=["backward", "sum"])
def sum_over_several_dimensions(
    torch, x: floats(shape=(2, 3, 2)), d: st.sampled_from([(0, 1), (2, 0), (-1,), (1, -1)])
):
    """A sum over several dimensions spreads its gradient over them."""
    y = x.requires_grad_().sum(dim=d)
    (y * y.detach()).sum().backward()


@case(requires=["backward", "mean"])
def mean_of_everything(torch, x: floats(), s: scalar):
    """The gradient of a mean is one over the number of elements."""
    (x.requires_grad_().mean() * s).backward()


@case(requires=["backward", "mean"])
def mean_over_a_dimension(torch, x: floats(min_dims=1), d: lambda x: dims(x), keep: st.booleans()):
    """A mean over one dimension divides its gradient by the length of that dimension."""
    y = x.requires_grad_().mean(d, keepdim=keep)
    (y * y.detach()).sum().backward()


@case(requires=["backward", "prod"], covers=["num.prod_zeros"])
def product_of_everything(torch, x: floats(values="finite"), s: scalar):
    """The gradient of a product is that of the other factors, even where factors are zero."""
    (x.requires_grad_().prod() * s).backward()


@case(requires=["backward", "prod"], covers=["num.prod_zeros"])
def product_over_a_dimension(torch, x: floats(min_dims=1, values="finite"), d: lambda x: dims(x), keep: st.booleans()):
    """A product over one dimension has the gradient of each of its products."""
    x.requires_grad_().prod(d, keepdim=keep).sum().backward()


@case(requires=["backward", "max"], covers=["num.max_all"])
def extremes_of_everything(torch, x: floats(empty=False), s: scalar):
    """The gradient of the largest and of the smallest element goes to where it is."""
    x.requires_grad_()
    (x.max() * s + x.min()).backward()


@case(requires=["backward", "max"], covers=["num.max_all"])
def extremes_over_a_dimension(torch, x: floats(min_dims=1, empty=False), d: lambda x: dims(x), keep: st.booleans()):
    """max() and min() over a dimension return values, which pass the gradient on, and indices."""
    values, indices = x.requires_grad_().max(d, keepdim=keep)
    least = x.min(dim=d)
    least.indices
    (values.sum() * 2 + least.values.sum()).backward()
    indices


@case(requires=["backward", "norm"], covers=["num.roots"])
def norm_of_everything(torch, x: floats(values="finite"), s: scalar):
    """The gradient of a norm points away from zero, and at zero it is zero."""
    (x.requires_grad_().norm() * s).backward()


@case(requires=["backward", "norm"])
def norms_of_other_orders(torch, x: floats(empty=False, values="finite"), p: st.sampled_from([1, 2, 3, 2.5, 0])):
    """Norms of every order are differentiated."""
    x.requires_grad_().norm(p).backward()


@case(requires=["backward", "norm"])
def norm_over_a_dimension(torch, x: floats(min_dims=1, values="finite"), d: lambda x: dims(x), keep: st.booleans()):
    """A norm over a dimension has the gradient of each row's norm."""
    x.requires_grad_().norm(dim=d, keepdim=keep).sum().backward()


@case(requires=["sum"], covers=["dt.int_reduce"])
def sums_of_integers_are_wide(torch, n: ints(("int32", "uint8", "int64")), mask: bools()):
    """Sums and products of integers and truth values are of dtype int64."""
    n.sum()
    n.prod()
    mask.sum()


@case(requires=["sum", "mean", "max"], covers=["num.empty"])
def reductions_of_nothing(torch, shape: st.sampled_from([(0,), (2, 0)])):
    """Of nothing the sum is zero, the product one, the mean nan, and there is no maximum."""
    x = torch.zeros(shape, requires_grad=True)
    x.sum()
    x.prod()
    x.mean()
    x.max()


@case(requires=["sum"])
def dimension_must_exist(torch, x: floats(), d: st.sampled_from([3, -4, 7])):
    """A reduction over a dimension that does not exist raises."""
    x.requires_grad_().sum(d)
    x.mean(dim=d)
    x.max(d)


@case(requires=["backward", "sum"])
def sum_in_another_dtype(torch, x: floats("float32"), s: floats("float64", shape=())):
    """A sum in another dtype returns the gradient in the dtype of its operand."""
    (x.requires_grad_().sum(dtype=torch.float64) * s).backward()


@case(requires=["backward", "mean", "pow"])
def mean_squared_error(torch, xy: st.tuples(floats("float32", shape=(2, 3)), floats("float32", shape=(2, 3)))):
    """The mean squared error has twice the error over the number of elements as its gradient."""
    x, y = xy
    (x.requires_grad_() - y).pow(2).mean().backward()


@case(requires=["backward", "sum"])
def gradient_of_a_reduction_follows_its_cotangent(torch, x: floats(shape=(2, 3)), g: cotangent((3,))):
    """Every column of a sum over rows gets its own part of the gradient."""
    x.requires_grad_().sum(0).backward(g)


@case(requires=["grad", "sum"], covers=["acc.grad_stride0_arg"])
def gradient_of_a_sum_keeps_the_stride_of_what_is_one(torch, x: floats("float32", shape=(3, 1)), g: cotangent((1,))):
    """The gradient of a sum has stride 0 where it is repeated, and not in other dimensions of size 1."""
    y = x.requires_grad_().sum(0)
    torch.autograd.grad(y, x, g, retain_graph=True)
    torch.autograd.grad(y.sum(), x)
