"""Random tensors: the same seed gives the same numbers."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

SEEDS = st.sampled_from([0, 1, 42, 2**31, 123456789])
SIZES = st.sampled_from([1, 2, 3, 15, 16, 17, 40])


@case(requires=["random"], covers=["leaf.factory"])
def uniform_numbers(torch, seed: SEEDS, n: SIZES):
    """rand draws the same numbers after the same seed."""
    torch.manual_seed(seed)
    torch.rand(n)
    torch.rand(2, n)


@case(requires=["random"], covers=["leaf.factory"])
def normal_numbers(torch, seed: SEEDS, n: SIZES):
    """randn draws the same numbers after the same seed, few or many at a time."""
    torch.manual_seed(seed)
    torch.randn(n)
    torch.randn(3, n)
    torch.randn(())


@case(requires=["random"], covers=["leaf.factory_rg"])
def random_leaves(torch, seed: SEEDS):
    """Random tensors may require grad, and come in double precision."""
    torch.manual_seed(seed)
    torch.rand(3, requires_grad=True)
    torch.randn(2, dtype=torch.float64)
    torch.rand(20, dtype=torch.float64)


@case(requires=["random", "in_place"], covers=["ver.basic"])
def normal_fills_in_place(torch, n: SIZES, mean: st.sampled_from([0, 1.5, -2]), std: st.sampled_from([1, 0.001, 3.0])):
    """normal_() fills a tensor with numbers around a mean."""
    x = torch.zeros(n)
    x.normal_(mean, std)
    x.normal_()


@case(requires=["random", "in_place"], covers=["ver.basic"])
def uniform_fills_in_place(torch, n: SIZES, low: st.sampled_from([0, -1.0]), high: st.sampled_from([1, 2.5])):
    """uniform_() fills a tensor with numbers between two bounds."""
    x = torch.zeros(2, n)
    x.uniform_(low, high)
    x.uniform_()


@case(requires=["random", "like_factories"], covers=["leaf.new_ctor"])
def random_tensors_like_another(torch, x: floats(), seed: SEEDS):
    """rand_like and randn_like draw as many numbers as another tensor has, in its dtype."""
    torch.manual_seed(seed)
    torch.rand_like(x)
    torch.randn_like(x)


@case(requires=["random"], covers=["leaf.factory"])
def seed_starts_the_stream_again(torch, seed: SEEDS, n: SIZES):
    """Seeding again repeats the stream from its start, whatever was drawn in between."""
    torch.manual_seed(seed)
    a = torch.randn(n)
    torch.rand(5)
    torch.manual_seed(seed)
    a == torch.randn(n)


@case(requires=["random", "in_place", "no_grad"], covers=["inp.leaf", "inp.leaf_no_grad"])
def parameters_are_initialised_before_they_require_grad(torch, std: st.sampled_from([0.001, 1.0])):
    """normal_() raises on a leaf that requires grad, and fills it under no_grad."""
    w = torch.zeros(2, 3).normal_(0, std).requires_grad_()
    w.normal_(0, std)
    with torch.no_grad():
        w.uniform_(-std, std)


@case(requires=["random", "in_place"], covers=["ver.basic", "inp.leaf"])
def seldom_distributions_fill_in_place(
    torch,
    x: floats(shape=st.sampled_from([(), (3,), (2, 3), (0,)])),
    name: st.sampled_from(["cauchy_", "geometric_", "log_normal_"]),
    p: st.sampled_from([0.25, 0.9]),
    seed: SEEDS,
):
    """cauchy_(), geometric_() and log_normal_() fill a tensor, whose gradient is zero from then on."""
    torch.manual_seed(seed)
    w = x.clone().requires_grad_()
    y = w * 2
    getattr(y, name)(p)
    y.grad_fn
    y.sum().backward()
    w.grad
    getattr(w, name)(p)


@case(requires=["backward"])
def slopes_between_near_numbers(
    torch, x: floats("float64", shape=(2, 3), values="finite"), upper: st.sampled_from([0.3, 0.1 + 1e-7, 0.1])
):
    """rrelu sends a gradient back along the slopes that it drew, however near their bounds are."""
    torch.manual_seed(3)
    torch.nn.functional.rrelu(x.requires_grad_(), 0.1, upper, True).sum().backward()
