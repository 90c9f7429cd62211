"""What nodes are called and what they show as saved: a table of operators for each kind, drawn by name."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, positive, same_shape, special, words

# Functions of one tensor, by where they are defined: real numbers, positive ones, the open interval (-1, 1).
ANYWHERE = words(
    "exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh sigmoid relu abs sgn sign floor ceil round trunc frac neg "
    "square erf erfc sinc i0 deg2rad rad2deg nan_to_num angle positive"
)
POSITIVE = words("log log2 log10 log1p sqrt rsqrt reciprocal lgamma digamma")
UNIT = words("asin acos atanh erfinv")
SPECIAL = words("entr erfcx i0e i1 i1e ndtr log_ndtr expit gammaln psi")
PAIRS = words(
    "add sub mul div maximum minimum fmax fmin atan2 hypot logaddexp logaddexp2 fmod remainder copysign nextafter "
    "ldexp xlogy float_power dist"
)
ACTIVATIONS = words(
    "relu relu6 elu selu celu leaky_relu hardtanh hardsigmoid hardswish silu mish gelu logsigmoid softplus softsign "
    "softshrink hardshrink tanhshrink sigmoid tanh rrelu"
)
WITH_INPLACE = words("relu relu6 elu selu celu leaky_relu hardtanh hardsigmoid hardswish silu mish rrelu")
IN_PLACE = words(
    "exp_ exp2_ expm1_ sin_ cos_ tan_ atan_ sinh_ cosh_ tanh_ sigmoid_ relu_ abs_ neg_ floor_ ceil_ round_ trunc_ "
    "frac_ erf_ erfc_ sinc_ i0_ deg2rad_ rad2deg_ sign_ sgn_ square_ nan_to_num_ asinh_ zero_"
)
IN_PLACE_PAIRS = words(
    "add_ sub_ mul_ div_ atan2_ hypot_ fmod_ remainder_ copysign_ nextafter_ ldexp_ xlogy_ pow_ copy_ lt_ ge_ eq_ "
    "floor_divide_"
)
IN_PLACE_NUMBERS = words(
    "add_ sub_ mul_ div_ fmod_ remainder_ copysign_ pow_ gt_ ne_ fill_ clamp_ clamp_min_ clamp_max_"
)


@case(lecture="graph", requires=["graph"], covers=["graph.names_unary", "graph.saved_attrs"])
def functions_of_one_tensor_have_nodes_of_their_own(
    torch, x: floats(shape=(3,), values="smooth"), name: st.sampled_from(ANYWHERE), builtins
):
    """Every function of one tensor has a node that is named after it."""
    y = getattr(torch, name)(x.requires_grad_())
    y.grad_fn
    builtins.getattr(y.grad_fn, "_saved_self", None)
    builtins.getattr(y.grad_fn, "_saved_result", None)


@case(lecture="graph", requires=["graph"], covers=["graph.names_unary"])
def functions_of_positive_numbers_have_nodes_of_their_own(
    torch, x: positive(shape=(3,)), name: st.sampled_from(POSITIVE), builtins
):
    """Logarithms, roots and gamma functions have nodes that are named after them."""
    y = getattr(torch, name)(x.requires_grad_())
    y.grad_fn
    builtins.getattr(y.grad_fn, "_saved_self", None)
    builtins.getattr(y.grad_fn, "_saved_result", None)


@case(lecture="graph", requires=["graph"], covers=["graph.names_unary"])
def inverse_functions_have_nodes_of_their_own(
    torch, x: floats(shape=(3,), values="smooth"), name: st.sampled_from(UNIT)
):
    """Inverse functions of the unit interval have nodes that are named after them."""
    y = getattr(torch, name)(x.requires_grad_() / 8)
    y.grad_fn
    y.grad_fn.next_functions


@case(lecture="graph", requires=["graph"], covers=["graph.names_unary"])
def special_functions_have_nodes_of_their_own(torch, x: positive(shape=(3,)), name: st.sampled_from(SPECIAL)):
    """A function of torch.special has a node named after it, or those of what it is made of."""
    y = getattr(torch.special, name)(x.requires_grad_())
    y.grad_fn
    y.grad_fn.next_functions
    y.sum().backward()


@case(lecture="graph", requires=["graph"], covers=["graph.names_arith", "graph.none_edges"])
def functions_of_two_tensors_have_nodes_of_their_own(
    torch,
    xy: same_shape(2, values="positive"),
    name: st.sampled_from(PAIRS),
    flags: st.tuples(st.booleans(), st.booleans()),
):
    """A function of two tensors has a node with one edge for each, whichever of them requires grad."""
    x, y = xy
    z = getattr(torch, name)(x.requires_grad_(flags[0]), y.requires_grad_(flags[1]))
    z.requires_grad
    z.grad_fn
    z.sum().backward()


@case(lecture="graph", requires=["graph"], covers=["graph.names_nn"])
def activations_have_nodes_of_their_own(
    torch, x: floats(values="smooth"), name: st.sampled_from(ACTIVATIONS), g: lambda x: cotangent(x)
):
    """Every activation has a node, or the nodes of what it is made of, and its derivative."""
    y = getattr(torch.nn.functional, name)(x.requires_grad_())
    y.grad_fn
    y.grad_fn.next_functions
    y.backward(g)


@case(lecture="graph", requires=["graph", "create_graph"], covers=["graph.names_nn"])
def gradients_of_activations_have_nodes_of_their_own(
    torch, x: floats(shape=(2, 3), values="smooth"), name: st.sampled_from(ACTIVATIONS), g: cotangent((2, 3), "float32")
):
    """The gradient of an activation has the node of one backward function, or several nodes."""
    y = getattr(torch.nn.functional, name)(x.requires_grad_())
    (grad,) = torch.autograd.grad(y, x, g.to(x.dtype).requires_grad_(), create_graph=True)
    grad.grad_fn
    grad.grad_fn.next_functions


@case(lecture="graph", requires=["graph"], covers=["graph.names_nn"])
def softmax_has_a_node_of_its_own(
    torch,
    x: floats(shape=(2, 3), values="finite"),
    name: st.sampled_from(["softmax", "log_softmax", "softmin"]),
    dim: st.sampled_from([0, 1, -1]),
    g: cotangent((2, 3), "float32"),
):
    """A softmax saves its result and the dimension; softmin() is that of the negative."""
    y = getattr(torch.nn.functional, name)(x.requires_grad_(), dim)
    y.grad_fn._saved_dim
    y.grad_fn._saved_result
    y.grad_fn.next_functions
    (grad,) = torch.autograd.grad(y, x, g.to(x.dtype), create_graph=True)
    grad.grad_fn


@case(lecture="graph", requires=["graph"], covers=["graph.names_nn", "graph.saved_attrs"])
def activations_show_their_parameters_as_saved(
    torch, x: floats(shape=(3,), values="smooth"), a: st.sampled_from([0.5, 1, 2.0]), b: st.sampled_from([3, 20.0])
):
    """An activation's parameters are saved under their names, and unpack to the numbers that were given."""
    f = torch.nn.functional
    x.requires_grad_()
    node = f.softplus(x, a, b).grad_fn
    node._saved_beta
    node._saved_threshold
    node = f.elu(x, a).grad_fn
    node._saved_alpha
    node._saved_scale
    node._saved_input_scale
    node._saved_self
    f.leaky_relu(x, a).grad_fn._saved_negative_slope
    f.celu(x, a).grad_fn._saved_alpha
    node = f.hardtanh(x, -a, a).grad_fn
    node._saved_min_val
    node._saved_max_val
    f.softshrink(x, a).grad_fn._saved_lambd
    f.gelu(x).grad_fn._saved_approximate


