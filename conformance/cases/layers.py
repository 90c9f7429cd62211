"""What layers of neural networks compute, where a row cannot say it: operands of four dimensions, options, masks."""

import math

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)


@case(lecture="gradients", requires=["backward"])
def bias_of_a_transposed_convolution_keeps_its_type(
    torch,
    x: floats("float32", shape=(1, 2, 3), values="finite"),
    w: floats("float32", shape=(2, 2, 2), values="finite"),
    bias: floats(["float64", "float16"], shape=(2,), values="finite"),
    twice: st.booleans(),
):
    """A transposed convolution takes a bias of another type, whose gradient has that type."""
    leaf = bias.requires_grad_()
    y = torch.nn.functional.conv_transpose1d(torch.cat([x, x]) if twice else x, w.requires_grad_(), leaf)
    y.grad_fn
    y.sum().backward()


@case(lecture="gradients", requires=["backward"])
def attention_of_four_dimensions_is_differentiated_once(
    torch,
    q: floats("float32", shape=(1, 2, 3, 2), values="smooth"),
    k: floats("float32", shape=(1, 2, 2, 2), values="smooth"),
    causal: st.booleans(),
    scale: st.sampled_from([None, 0.5, -1.0]),
):
    """Attention over batches and heads is one operator, whose gradient has no derivative."""
    q.requires_grad_()
    k.requires_grad_()
    y = torch.nn.functional.scaled_dot_product_attention(q, k, k * 2, is_causal=causal, scale=scale)
    y.grad_fn
    first = torch.autograd.grad(y.sum(), (q, k), create_graph=True)
    first[0].grad_fn
    (first[0].sum() + first[1].sum()).backward()


@case(lecture="gradients", requires=["backward"])
def attention_with_a_mask_that_is_learned_is_made_of_products(
    torch,
    q: floats("float32", shape=(1, 2, 3, 2), values="smooth"),
    mask: floats("float32", shape=(3, 3), values="smooth"),
    learned: st.booleans(),
):
    """Attention is made of products of matrices where the mask requires grad."""
    mask = mask.requires_grad_(learned)
    y = torch.nn.functional.scaled_dot_product_attention(q.requires_grad_(), q, q, mask)
    y.grad_fn
    y.exp().sum().backward()


@case(lecture="gradients", requires=["backward"])
def query_that_sees_no_key_attends_to_nothing(
    torch, q: floats("float32", shape=(2, 3, 2), values="smooth"), row: st.integers(0, 2), heads: st.booleans()
):
    """A query whose keys are all masked gives zeros, with the gradient zero."""
    mask = torch.ones(3, 3, dtype=torch.bool)
    mask[row] = False
    x = q.requires_grad_()[None] if heads else q.requires_grad_()
    y = torch.nn.functional.scaled_dot_product_attention(x, x, x, mask)
    y.sum().backward()


@case(lecture="gradients", requires=["backward"])
def volumes_are_pooled(
    torch,
    x: floats("float32", shape=(1, 1, 2, 3, 3), values="distinct"),
    name: st.sampled_from(["max_pool3d", "avg_pool3d"]),
    stride: st.sampled_from([None, 1, 2]),
    padding: st.booleans(),
    ceil: st.booleans(),
):
    """Pooling takes windows of volumes, the greatest of which get the gradient, or each its share."""
    pool = getattr(torch.nn.functional, name)
    y = pool(x.requires_grad_(), 2, stride, int(padding), ceil_mode=ceil)
    y.grad_fn
    (y * y).sum().backward()


@case(lecture="gradients", requires=["backward"])
def pooling_to_a_size_of_volumes(
    torch,
    x: floats("float32", shape=(1, 2, 2, 3, 4), values="distinct"),
    name: st.sampled_from(["adaptive_max_pool3d", "adaptive_avg_pool3d"]),
    size: st.sampled_from([1, 2, (1, 3, 2), (None, 1, 5)]),
):
    """Adaptive pooling of volumes takes as many windows as it is asked for."""
    y = getattr(torch.nn.functional, name)(x.requires_grad_(), size)
    y.grad_fn
    (y * y).sum().backward()


@case(lecture="gradients", requires=["backward"])
def volumes_are_padded(
    torch,
    x: floats("float32", shape=(1, 1, 2, 3, 3), values="distinct"),
    mode: st.sampled_from(["reflect", "replicate", "circular"]),
    sides: st.lists(st.integers(-1, 1), min_size=6, max_size=6),
):
    """Padding by what is there takes three dimensions, and negative sizes crop."""
    y = torch.nn.functional.pad(x.requires_grad_(), sides, mode)
    y.grad_fn
    (y * y).sum().backward()


