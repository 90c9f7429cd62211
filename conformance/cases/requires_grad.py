"""Which tensors require grad: whoever is told to, and whatever is computed from one that does."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import broadcastable, complexes, dtypes, floats, tensors

REQUIRES = ("tape",)

ALL_DTYPES = ("float32", "float64", "float16", "bfloat16", "complex64", "int64", "int32", "uint8", "bool")


@case(lecture="requires_grad", covers=["leaf.factory"])
def new_tensors_do_not_require_grad(torch, x: tensors(ALL_DTYPES, "integers")):
    """A tensor made from data is a leaf that requires no grad and has neither grad nor grad_fn."""
    x.requires_grad
    x.is_leaf
    x.grad
    x.grad_fn


@case(lecture="requires_grad", requires=["factories"], covers=["leaf.factory_rg"])
def factory_takes_requires_grad(torch, x: floats(), size: st.sampled_from([(2,), (), (2, 3), (0,)])):
    """A factory given requires_grad=True makes a leaf that requires grad."""
    a = torch.zeros(size, requires_grad=True)
    b = torch.ones_like(x, requires_grad=True)
    a.is_leaf
    b.is_leaf


@case(lecture="requires_grad", covers=["leaf.result"])
def one_operand_that_requires_grad_is_enough(torch, xyz: broadcastable(3)):
    """A result requires grad as soon as one operand does."""
    x, y, z = xyz
    (x + y).requires_grad
    z.requires_grad = True
    (x + y).requires_grad
    (x + z).requires_grad
    (z * x - y).requires_grad


@case(lecture="requires_grad", covers=["leaf.result"])
def result_is_a_leaf_unless_it_requires_grad(torch, x: floats()):
    """A result that requires grad is not a leaf; one that does not is."""
    a = x + 1
    x.requires_grad_()
    b = x + 1
    a.is_leaf
    b.is_leaf


@case(lecture="requires_grad", covers=["leaf.requires_then_op"])
def requires_grad_returns_the_tensor_itself(torch, x: floats()):
    """requires_grad_() switches the flag on and returns the very same tensor."""
    y = x.requires_grad_()
    z = y.requires_grad_(True)
    z.requires_grad_(requires_grad=False)


@case(lecture="requires_grad", requires=["backward"], covers=["leaf.requires_then_op"])
def requiring_grad_later_does_not_track_the_past(torch, x: floats()):
    """Setting requires_grad does not track what was computed before."""
    before = x * 2
    x.requires_grad = True
    (before + x * 3).sum().backward()
    x.grad


@case(lecture="requires_grad", covers=["leaf.requires_then_op"])
def requires_grad_is_switched_by_the_attribute(torch, x: floats()):
    """Assigning requires_grad switches tracking on and off again."""
    x.requires_grad = True
    (x * 2).requires_grad
    x.requires_grad = False
    (x * 2).requires_grad


@case(lecture="requires_grad", requires=["complex"], covers=["leaf.complex_requires"])
def complex_tensors_can_require_grad(torch, z: complexes(("complex64", "complex128"))):
    """A complex tensor can require grad."""
    z.requires_grad_()
    z * 2


@case(lecture="requires_grad", covers=["leaf.complex_requires"])
def every_floating_dtype_can_require_grad(torch, x: floats(dtype=("float16", "bfloat16", "float64", "float32"))):
    """Tensors of every floating point dtype can require grad, and so does what is computed from them."""
    x.requires_grad_()
    x + x


@case(lecture="requires_grad", covers=["leaf.nonleaf_rg_false"])
def only_leaves_can_stop_requiring_grad(torch, x: floats()):
    """Switching requires_grad off on a result raises; switching it on changes nothing."""
    y = x.requires_grad_() * 2
    y.requires_grad_()
    y.requires_grad = False
    y.requires_grad_(False)


@case(lecture="requires_grad", requires=["backward"], covers=["leaf.set_false_after"])
def leaf_that_stops_requiring_grad_gets_none(torch, x: floats(), w: lambda x: floats(x.dtype, shape=x.shape)):
    """A leaf whose requires_grad is switched off after the forward pass is left without a grad."""
    y = (x.requires_grad_() * w.requires_grad_()).sum()
    x.requires_grad = False
    y.backward()


@case(lecture="requires_grad", covers=["leaf.rg_setter_type"])
def requires_grad_is_a_bool(torch, x: floats(), flag: st.sampled_from([1, 0, None, "yes", 1.0])):
    """The attribute requires_grad takes nothing but a bool."""
    x.requires_grad = flag


@case(lecture="requires_grad", covers=["leaf.rg_setter_type"])
def requires_grad_takes_a_bool(torch, x: floats(), flag: st.sampled_from([1, 0, None, "yes", 1.0, (True,)])):
    """The method requires_grad_ takes nothing but a bool, either."""
    x.requires_grad_(flag)
    x.requires_grad_(x.sum() > 0)


@case(lecture="requires_grad", covers=["leaf.attrs_readonly"])
def graph_attributes_are_read_only(torch, x: floats()):
    """is_leaf and output_nr cannot be assigned."""
    x.requires_grad_()
    x.is_leaf = False
    x.output_nr = 1
    del x.requires_grad


@case(lecture="requires_grad", requires=["comparison"], covers=["leaf.nondiff_ops"])
def comparisons_do_not_require_grad(torch, xy: broadcastable(2)):
    """The result of a comparison never requires grad."""
    x, y = xy
    x.requires_grad_()
    x < y
    x >= 0
    x.eq(y)
    torch.ne(y, x)


@case(lecture="requires_grad", requires=["like_factories"], covers=["leaf.new_ctor"])
def like_factories_do_not_inherit_requires_grad(torch, x: floats()):
    """zeros_like and its kind do not inherit requires_grad."""
    x.requires_grad_()
    torch.zeros_like(x)
    torch.ones_like(x * 2)
    torch.full_like(x, 3)


@case(lecture="requires_grad", requires=["promotion"], covers=["leaf.cast_int"])
def cast_to_integers_does_not_require_grad(torch, x: floats(values="finite")):
    """A tensor cast to an integer dtype requires no grad and has no grad_fn."""
    y = x.requires_grad_() * 2
    y.to(torch.int64)
    y.long()
    y.to(torch.float64)


@case(lecture="requires_grad", requires=["like_factories"], covers=["leaf.complex_requires"])
def only_floating_point_factories_take_requires_grad(torch, x: floats(), dtype: dtypes()):
    """A factory takes requires_grad=True for floating point and complex dtypes and raises for the others."""
    torch.zeros_like(x, dtype=dtype, requires_grad=True)
    torch.zeros_like(x, dtype=dtype, requires_grad=False)


@case(requires=["views"])
def flag_of_a_computed_tensor_is_not_assigned(torch, x: floats(shape=(2,)), value: st.booleans(), view: st.booleans()):
    """The requires_grad of a computed tensor is not assigned, though the method may confirm it."""
    y = x.requires_grad_().view(2) if view else x.requires_grad_() * 1
    y.requires_grad = value
    y.requires_grad_(value)
    y.detach().requires_grad = value
