"""Every form of an operator, from one line of samples: function, method, in place, out=, and wherever else PyTorch has it.

A line is `name: arguments | arguments | ...`; the first argument is the tensor that has the method. Which forms exist is
asked of PyTorch, so that a form that numtorch lacks is found as one that it gets wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

POINTWISE = """
add: x, y | x, 2 | x, v, alpha=2 | i, 2.5 | x, i | mask, mask
sub: x, y | x, 2 | v, x, alpha=0.5 | i, i | x, 1.5, alpha=2
mul: x, y | x, 2 | x, s | i, 2.5 | i, x | v, x | mask, mask
div: x, p | x, 2 | i, i + 5 | i, 2 | x, p, rounding_mode='floor' | x, 2, rounding_mode='trunc' | v, p
rsub: x, y | x, 2 | x, y, alpha=2 | x, 2, alpha=3
neg: x | i | s
positive: x | i
reciprocal: p | i + 5
square: x | i
pow: x, 2 | p, 0.5 | p, y | x, 3 | i, 2 | p, -1 | i, 2.5 | x, 0 | x, 1 | p, v
pow: 2, x | 0, p | 1, x | 2.5, i | 0, x | x, 0.0 | i, i.abs()
float_power: p, 2 | p, y | i, 2
exp: x | i | s
exp2: x | i
expm1: x | i
log: p | i + 5
log2: p | i + 5
log10: p | i + 5
log1p: p | i + 5
sqrt: p | i + 5
rsqrt: p | i + 5
sin: x | i
cos: x | i
tan: x | i
asin: u | i * 0
acos: u | i * 0
atan: x | i
sinh: x | i
cosh: x | i
tanh: x | i
asinh: x | i
acosh: p + 1 | i + 9
atanh: u | i * 0
sigmoid: x | i
relu: x | i
abs: x | i
sgn: x | i
sign: x | i | mask
floor: x | i
ceil: x | i
round: x | i | x, decimals=1 | x, decimals=-1
trunc: x | i
frac: x | i
deg2rad: x | i
rad2deg: x | i
sinc: x | i
angle: x | i
conj_physical: x | i
real: x
"""

SPECIAL = """
erf: x | i
erfc: x | i
erfinv: u | i * 0
erfcx: x | i
lgamma: p | x | i + 5
digamma: p | x + 0.25 | i + 5
polygamma: 1, p | 2, p | 0, p | 3, x + 0.25 | 1, i + 5
multigammaln: p + 2, 2 | p + 2, 1
mvlgamma: p + 2, 2 | p + 2, 1 | i + 9, 2
i0: x | i
i0e: x | i
i1: x | i
i1e: x | i
entr: x | p | i
ndtr: x | i
ndtri: u * 0.5 + 0.5
log_ndtr: x | i
logit: u * 0.5 + 0.5 | x, 0.1 | i, 0.2
expit: x | i
xlogy: x, p | x, 2 | 2, p | i, i + 5 | v, p
xlog1py: x, p | x, 2 | 2, p | i, i + 5
zeta: p + 1, p | p + 1, 2 | 2, p
igamma: p.detach(), p | p, p
igammac: p.detach(), p | p, p
gammainc: p.detach(), p
gammaincc: p.detach(), p
gammaln: p
psi: p
logaddexp: x, y | x, v | i, x
logaddexp2: x, y | x, v
atan2: x, p | v, y | i, p | x, x * 0
hypot: p, y | x, v | i, x
copysign: x, y | x, -1. | x, v | i, x | x, i | i, i
nextafter: x, y | x, v | d, d * 2
ldexp: x, i | x, y | i, i
heaviside: x.detach(), y.detach() | i, i | x, y
fmod: x, p | x, 2 | i, 3 | i, p | v, p
remainder: x, p | x, 2 | i, 3 | i, 2.5 | v, p | 2, p
floor_divide: x, p | x, 2 | i, 2 | i, 2.5
gcd: i, i | i, i + 4 | x, x
lcm: i, i + 4 | x, x
frexp: x | d
lerp: x, y, 0.25 | x, v, 0.75 | x, y, p | x, y, s
addcmul: x, x, y | x, v, s, value=2 | i, i, i, value=2 | x, y, y, value=0.5
addcdiv: x, y, p | v, y, p, value=0.5 | i, i, i + 5 | d, x, p
nan_to_num: x | x / 0 | x, 1.0 | i | x / 0, nan=2.0, posinf=3.0, neginf=-1.0
dist: x, y | x, y, 1 | x, v | x, y, 3 | x, y, float('inf') | x, y, 0
"""

COMPARISON = """
eq: x, y | x, 1 | i, 1.5 | x, i
ne: x, y | x, 1
lt: x, y | x, 1 | x, v
le: x, y | x, 1
gt: x, y | x, 1
ge: x, y | x, 1
isnan: x / 0 | i
isinf: x / 0 | i
isfinite: x / 0 | i
isposinf: x / 0 | i
isneginf: x / 0 | i
isreal: x | i
signbit: x | i
isclose: x, y | x, x, 1e-3, 1e-5 | i, i
allclose: x, x | x, y
equal: x, y | x, x
is_nonzero: s | x
is_same_size: x, y | x, v
is_signed: x | mask
isin: i, i | i, 2 | x.detach(), y.detach() | i, i[0], invert=True
logical_not: x | i | mask
logical_and: x, y | i, mask | x, v
logical_or: x, y | i, mask
logical_xor: x, y | i, mask
bitwise_not: i | mask | x
bitwise_and: i, i | i, 3 | mask, mask | 3, i | x, y
bitwise_or: i, i + 1 | i, 3 | mask, True
bitwise_xor: i, i + 1 | i, 3
bitwise_left_shift: i, i.abs() | i, 2 | 2, i.abs()
bitwise_right_shift: i + 9, i.abs() | i, 1
maximum: x, y | x, v | i, i | x, d | x, x
minimum: x, y | x, v | x, x
fmax: x, y | x, v | i, i | x, x
fmin: x, y | x, v | x, x
where: mask, x, y | mask, x, 0. | mask, 1, x | mask, v, d | mask
masked_fill: x, mask, 0 | x, mask, s | i, mask, 1 | x, mask[0], 1.5 | x, mask, i[0, 0] | i, mask, 1.5
masked_select: x, mask | x, mask[0] | v, mask
clamp: x, -1, 1 | x, 0 | x, max=0.5 | x, v, y | i, 0, 1 | i, 0.5 | x, min=s | x, None, y
clip: x, -1, 1 | x, v
clamp_min: x, 0 | x, v | i, 0.5
clamp_max: x, 0 | x, y | i, 0
"""

ACTIVATION = """
softplus: x | x, 2, 1 | i
elu: x | x, 0.5 | x, inplace=True | i
selu: x | x, inplace=True | i
celu: x | x, 2. | x, 2., inplace=True | i
leaky_relu: x | x, 0.5 | x, 0.1, inplace=True | i
hardtanh: x | x, -0.5, 0.5 | x, inplace=True | i | i, -1, 1
relu6: x | x, inplace=True | i
relu: x | x, inplace=True | i
threshold: x, 0.5, -1 | x, 0.5, 2, inplace=True | i, 0, 1
softshrink: x | x, 0.25 | i | x, -1
hardshrink: x | x, 0.25 | i
hardsigmoid: x * 3 | x, inplace=True | i
hardswish: x * 3 | x, inplace=True | i
gelu: x | x, approximate='tanh' | i | x, approximate='no'
silu: x | x, inplace=True | i
mish: x | x, inplace=True | i
logsigmoid: x | i
softsign: x | i
tanhshrink: x | i
softmin: x, 0 | x, 1, dtype=torch.float64
softmax: x, 0 | x, -1 | s, 0 | x, 1, dtype=torch.float64 | i, 0
log_softmax: x, 0 | x, -1 | s, 0 | x, 1, dtype=torch.float64 | i, 0
sigmoid: x
tanh: x
rrelu: x | x, 0.1, 0.3 | x, inplace=True
glu: b | b, 2 | b, 0 | x
dropout: x, 0.5, False
normalize: x | x, 1, 0 | x, dim=0
"""

LOSS = """
mse_loss: x, y | x, y, reduction='sum' | x, y, reduction='none' | x, v | x, d
l1_loss: x, y | x, y, reduction='sum' | x, y, reduction='none'
smooth_l1_loss: x, y | x, y, beta=0.5 | x, y, reduction='sum' | x, y, reduction='none' | x, y, beta=0.0 | x, y, beta=-1
huber_loss: x, y | x, y, delta=0.5 | x, y, reduction='sum' | x, y, reduction='none'
soft_margin_loss: x, y.sign() | x, y, reduction='sum' | x, y.detach(), reduction='none'
binary_cross_entropy: u * 0.5 + 0.5, mask.to(x.dtype) | u * 0.4 + 0.5, u * 0.3 + 0.4
binary_cross_entropy: u * 0.5 + 0.5, mask.to(x.dtype), p.detach()
binary_cross_entropy: u * 0.5 + 0.5, mask.to(x.dtype), reduction='sum' | u * 0.5 + 0.5, mask.to(x.dtype), reduction='none'
binary_cross_entropy: x + 9, mask.to(x.dtype) | x, v
binary_cross_entropy_with_logits: x, mask.to(x.dtype) | x, u | x, mask.to(x.dtype), p.detach() | x, v
binary_cross_entropy_with_logits: x, mask.to(x.dtype), None, reduction='sum' | x, u, pos_weight=v.detach().abs()
binary_cross_entropy_with_logits: x, u, reduction='none' | x, u, p.detach(), pos_weight=v.detach().abs(), reduction='sum'
kl_div: x, p | x, p, reduction='sum' | x, p, reduction='batchmean' | x, y, log_target=True | x, p, reduction='none'
nll_loss: x, i[:, 0].abs() | x, i[:, 0].abs(), v.detach().abs() | x, i[:, 0].abs(), reduction='sum'
nll_loss: x, i[:, 0].abs(), reduction='none' | x, i[:, 0].abs(), ignore_index=1 | v, i[0, 0].abs()
nll_loss: b, i[:, :1].abs().expand(2, 4)
nll_loss: x, i[:, 0].abs(), v.detach().abs(), ignore_index=1, reduction='none' | x, i[0].abs() | x, i | i, i[:, 0]
cross_entropy: x, i[:, 0].abs() | x, p | x, i[:, 0].abs(), v.detach().abs() | x, i[:, 0].abs(), reduction='sum'
cross_entropy: x, i[:, 0].abs(), label_smoothing=0.1 | x, p, label_smoothing=0.1 | x, i[:, 0].abs(), reduction='none'
cross_entropy: v, i[0, 0].abs() | x, i[:, 0].abs(), ignore_index=0, label_smoothing=0.2 | x, p, reduction='sum'
cross_entropy: x, i[:, 0].abs(), v.detach().abs(), label_smoothing=0.3 | x, p, v.detach().abs() | b, i[:, :1].abs().expand(2, 4)
poisson_nll_loss: x, p | p, p, log_input=False | x, p, full=True | x, p, reduction='sum' | x, p, reduction='none'
margin_ranking_loss: x, y, u.detach().sign() | x, y, u, 0.5, reduction='sum'
gaussian_nll_loss: x, y, p | x, y, p, full=True, reduction='sum'
prelu: x, s | x, v | x.T, w | i, s | x, d[0] | x, x
hinge_embedding_loss: x, y.detach().sign() | x, y, 2.0 | x, y.detach().sign(), reduction='sum' | x, p.sign(), reduction='none'
cosine_similarity: x, y | x, y, 0 | x, v | x, d | i, i | x * 0, y
cosine_embedding_loss: x, y, w.detach().sign() | x, y, w, 0.5, reduction='sum' | v, v, s.detach().sign() | x, y, x | x, y, s
pairwise_distance: x, y | x, y, 1.0 | x, y, keepdim=True | x, v
triplet_margin_loss: x, y, u | x, y, u, 0.5, 1, swap=True | x, y, u, reduction='sum' | x, y, v | x, y, u, 0
avg_pool2d: b, 2 | b, (1, 2), 1 | b, 2, 1, 1, True, False | b[None], 2, padding=1 | b, 2, divisor_override=3 | b, 2, 3, 1, True
avg_pool2d: x, 2 | b, 2, padding=2 | b, 7 | b, 0 | b, (2, 2, 2) | b.transpose(1, 2), 2
max_pool2d: b, 2 | b, (1, 2), 1 | b, 2, 1, 1, 1, True | b[None], 2, padding=1 | b, 1, 2, dilation=2 | b, 2, 3, 1, 1, True
max_pool2d: x, 2 | b, 2, padding=2 | b, 7 | b, 0 | b, (2, 2, 2) | b.transpose(1, 2), 2 | b * 0, 2, 1
adaptive_avg_pool2d: b, 2 | b, 1 | b, (None, 3) | b[None], (5, 1) | x, 2 | b, (2, 2, 2) | b, -1
adaptive_avg_pool2d: b.transpose(0, 2), 2 | b[None], 1 | b[None], (2, 2, 2)
adaptive_avg_pool1d: x, 2 | b, 1 | b, 5 | v, 2 | b, (2, 2) | b, -1
avg_pool1d: x, 2 | b, 2, 1, 1 | v, 2 | x, (2, 2) | x, 2, 1, 1, True, False | b, 7
max_pool1d: x, 2 | b, 2, 1, 1 | v, 2 | x, 2, 0 | b, 2, ceil_mode=True | b, 9 | x, 2, padding=2 | x, 0
pad: b, (1, 2), 'reflect' | b, (1, 2, 1, 0), 'reflect' | b[None], (1, 2, 1, 0, 1, 1), 'replicate'
pad: b, (1, 2, 1, 0), 'replicate' | b, (1, 1), 'circular' | b, (3, 1, -1, 2), 'circular'
pad: x, (3, 0), 'reflect'
pad: b[None], (1, 2, 1, 0, 1, 1), 'reflect' | s, (1, 1), 'replicate' | x, (4, 0), 'circular' | x, (1, 1), 'reflect', 1.
pad: x, (-1, 1), 'mirror'
pad: b, (-4, 0, -3, 0), 'replicate' | b, (0, 0, -9, 0), 'circular' | mask, (1, 1), 'reflect' | i, (1, 1), 'replicate'
pad: b.transpose(1, 2), (1, 1), 'replicate'
max_pool3d: b[None], 2 | b[None], (1, 2, 2), 1, 1, return_indices=True | b, 2 | b[None], 2, 0 | b[None], 9 | b[None], 2, 1, 2
max_pool3d: b[None], (2, 2)
avg_pool3d: b[None], 2 | b[None], (1, 2, 2), 1, (0, 1, 0), True, False | b, 2 | b[None], 2, 0 | b[None], 9
avg_pool3d: b[None], 2, divisor_override=0
adaptive_avg_pool3d: b[None], 2 | b[None], 1 | b[None], (None, 1, 5) | b, 2 | b[None], (2, 2) | b[None], -1
adaptive_max_pool1d: b, 2 | x, 5 | b, 2, True | v, 2 | b, (2, 2) | b, -1 | i, 2
adaptive_max_pool2d: b, 2 | b, (None, 5), True | x, 2 | b, (2, 2, 2) | b, -1 | b.transpose(1, 2), 2
adaptive_max_pool3d: b[None], 2 | b[None], (None, 1, 5), True | b, 2 | b[None], -1
unfold: b, 2 | b, (1, 2), 1, 1, 2 | b[None], 2, (1, 2) | v, 2 | x, 2 | b, 9 | b, 0 | b, 2, 0 | b, (2, 2, 2) | i, 2
fold: b.reshape(12, 2), (2, 3), 2 | b.reshape(12, 2), (3, 3), 2 | v, 2, 2 | x, 2, 2 | b.reshape(1, 12, 2), (3, 2), 2, stride=0
grid_sample: b[None], torch.stack([x, y], -1)[None], align_corners=False | b[None], torch.stack([y, x], -1)[None], 'bicubic'
grid_sample: b[None], torch.stack([x, y], -1)[None], 'nearest', 'border'
grid_sample: b[None], x[:, None, :2][None] * 2, 'bilinear', 'reflection'
grid_sample: b[None, None], torch.stack([x, y, x * y], -1)[None, None], padding_mode='border', align_corners=True
affine_grid: b[:, :2, :3], (2, 1, 2, 3), align_corners=False | b, (2, 1, 2, 1, 3), align_corners=True
interpolate: b, scale_factor=2 | b[None], (2, 5), mode='bilinear' | b[None], scale_factor=1.5, mode='bicubic'
interpolate: b, 2, mode='area'
interpolate: b, 5, mode='linear', align_corners=True | b[None, None], 2, mode='trilinear' | b, 5, mode='nearest-exact'
interpolate: b[None], 5
interpolate: b[None], (3, 5), mode='nearest-exact' | b[None, None], (3, 5, 2), mode='nearest-exact' | b[None, None], 4
interpolate: x, 2 | b, 2, mode='bilinear' | b | b, 2, 2 | b, (2, 2) | b, scale_factor=(2, 2) | b, 0 | i[None], 2
interpolate: b, 2, align_corners=True
embedding_bag: i.abs() % 2, x | i.abs() % 2, x, mode='max' | i.abs() % 2, x, mode='sum', per_sample_weights=y | i.abs(), x
embedding_bag: x, y | i, v
embedding_bag: i[0].abs() % 2, x | i[0].abs() % 2, x, i[0] * 0 | i, x, i[0] | i.abs() % 2, x, mode='mode'
embedding_bag: i.abs() % 2, x, padding_idx=5
local_response_norm: b, 2 | b[None], 3, 0.1 | x, 2
lp_pool1d: p, 2, 2 | p, 1.5, 2, 1 | x, inf, 2
lp_pool2d: b.abs(), 2, 2 | b, inf, (1, 2) | x, 2, 2
multi_margin_loss: x, i[:, 0].abs() | x, i[:, 0].abs(), 2, 0.5, v.detach().abs() | x, i[0].abs() | x, i | x, i[:, 0].abs(), 3
multi_margin_loss: i, i
multilabel_margin_loss: x, i | x, i.abs() % 3 | v, i[0].abs() % 3, reduction='sum' | x, i.abs() % 3, reduction='none' | x, v
multilabel_soft_margin_loss: x, p | x, p, v.detach() | x, p, reduction='none' | s, s
triplet_margin_with_distance_loss: x, y, u | x, y, u, swap=True, reduction='sum' | x, y, v | x, y, u, margin=-1
dropout1d: x, 0.0 | v | x, 2.0 | b, 1.0
dropout2d: b[None], 0.0 | b[None], 1.0 | b[None], -1.0
alpha_dropout: x, 0.0, True | x, 1.0, True | x, 2.0
pixel_shuffle: b.reshape(4, 2, 3), 2 | x, 2 | b, 3 | b, 0 | i.reshape(1, 2, 3), 1
pixel_unshuffle: b.reshape(2, 2, 6), 2 | x, 2 | b, 3 | b, 0
channel_shuffle: b.reshape(1, 4, 6), 2 | x, 2 | b, 2 | b, 0
scaled_dot_product_attention: x, y, u | b, b, b | b[None], b[None], b[None] | b, b, b, mask[:, :1]
scaled_dot_product_attention: b[None], b[None], b[None], is_causal=True
scaled_dot_product_attention: b.contiguous()[None], b.contiguous()[None], b.contiguous()[None]
scaled_dot_product_attention: v, v, v | x, y, m | x, d, d | b, b, b, i | b[None], b[None], b[None], None, 2.
scaled_dot_product_attention: x, x, x, mask[:, :2], is_causal=True
cdist: x, y | x, y, 1.5 | x, y, 0. | b, b[:1], 3. | b, m | v, x | i, i | x, y, -1. | x, d | x, y, 2., 'none' | x[:0], y
cdist: x, y, 2.0, 'use_mm_for_euclid_dist'
pdist: x | x, 1.0 | b | i | x, -1.
layer_norm: x, (3,) | b, (3, 4), None, None, 0.1 | b, (4,), b.detach()[0, 0] | x, (2,)
layer_norm: x, () | x, 3 | i, (3,) | x, (3,), w | x, (3,), v, v
rms_norm: x, (3,) | x, (3,), v, 0.1 | b, (3, 4) | i, (3,) | x, (2,) | x, (3,), w
group_norm: b, 1 | b, 3, v, v | x, 3, v | x, 2 | v, 1 | b, 3, w | x[:1], 3 | i, 1 | b.transpose(1, 2), 2
batch_norm: x, None, None, training=True | b, None, None, v, v, True | x, v.detach(), v.detach().abs(), v | b, None, None
batch_norm: x[:1], None, None, training=True | b, v.detach(), w.detach()
batch_norm: x, None, None, training=True, eps=-1
batch_norm: b.transpose(1, 2), None, None, training=True | x, None, None, w, training=True | v, None, None, training=True
instance_norm: b | b, None, None, v, v | b, v.detach(), v.detach().abs(), use_input_stats=False | x | b, use_input_stats=False
conv1d: x, x.t()[:, :2, None].expand(3, 2, 3), v | b, b[:, :, :2].transpose(1, 0), v, 2, 1 | b, x[:, :, None] | b, b, v, 0
conv1d: v, b
conv1d: b, b, None, 2, 'same' | b, b, None, 1, 'full' | b, b[..., :1], w, (1, 1) | b, b, x | b, b, 1
conv2d: b, b[None] | b, b[None, :, :2, :2], s[None], 2, (1, 0), 1 | b, b[:, :1], None, 1, 0, 1, 2 | x, b
conv2d: b, b[None], None, 1, -1
conv_transpose1d: b, b.transpose(0, 1), w | b, b.transpose(0, 1), None, 2, 1, 1 | b, b.transpose(0, 1), None, 1, 0, 1 | b, b
gumbel_softmax: x | x, 0.5, True | x, 2.0, dim=0
pad: x, (1, 2) | x, (1, 0, 0, 2) | x, (-1, 1), value=2.5 | x, (1, 1, 1) | x, (1, 1, 1, 1, 1, 1) | i, (0, 1)
one_hot: i.abs() | i.abs(), 9
"""

FAMILIES = {
    "pointwise": POINTWISE,
    "special": SPECIAL,
    "comparison": COMPARISON,
    "activation": ACTIVATION,
    "loss": LOSS,
}

ALIASES = """
subtract sub / multiply mul / divide div / true_divide div / negative neg / absolute abs / fix trunc / clip clamp / arcsin asin
arccos acos / arctan atan / arcsinh asinh / arccosh acosh / arctanh atanh / arctan2 atan2 / greater gt / greater_equal ge
less lt / less_equal le / not_equal ne / round round / exp2 exp2 / expm1 expm1 / log1p log1p / erf erf
"""


def samples(text: str) -> Iterator[tuple[str, str]]:
    """(name, arguments) for every sample of a family."""
    for line in text.strip().splitlines():
        name, _, arguments = line.partition(": ")
        for one in arguments.split(" | "):
            yield name, one.strip()


def aliases() -> dict[str, list[str]]:
    """The other names of an operator."""
    found: dict[str, list[str]] = {}
    for pair in ALIASES.replace("\n", " / ").split("/"):
        if pair.strip():
            new, old = pair.split()
            found.setdefault(old, []).append(new)
    return found


def split(arguments: str) -> tuple[str, str]:
    """The first argument and the rest."""
    depth = 0
    for at, c in enumerate(arguments):
        depth += (c in "([") - (c in ")]")
        if c == "," and not depth:
            return arguments[:at], arguments[at + 2 :]
    return arguments, ""


def forms(torch: object, name: str, arguments: str) -> Iterator[str]:
    """Every way to write one call that PyTorch has."""
    first, rest = split(arguments)
    functional = torch.nn.functional  # type: ignore[attr-defined]
    if "inplace" in arguments:
        yield f"F.{name}({arguments})"
        yield f"F.{name}({first}.clone(), {rest})"
        return
    for alias in (name, *aliases().get(name, ())):
        for module, place in ((torch, "torch"), (functional, "F"), (torch.special, "torch.special")):  # type: ignore[attr-defined]
            if hasattr(module, alias) and (alias == name or module is torch):
                yield f"{place}.{alias}({arguments})"
                if place != "F":
                    yield f"{place}.{alias}({detached(arguments)}, out=torch.empty(0, dtype=x.dtype))"
            if hasattr(module, alias + "_"):
                yield f"{place}.{alias}_({first}.clone(){', ' * bool(rest)}{rest})"
        tensor = torch.Tensor  # type: ignore[attr-defined]
        receiver = first if first.replace("_", "").replace(".detach()", "").isalnum() else f"({first})"
        if receiver.isdigit():
            continue
        if hasattr(tensor, alias):
            yield f"{receiver}.{alias}({rest})"
        if hasattr(tensor, alias + "_"):
            yield f"{receiver}.clone().{alias}_({rest})"
            yield f"{receiver}.{alias}_({rest})"
    if hasattr(torch, name) and rest == "":
        for out in (
            "torch.empty(2, 3, dtype=torch.float64)",
            "torch.empty(3, 2, dtype=x.dtype).t()",
            "i.clone()",
            "x.clone()",
            "torch.empty(5, dtype=x.dtype)",
        ):
            yield f"torch.{name}({detached(arguments)}, out={out})"


def detached(arguments: str) -> str:
    """The same call over tensors that require no grad."""
    first, rest = split(arguments)
    parts = [first]
    while rest:
        first, rest = split(rest)
        parts.append(first)
    return ", ".join(p + ".detach()" if p in ("x", "y", "v", "w", "p", "u", "s", "b", "d") else p for p in parts)