@case(lecture="gradients", requires=["backward"])
def patches_overlap_and_add_up(
    torch,
    x: floats("float32", shape=(1, 2, 4, 4), values="finite"),
    stride: st.integers(1, 2),
    padding: st.integers(0, 1),
    dilation: st.integers(1, 2),
):
    """fold adds up the patches that unfold takes, and each is the gradient of the other."""
    f = torch.nn.functional
    columns = f.unfold(x.requires_grad_(), 2, dilation, padding, stride)
    y = f.fold(columns * columns, (4, 4), 2, dilation, padding, stride)
    y.grad_fn
    y.sum().backward()


@case(lecture="gradients", requires=["backward"])
def channels_and_pixels_change_places(
    torch, x: floats("float32", shape=(1, 4, 2, 2), values="finite"), groups: st.sampled_from([1, 2, 4])
):
    """Shuffles of channels and pixels only move elements, and so do their gradients."""
    f = torch.nn.functional
    y = f.pixel_unshuffle(f.pixel_shuffle(f.channel_shuffle(x.requires_grad_(), groups), 2) * 2, 2)
    y.grad_fn
    (y * y).sum().backward()


@case(lecture="gradients", requires=["backward"])
def distances_of_many_rows_come_from_a_product(
    torch,
    x: floats("float32", shape=(1, 3), values="smooth"),
    rows: st.sampled_from([2, 26]),
    p: st.sampled_from([1.0, 2.0]),
):
    """The distances of many rows are made of a product of matrices, those of a few are not."""
    a = x.requires_grad_() - 20 - torch.arange(rows, dtype=torch.float32)[:, None]
    y = torch.cdist(a, x * 2, p)
    y.grad_fn
    y.sum().backward()


@case(requires=["forward_mode", "graph"])
def root_mean_square_is_made_in_place(
    torch,
    x: floats("float32", shape=(2, 2), values="smooth"),
    kind: st.sampled_from(["float32", "bfloat16", "float16"]),
    turned: st.booleans(),
    is_dual: st.booleans(),
):
    """The mean of rms_norm is added to in place, and its result is laid out before it is rounded."""
    x = x.to(getattr(torch, kind)).requires_grad_()
    y = x.t() if turned else x
    with torch.autograd.forward_ad.dual_level() if is_dual else torch.enable_grad():
        if is_dual:
            y = torch.autograd.forward_ad.make_dual(y, torch.ones_like(y))
        z = torch.nn.functional.rms_norm(y, [2])
        z.grad_fn
        if is_dual:
            torch.autograd.forward_ad.unpack_dual(z)


@case(requires=["backward"])
def weights_of_groups_without_elements(
    torch, w: floats("float32", shape=(2,)), groups: st.sampled_from([1, 2]), batch: st.sampled_from([0, 1, 2])
):
    """The weights of groups without elements get nan as their gradient, but zero of an empty batch."""
    bias = torch.zeros(2, requires_grad=True)
    torch.nn.functional.group_norm(torch.ones(batch, 2, 0), groups, w.requires_grad_(), bias).sum().backward()


@case()
def padding_of_an_embedding_names_a_row(
    torch, x: floats("float32", shape=st.sampled_from([(2, 3), (2,)])), at: st.integers(-4, 3)
):
    """An embedding refuses a padding that names no row before it looks at anything else."""
    torch.nn.functional.embedding(torch.tensor([0, 1]), x, padding_idx=at)


@case()
def greatest_rows_of_a_bag_are_looked_for_with_words_of_their_own(
    torch, x: floats("float32", shape=(2, 3)), at: st.sampled_from([-1, 2, 5]), mode: st.sampled_from(["sum", "max"])
):
    """A bag that names no row of its embedding raises, and of which the maximum is taken in other words."""
    torch.nn.functional.embedding_bag(torch.tensor([[0, at]]), x, mode=mode)


@case(requires=["backward"])
def weight_of_a_binary_cross_entropy_comes_before_all_else(
    torch, p: floats("float32", shape=(2,)), w: floats("float32", shape=st.sampled_from([(2,), (1,), (3,)]))
):
    """binary_cross_entropy refuses its weight's shape, then its gradient, then types and values."""
    torch.nn.functional.binary_cross_entropy(p, p.double(), w)
    torch.nn.functional.binary_cross_entropy(p, p, w.requires_grad_())
    torch.nn.functional.binary_cross_entropy(p, p.double(), w)