@case(lecture="graph", requires=["graph", "in_place"], covers=["graph.names_nn", "graph.names_inplace"])
def activations_in_place_may_have_another_node(
    torch, x: floats(values="smooth"), name: st.sampled_from(WITH_INPLACE), g: lambda x: cotangent(x)
):
    """An activation with inplace=True overwrites its operand, and saves the result where that is enough."""
    y = x.requires_grad_().clone()
    z = getattr(torch.nn.functional, name)(y, inplace=True)
    z.grad_fn
    z.grad_fn.next_functions
    z._version
    z.backward(g)


@case(lecture="graph", requires=["graph", "in_place"], covers=["graph.names_inplace"])
def functions_in_place_have_the_node_of_the_function(
    torch, x: floats(values="smooth"), name: st.sampled_from(IN_PLACE), g: lambda x: cotangent(x)
):
    """The in-place form of a function has the node of the function, over the node of the old value."""
    y = x.requires_grad_().clone()
    z = getattr(y, name)()
    z.grad_fn
    z.grad_fn.next_functions
    z._version
    z.backward(g)


@case(lecture="graph", requires=["graph", "in_place"], covers=["graph.names_inplace"])
def operators_in_place_have_the_node_of_the_operator(
    torch,
    xy: same_shape(2, values="positive"),
    name: st.sampled_from(IN_PLACE_PAIRS),
    flags: st.tuples(st.booleans(), st.booleans()),
):
    """The in-place form of an operator of two tensors has an edge for each."""
    x, y = xy
    target = x.requires_grad_(flags[0]).clone()
    result = getattr(target, name)(y.requires_grad_(flags[1]))
    result.grad_fn
    result.sum().backward()