@case(requires=["backward"])
def losses_of_classes_of_images_are_row_major_backward(
    torch,
    x: floats("float32", shape=(2, 3, 2, 2), values="finite"),
    order: st.permutations(range(4)),
    create_graph: st.booleans(),
):
    """The gradient of the loss of an image's classes lies as the image; other than row-major is refused."""
    z = x.requires_grad_().permute(order)
    target = torch.zeros((z.shape[0], *z.shape[2:]), dtype=torch.int64)
    u = torch.nn.functional.nll_loss(z, target, reduction="none")
    torch.autograd.grad(u, z, torch.ones_like(u), create_graph=create_graph)[0].stride()


@case(requires=["backward"])
def row_with_an_infinity_has_no_mean(
    torch,
    x: floats("float32", shape=st.sampled_from([(1, 3), (1, 4), (1, 8), (1, 9)]), values="finite"),
    infinite: st.booleans(),
    large: st.sampled_from([1.0, 1e18, 1e25]),
    kind: st.sampled_from(["float32", "float64", "bfloat16"]),
    name: st.sampled_from(["layer_norm", "group_norm"]),
):
    """A square that overflows leaves a row no deviation, and an infinity no mean but in the last lane."""
    x = (x * large).to(getattr(torch, kind))
    x[0, -1] = math.inf if infinite else 1
    x.requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        getattr(torch.nn.functional, name)(x, x.shape[1:] if name == "layer_norm" else 1)


@case(requires=["backward"], by_processor=True)
def convolution_of_bfloat16_mixes_types_as_its_kernel_does(
    torch,
    name: st.sampled_from(["conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"]),
    weight: st.sampled_from(["bfloat16", "float32", "float16"]),
    bias: st.sampled_from(["bfloat16", "float32", "float64"]),
):
    """Which types go with an input of bfloat16 depends on the kernel that the processor has for it."""
    sizes = (1,) * int(name[-2])
    x = torch.ones(1, 1, *sizes, dtype=torch.bfloat16).requires_grad_()
    w = torch.ones(1, 1, *sizes, dtype=getattr(torch, weight))
    b = torch.ones(1, dtype=getattr(torch, bias)).requires_grad_()
    getattr(torch.nn.functional, name)(x, w, b).sum().backward()
    getattr(torch.nn.functional, name)(x, w)


@case(requires=["backward"])
def attention_of_an_expanded_query_has_memory_of_its_own(
    torch,
    q: floats("float32", shape=(2, 1, 1, 2), values="smooth"),
    k: floats("float32", shape=(2, 2, 3, 2), values="smooth"),
    turned: st.booleans(),
):
    """What attention gives lies as the query does, down to a query that is one row expanded."""
    query = q.requires_grad_().expand(2, 2, 3, 2)
    query = query.transpose(1, 2).transpose(1, 2) if turned else query
    y = torch.nn.functional.scaled_dot_product_attention(query, k, k)
    y.exp().sum().backward()


@case(requires=["elementwise"])
def element_normalized_alone_is_what_a_product_lost(
    torch,
    x: floats(shape=(2, 1), values="positive", dtype="float32"),
    w: floats(shape=(1,), values="positive"),
    double: st.booleans(),
):
    """A group of one element, scaled by a weight, is what the rounding of a product lost."""
    kind = torch.float64 if double else torch.float32
    torch.nn.functional.group_norm(x.to(kind) * 1.1, 1, w.to(kind) * 0.7).lgamma()


@case(requires=["elementwise"])
def matrix_of_two_normalized_rows_is_hardly_singular(
    torch, x: floats(shape=(2, 2), values="positive", dtype="float32")
):
    """Two normalized rows are opposites but for roundings, which say whether there is an inverse."""
    torch.linalg.inv(torch.nn.functional.batch_norm(x * 1.1, None, None, training=True))


@case(requires=["backward", "hooks"])
def attention_of_nothing_adds_up_from_the_right(
    torch, q: floats(shape=(0, 2)), named: st.sampled_from(["query", "key", "value"]), rows: st.integers(0, 1)
):
    """Attention of nothing is made of sums, of which the query's is the first that backward reaches."""
    given = {"query": q, "key": torch.zeros(rows, 2), "value": torch.zeros(rows, 2)}
    for x in given.values():
        x.requires_grad_()

    def raises(grad):
        raise ValueError("from a hook")

    given[named].register_hook(raises)
    torch.nn.functional.scaled_dot_product_attention(*given.values()).sum().backward()