@case(lecture="graph", requires=["graph", "in_place"], covers=["graph.names_inplace"])
def operators_in_place_take_numbers(
    torch,
    x: positive(),
    name: st.sampled_from(IN_PLACE_NUMBERS),
    n: st.sampled_from([1, 2, 0.5]),
    g: lambda x: cotangent(x),
):
    """The in-place form of an operator with a number may have the node of another overload."""
    y = x.requires_grad_().clone()
    z = getattr(y, name)(n)
    z.grad_fn
    z.grad_fn.next_functions
    z.backward(g)


@case(lecture="graph", requires=["graph", "in_place"], covers=["graph.names_inplace"])
def ternary_operators_in_place_have_the_node_of_the_operator(
    torch,
    xyz: same_shape(3, values="positive"),
    name: st.sampled_from(["addcmul_", "addcdiv_"]),
    n: st.sampled_from([1, 2, 0.5]),
):
    """addcmul_() and addcdiv_() write to their first operand and have an edge for each."""
    x, y, z = xyz
    target = x.requires_grad_().clone()
    getattr(target, name)(y.requires_grad_(), z.requires_grad_(), value=n)
    target.grad_fn
    target.grad_fn._saved_value
    target.sum().backward()


@case(lecture="graph", requires=["graph", "in_place"], covers=["graph.names_inplace"])
def lerp_in_place_tells_numbers_from_tensors(
    torch, xyz: same_shape(3, values="smooth"), w: st.sampled_from([0.25, 0.75])
):
    """lerp_() has one node for a weight that is a number, another for a tensor."""
    x, y, z = xyz
    a = x.requires_grad_().clone()
    b = x.clone()
    a.lerp_(y.requires_grad_(), w)
    b.lerp_(y, z.requires_grad_())
    (a + b).sum().backward()
    a.grad_fn
    b.grad_fn


@case(lecture="graph", requires=["graph", "in_place"], covers=["graph.names_inplace"])
def missing_in_place_derivatives_raise_in_backward(
    torch, x: floats(shape=(3,), values="smooth"), name: st.sampled_from(["asinh_", "acosh_", "atanh_"])
):
    """asinh_(), acosh_() and atanh_() have nodes whose derivative is not implemented."""
    y = x.requires_grad_().clone()
    getattr(y, name)()
    y.grad_fn.name()
    y.sum().backward()


@case(lecture="graph", requires=["graph"], covers=["graph.names_nn"])
def halves_and_slopes_have_nodes_of_their_own(
    torch, x: special(shape=(2, 4), dtype="float32"), dim: st.sampled_from([0, 1, -1]), g: cotangent((2, 2), "float32")
):
    """glu() multiplies one half of a dimension by the sigmoid of the other, and wants an even size."""
    f = torch.nn.functional
    y = f.glu(x.requires_grad_(), dim)
    y.grad_fn._saved_dim
    f.glu(x).backward(g)
    f.glu(x[:, :3])
    f.glu(x[0, 0])
