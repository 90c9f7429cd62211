"""Where each operator is differentiable: one line an operator, its name and public expressions that reach it.

    name    expression | another expression

Of the names that expressions use x, y, p, u (2, 3), v (3,), w (2,), m (3, 2), q (3, 3), b (2, 2, 3), e (2, 3, 2) and s () are
tensors that require grad: p is positive, u between -1 and 1, q well-conditioned. `mask` is bool (2, 3), `i` indices (2,), `j`
indices (2, 3) below 2, `c` floats (2, 3). An operator that only a derivative reaches is listed with an expression whose
derivative does.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache

POINTWISE = """
add                     x + y | x.add(v) | 1 + x | x.add(y, alpha=2) | x + s
sub                     x - y | x.sub(v) | x - 1 | x.sub(y, alpha=2)
mul                     x * y | x.mul(v) | 2 * x | x * s
div                     x / p | x.div(p) | y / 2
add_alpha               x.add(y, alpha=2)
sub_alpha               x.sub(y, alpha=2)
div_mode                x.div(p, rounding_mode='floor') | x.div(p, rounding_mode=None)
rsub                    torch.rsub(x, y)
rsub_alpha              torch.rsub(x, y, alpha=2)
rsub_scalar_alpha       torch.rsub(x, 2, alpha=3)
round_decimals          x.round(decimals=1)
angle                   x.angle()
rsub_scalar             2 - x
add_scalar              x.tan()
sub_scalar              p ** p
mul_complex             torch.view_as_real(F.conv1d(torch.complex(e, e), torch.complex(e, 1 - e)))
mul_scalar              p ** 2.5 | torch.linalg.qr(q)
div_scalar              torch.maximum(x, y)
neg                     -x | x.neg()
reciprocal              1 / p | p.reciprocal()
conj                    (x.to(torch.complex128) * (1 + 2j)).conj().abs()
conj_physical           (x.to(torch.complex128) * (1 + 2j)).conj_physical().abs()
conj_physical_of        x.clone().conj_physical_()
complex_of              torch.complex(x, y).abs() | torch.complex(v, y).abs()
polar                   torch.polar(p, y).real | torch.polar(v.exp(), y).imag
view_as_real            torch.view_as_real(x.to(torch.complex128) * (1 + 2j)) | (x.to(torch.complex128) * 1j).imag
neg_view                torch._neg_view(x) * y | torch._neg_view(x).exp()
view_as_complex         (torch.view_as_complex(m) * torch.view_as_complex(m)).imag
pow_scalar              p ** 2 | x.pow(3) | p.pow(-0.5)
pow_tensor              p ** y | p.pow(v)
pow_base                2 ** x
pow_complex             (p ** (1.5 + 0.5j)).abs()
pow_complex_base        ((1.5 + 0.5j) ** x).abs()
exp                     x.exp()
log                     p.log()
sqrt                    p.sqrt()
rsqrt                   p.rsqrt()
sin                     x.sin()
cos                     x.cos()
atan                    x.atan()
asin                    u.asin()
acos                    u.acos()
sinh                    x.sinh()
cosh                    x.cosh()
log1p                   p.log1p()
expm1                   x.expm1()
tan                     u.tan()
tanh                    x.tanh()
sigmoid                 x.sigmoid()
relu                    x.relu() | F.relu(x)
abs                     x.abs()
sgn                     x.sgn() | x.abs()
sign                    x.sign()
floor                   x.floor()
ceil                    x.ceil()
round                   x.round()
trunc                   x.trunc()
tanh_backward           x.tanh()
sigmoid_backward        x.sigmoid()
threshold_backward      x.relu() | F.threshold(x, 0.5, -1)
"""

SPECIAL = """
exp2                    x.exp2()
log2                    p.log2()
log10                   p.log10()
logaddexp               torch.logaddexp(x, y)
logaddexp2              torch.logaddexp2(x, v)
xlogy                   torch.xlogy(x, p)
logit                   torch.logit(p / 3) | torch.logit(p / 3, 0.01)
asinh                   x.asinh()
acosh                   (p + 1).acosh()
atanh                   u.atanh()
atan2                   x.atan2(y)
hypot                   x.hypot(y)
sinc                    x.sinc()
deg2rad                 x.deg2rad()
rad2deg                 x.rad2deg()
erf                     x.erf()
erfc                    x.erfc()
frac                    x.frac()
fmod                    x.fmod(p)
fmod_scalar             x.fmod(0.8)
remainder               x.remainder(p) | x % p
remainder_scalar        x.remainder(0.8) | x % 0.8
xlogy_self              torch.xlogy(2, p) * 1
xlogy_other             x.xlogy(2)
xlog1py                 torch.special.xlog1py(x, p)
xlog1py_self            torch.special.xlog1py(2, p)
xlog1py_other           torch.special.xlog1py(x, 2)
entr                    torch.special.entr(p)
erfinv                  u.erfinv()
erfcx                   torch.special.erfcx(x)
ndtri                   torch.special.ndtri(u / 2 + 0.5)
log_ndtr                torch.special.log_ndtr(x)
lgamma                  p.lgamma()
digamma                 p.digamma()
polygamma               p.polygamma(1) | p.polygamma(2)
polygamma_of            p.clone().polygamma_(1)
mvlgamma                (p + 2).mvlgamma(2)
igamma                  c.igamma(p)
igammac                 c.igammac(p)
zeta                    torch.special.zeta(c + 1, p)
zeta_self               torch.special.zeta(2.5, p)
i0                      x.i0()
i0e                     torch.special.i0e(x)
i1                      torch.special.i1(x)
i1e                     torch.special.i1e(x)
copysign                x.copysign(y)
copysign_scalar         x.copysign(-1.)
nextafter               x.nextafter(y)
ldexp                   x.ldexp(y)
frexp                   x.frexp()
nan_to_num              x.nan_to_num()
dist                    x.dist(y) | x.dist(y, 3) | x.dist(v)
lerp_scalar             torch.lerp(x, y, 0.25)
lerp_tensor             torch.lerp(x, y, p)
addcmul                 torch.addcmul(x, y, v) | torch.addcmul(x, y, p, value=2)
addcdiv                 torch.addcdiv(x, y, p) | torch.addcdiv(x, v, p, value=0.5)
"""

ACTIVATION = """
log_sigmoid             F.logsigmoid(x)
softplus                F.softplus(x) | F.softplus(x, 2, 1)
elu                     F.elu(x) | F.selu(x) | F.elu(x, 0.5)
celu                    F.celu(x, 2.)
leaky_relu              F.leaky_relu(x) | F.leaky_relu(x, 0.5)
elu_of                  F.elu(x.clone(), inplace=True)
leaky_relu_of           F.leaky_relu(x.clone(), 0.1, inplace=True)
hardtanh                F.hardtanh(x) | F.relu6(x) | F.hardtanh(x.clone(), inplace=True)
threshold               F.threshold(x, 0.5, -1)
softshrink              F.softshrink(x)
hardshrink              F.hardshrink(x)
hardsigmoid             F.hardsigmoid(x)
hardswish               F.hardswish(x)
gelu                    F.gelu(x) | F.gelu(x, approximate='tanh')
silu                    F.silu(x) | F.silu(x.clone(), inplace=True)
mish                    F.mish(x)
softmax                 x.softmax(-1) | F.softmax(x, 0) | F.softmin(x, 0) | s.softmax(0)
log_softmax             x.log_softmax(1) | F.log_softmax(x, 0) | s.log_softmax(0)
softmax_backward_data   x.softmax(-1)
log_softmax_backward_data   x.log_softmax(1)
celu_of                 F.celu(x.clone(), 2., inplace=True)
threshold_of            F.threshold(x.clone(), 0.5, -1, inplace=True)
rrelu_with_noise        F.rrelu(x)
rrelu_with_noise_of     F.rrelu(x.clone(), inplace=True)
glu                     F.glu(m) | F.glu(e, 2)
elu_backward            F.elu(x)
softplus_backward       F.softplus(x)
gelu_backward           F.gelu(x) | F.gelu(x, approximate='tanh')
log_sigmoid_backward    F.logsigmoid(x)
leaky_relu_backward     F.leaky_relu(x)
hardtanh_backward       F.hardtanh(x)
softshrink_backward     F.softshrink(x)
hardshrink_backward     F.hardshrink(x)
hardswish_backward      F.hardswish(x)
rrelu_with_noise_backward   F.rrelu(x)
glu_backward            F.glu(m)
prelu_kernel            F.prelu(x, s) | F.prelu(x, v) | F.prelu(b, w)
prelu_kernel_backward   F.prelu(x, s) | F.prelu(b, w)
avg_pool2d              F.avg_pool2d(b, 2) | F.avg_pool2d(b, 2, 1, 1, count_include_pad=False) | F.avg_pool1d(x, 2, 1)
avg_pool2d_backward     F.avg_pool2d(b, 2) | F.avg_pool1d(x, 2, padding=1)
adaptive_avg_pool2d     F.adaptive_avg_pool2d(b, 2) | F.adaptive_avg_pool2d(b, (None, 2)) | F.adaptive_avg_pool1d(x, 2)
adaptive_avg_pool2d_backward   F.adaptive_avg_pool2d(b, (1, 2)) | F.adaptive_avg_pool1d(x, 4)
max_pool2d_with_indices   F.max_pool2d(b, 2) | F.max_pool2d(b, 2, 1, 1) | F.max_pool1d(x, 2, 1)
max_pool2d_with_indices_backward   F.max_pool2d(b, (1, 2), 1) | F.max_pool1d(x, 2)
avg_pool3d              F.avg_pool3d(b[None], (1, 2, 2), 1) | F.avg_pool3d(b[None], 2, 1, 1, count_include_pad=False)
avg_pool3d_backward     F.avg_pool3d(b[None], (2, 1, 2), padding=(1, 0, 1)) | F.avg_pool3d(b[None], 1)
adaptive_avg_pool3d     F.adaptive_avg_pool3d(b[None], (1, 2, 2)) | F.adaptive_avg_pool3d(b[None], (None, 3, None))
adaptive_avg_pool3d_backward   F.adaptive_avg_pool3d(b[None], (3, 1, 2))
max_pool3d_with_indices   F.max_pool3d(b[None], (1, 2, 2), 1) | F.max_pool3d(b[None], 2, 1, 1)
max_pool3d_with_indices_backward   F.max_pool3d(b[None], (2, 1, 2), 1)
adaptive_max_pool2d     F.adaptive_max_pool2d(b, 2) | F.adaptive_max_pool2d(b, (None, 2)) | F.adaptive_max_pool1d(x, 2)
adaptive_max_pool2d_backward   F.adaptive_max_pool2d(b, (1, 2)) | F.adaptive_max_pool1d(b, 4)
adaptive_max_pool3d     F.adaptive_max_pool3d(b[None], (1, 2, 2)) | F.adaptive_max_pool3d(b[None], 2)
adaptive_max_pool3d_backward   F.adaptive_max_pool3d(b[None], (3, 1, 2))
reflection_pad1d        F.pad(x, (1, 2), 'reflect') | F.pad(b, (2, -1), 'reflect')
reflection_pad1d_backward   F.pad(x, (1, 2), 'reflect')
reflection_pad2d        F.pad(b, (1, 2, 1, 0), 'reflect') | F.pad(b[None], (-1, 1, 1, 1), 'reflect')
reflection_pad2d_backward   F.pad(b, (1, 2, 1, 0), 'reflect')
reflection_pad3d        F.pad(b[None], (1, 2, 1, 0, 0, 1), 'reflect')
reflection_pad3d_backward   F.pad(b[None], (1, 2, 1, 0, 0, 1), 'reflect')
replication_pad1d       F.pad(x, (1, 2), 'replicate') | F.pad(b, (4, -1), 'replicate')
replication_pad1d_backward   F.pad(x, (1, 2), 'replicate')
replication_pad2d       F.pad(b, (1, 2, 3, 0), 'replicate') | F.pad(b[None], (-1, 1, 1, 1), 'replicate')
replication_pad2d_backward   F.pad(b, (1, 2, 1, 0), 'replicate')
replication_pad3d       F.pad(b[None], (1, 2, 3, 0, 0, 1), 'replicate')
replication_pad3d_backward   F.pad(b[None], (1, 2, 1, 0, 0, 1), 'replicate')
im2col                  F.unfold(b, 2) | F.unfold(b, (1, 2), 1, (1, 0), (1, 2)) | F.unfold(b[None], 2, (1, 2))
col2im                  F.fold(b.reshape(4, 3), (2, 4), (2, 2)) | F.fold(e.reshape(1, 4, 3), (2, 6), 2, stride=(1, 2))
pixel_shuffle           F.pixel_shuffle(b.reshape(4, 1, 3), 2)
pixel_unshuffle         F.pixel_unshuffle(e.reshape(1, 2, 6), 2)
channel_shuffle         F.channel_shuffle(b.reshape(1, 6, 2), 2) | F.channel_shuffle(b.reshape(1, 6, 1, 2), 3)
upsample_nearest1d      F.interpolate(b, scale_factor=2) | F.interpolate(b, 2)
upsample_nearest1d_backward   F.interpolate(b, scale_factor=1.6)
upsample_nearest2d      F.interpolate(b[None], scale_factor=2) | F.interpolate(b[None], (3, 2))
upsample_nearest2d_backward   F.interpolate(b[None], (3, 5))
upsample_nearest3d      F.interpolate(b[None, None], scale_factor=2)
upsample_nearest3d_backward   F.interpolate(b[None, None], (1, 3, 4))
upsample_nearest_exact1d   F.interpolate(b, scale_factor=1.6, mode='nearest-exact')
upsample_nearest_exact1d_backward   F.interpolate(b, 2, mode='nearest-exact')
upsample_nearest_exact2d   F.interpolate(b[None], (3, 2), mode='nearest-exact')
upsample_nearest_exact2d_backward   F.interpolate(b[None], (3, 2), mode='nearest-exact')
upsample_nearest_exact3d   F.interpolate(b[None, None], (1, 3, 4), mode='nearest-exact')
upsample_nearest_exact3d_backward   F.interpolate(b[None, None], (1, 3, 4), mode='nearest-exact')
upsample_linear1d       F.interpolate(b, scale_factor=1.6, mode='linear')
                      | F.interpolate(b, 5, mode='linear', align_corners=True)
upsample_linear1d_backward   F.interpolate(b, 2, mode='linear')
grid_sampler_2d         F.grid_sample(b[None], torch.stack([x, y], -1).sin()[None], align_corners=False)
                      | F.grid_sample(b[None], torch.stack([y, x], -1).cos()[None], 'bicubic', align_corners=True)
                      | F.grid_sample(b[None], torch.stack([x, y], -1)[None], 'nearest', 'border', align_corners=False)
                      | F.grid_sample(b[None], torch.dstack([x, y])[None].nan_to_num(0, 2, 2), 'bilinear', 'reflection', False)
                      | F.grid_sample(b[None], torch.stack([y, x], -1)[None], 'bicubic', 'reflection', align_corners=True)
grid_sampler_2d_backward F.grid_sample(b[None], torch.stack([x, y], -1).sin()[None], 'bicubic', align_corners=False)
grid_sampler_3d         F.grid_sample(b[None, None], torch.stack([x, y, x * y], -1).sin()[None, None], align_corners=False)
grid_sampler_3d_backward F.grid_sample(b[None, None], torch.stack([x, y, x * y], -1).sin()[None, None], align_corners=True)
affine_grid_generator   F.affine_grid(q[None, :2], (1, 1, 2, 3), align_corners=False)
                      | F.affine_grid(b.view(1, 3, 4), (1, 1, 2, 1, 3), align_corners=False)
upsample_bilinear2d     F.interpolate(b[None], scale_factor=1.6, mode='bilinear')
                      | F.interpolate(b[None], (3, 1), mode='bilinear', align_corners=True)
upsample_bilinear2d_backward   F.interpolate(b[None], (3, 2), mode='bilinear')
upsample_trilinear3d    F.interpolate(b[None, None], scale_factor=1.6, mode='trilinear')
upsample_trilinear3d_backward   F.interpolate(b[None, None], (3, 1, 2), mode='trilinear', align_corners=True)
upsample_bicubic2d      F.interpolate(b[None], scale_factor=1.6, mode='bicubic')
upsample_bicubic2d_backward   F.interpolate(b[None], (3, 5), mode='bicubic', align_corners=True)
constant_pad_nd         F.pad(x, (1, 2)) | F.pad(x, (-1, 1, 0, 2), value=2.5) | F.pad(b, (0, -1))
"""

LAYERS = """
native_layer_norm       F.layer_norm(x, (3,)) | F.layer_norm(x, (3,), v, v + 1) | F.layer_norm(b, (2, 3), y)
native_layer_norm_backward   F.layer_norm(x, (3,), v) | F.layer_norm(x, (2, 3))
native_group_norm       F.group_norm(b, 1) | F.group_norm(b, 2, w, w + 1) | F.group_norm(b, 1, w)
native_batch_norm       F.batch_norm(x, None, None, training=True) | F.batch_norm(b, None, None, w, w + 1, True)
                      | F.batch_norm(x, c[0], c[1], v, v) | F.instance_norm(b, weight=w)
convolution             F.conv1d(x, b, w, padding=1) | F.conv2d(b[None], b[:, None, :, :2], w, (1, 2), 1, groups=2)
                      | F.conv_transpose1d(b, b + 1, w, 2, 1, 1) | F.conv1d(b, e.transpose(1, 2)[..., :2], padding='same')
convolution_backward    F.conv1d(b, b + 1, w, 2, 1) | F.conv_transpose1d(b, b[:, :1], w, 2, groups=2)
                      | F.conv1d(b, e.transpose(1, 2)[:, :1, :2], groups=2)
safe_softmax            F.scaled_dot_product_attention(x, y, p)
                      | F.scaled_dot_product_attention(b, b * 2, b + 1, is_causal=True)
                      | F.scaled_dot_product_attention(b, b * 2, b + 1, mask[:, :2], scale=-0.3)
scaled_dot_product_flash_attention_for_cpu   F.scaled_dot_product_attention(b[None], b[None] * 2, b[None] + 1)
                      | F.scaled_dot_product_attention(b[None], x[None, None], y[None, None], mask[:, :2], enable_gqa=True)
                      | F.scaled_dot_product_attention(b[None], b[None] * 2, b[None] + 1, is_causal=True, scale=0.3)
native_batch_norm_backward   F.batch_norm(b, None, None, w, w, True) | F.batch_norm(x, c[0], c[1], v)
"""

LOSSES = """
mse_loss                F.mse_loss(x, y) | F.mse_loss(x, y, reduction='none') | F.mse_loss(x, y, reduction='sum')
mse_loss_backward       F.mse_loss(x, y) | F.mse_loss(x, y, reduction='none')
smooth_l1_loss          F.smooth_l1_loss(x, y) | F.smooth_l1_loss(x, y, reduction='none', beta=0.7)
huber_loss              F.huber_loss(x, y) | F.huber_loss(x, y, reduction='sum', delta=0.7)
smooth_l1_loss_backward   F.smooth_l1_loss(x, y) | F.smooth_l1_loss(x, y, reduction='none', beta=0.7)
huber_loss_backward     F.huber_loss(x, y) | F.huber_loss(x, y, reduction='sum', delta=0.7)
soft_margin_loss        F.soft_margin_loss(x, c)
soft_margin_loss_backward   F.soft_margin_loss(x, c) | F.soft_margin_loss(x, c, reduction='none')
binary_cross_entropy_backward   F.binary_cross_entropy(p / 3, y.sigmoid()) | F.binary_cross_entropy(p / 3, u.abs(), c)
nll_loss                F.nll_loss(x, i) | F.nll_loss(x, i, weight=torch.ones(3).double())
nll_loss_backward       F.nll_loss(x, i) | F.cross_entropy(x, i, ignore_index=0) | F.cross_entropy(x, i, label_smoothing=0.1)
nll_loss2d              F.cross_entropy(b, j)
nll_loss2d_backward     F.cross_entropy(b, j) | F.cross_entropy(b, j, torch.ones(2).double(), reduction='sum')
norm_dim                F.pairwise_distance(x, y) | F.triplet_margin_loss(x, y, u, p=3, swap=True)
binary_cross_entropy    F.binary_cross_entropy(u.sigmoid(), x.sigmoid())
binary_cross_entropy_with_logits   F.binary_cross_entropy_with_logits(x, u)
cdist                   torch.cdist(x, m.T) | torch.cdist(x, q, 1.5) | torch.cdist(b, q, 1.) | torch.cdist(y, q, inf)
                      | torch.cdist(x, q, 3.)
euclidean_dist          torch.cdist(b, q, compute_mode='use_mm_for_euclid_dist')
pdist                   F.pdist(q) | F.pdist(x, 1.) | torch.pdist(q, inf) | torch.pdist(q, 3.) | torch.pdist(q, 1.5)
multi_margin_loss       F.multi_margin_loss(x, i) | F.multi_margin_loss(x, i, 2, 0.5, c[0]) | F.multi_margin_loss(v, i[0])
multilabel_margin_loss  F.multilabel_margin_loss(x, j) | F.multilabel_margin_loss(v, torch.tensor([2, -1, 0]))
embedding_bag           F.embedding_bag(j, m) | F.embedding_bag(j, m, mode='sum', per_sample_weights=x)
                      | F.embedding_bag(j, m, mode='max') | F.embedding_bag(j[0], m, (1 - i) * 2)
embedding               F.embedding(j, x) | F.embedding(j[0], x)
embedding_backward      F.embedding(i, x)
"""

COMPARISON = """
lt                      x.clone().lt_(y)
lt_scalar               x.clone().lt_(0)
le                      x.clone().le_(y)
le_scalar               x.clone().le_(0.5)
gt                      x.clone().gt_(y)
gt_scalar               x.clone().gt_(1)
ge                      x.clone().ge_(y)
ge_scalar               x.clone().ge_(0)
eq                      x.clone().eq_(y)
eq_scalar               x.clone().eq_(1)
ne                      x.clone().ne_(y)
ne_scalar               x.clone().ne_(1)
maximum                 torch.maximum(x, y) | torch.max(x, v)
minimum                 torch.minimum(x, y) | torch.min(x, v)
fmax                    torch.fmax(x, y)
fmin                    torch.fmin(x, y)
where                   torch.where(mask, x, y) | torch.where(mask, v, s) | x.where(mask, y) | torch.where(mask, x, 0.)
masked_fill             x.masked_fill(mask, 2.) | x.masked_fill(mask[0], 1)
masked_fill_tensor      x.masked_fill(mask, s)
masked_select           x.masked_select(mask) | v.masked_select(mask)
clamp                   x.clamp(-1, 1) | x.clamp(0) | x.clamp(max=0.5)
clamp_min               x.clamp_min(0)
clamp_max               x.clamp_max(0)
clamp_tensor            x.clamp(u, p) | x.clamp(u)
clamp_min_tensor        x.clamp_min(y)
clamp_max_tensor        x.clamp_max(y)
"""

REDUCTION = """
sum_all                 x.sum() | s.sum()
sum_dim                 x.sum(0) | x.sum((0, 1), keepdim=True) | x.sum(-1)
mean_all                x.mean()
mean_dim                x.mean(0) | x.mean(-1, keepdim=True)
nansum_dim              x.nansum() | x.nansum(0)
prod_all                x.prod() | (x * torch.tensor([1., 0., 1.])).prod()
prod_dim                x.prod(0) | x.prod(1, keepdim=True)
max_all                 x.max()
min_all                 x.min()
max_dim                 x.max(0) | x.max(1, keepdim=True)
min_dim                 x.min(0)
amax                    x.amax() | x.amax(0) | x.amax((0, 1), keepdim=True)
amin                    x.amin() | x.amin(1)
aminmax                 x.aminmax() | x.aminmax(dim=0)
median_all              x.median()
median_dim              x.median(0) | x.median(1, keepdim=True)
kthvalue                x.kthvalue(2) | x.kthvalue(1, 0, keepdim=True)
sort                    x.sort(1) | x.sort(0, descending=True) | x.msort()
sort_stable             x.sort(stable=True)
topk                    x.topk(2) | x.topk(1, 0, largest=False)
vector_norm             x.norm() | x.norm(1) | x.norm(3, 1) | x.norm(1.5) | x.norm(inf, 0) | x.norm(0.5)
var                     x.var() | x.var(0) | x.var(1, correction=0, keepdim=True)
std                     x.std() | x.std(0)
var_mean                torch.var_mean(x) | torch.var_mean(x, 0)
std_mean                torch.std_mean(x) | torch.std_mean(x, 1)
logsumexp               x.logsumexp(0) | x.logsumexp((0, 1), keepdim=True)
cumsum                  x.cumsum(0) | x.cumsum(-1)
cumprod                 x.cumprod(0) | x.cumprod(1)
"""

LINALG = """
dot                     v.dot(v * 2) | v @ (v + 1)
vdot                    v.vdot(v * 2)
mv                      x.mv(v) | x @ v
mm                      x.mm(m) | x @ m | x.T @ m.T
bmm                     b.bmm(e) | b @ e
addmm                   torch.addmm(w, x, m) | torch.addmm(q, m, x, beta=2, alpha=3) | F.linear(x, m.T, w)
addmv                   torch.addmv(w, x, v) | torch.addmv(w, x, v, beta=2, alpha=0.5)
addr                    torch.addr(x, w, v) | torch.addr(s, w, v, beta=2, alpha=0.5)
baddbmm                 torch.baddbmm(w, b, e) | torch.baddbmm(b @ e, b, e, beta=0.5, alpha=2)
addbmm                  torch.addbmm(s, b, e) | torch.addbmm(q[:2, :2], b, e, beta=0.5, alpha=2)
trace                   q.trace()
linalg_cross            torch.linalg.cross(x, y) | v.cross(v * 2, 0)
"""

SHAPE = """
view                    x.view(3, 2)
reshape_alias           b[:, :, ::2].reshape(4, 2)
alias                   x[...]
t                       x.t()
transpose               b.transpose(0, 2)
permute                 b.permute(2, 0, 1) | x.T
expand                  v.expand(2, 3) | s.expand(2) | s.expand(())
squeeze                 x[:, :1].squeeze()
squeeze_dim             x[:1].squeeze(0) | w @ x
squeeze_dims            x[:1, :1].squeeze((0, 1))
unsqueeze               x.unsqueeze(1)
select                  x[1] | x.select(1, -1)
slice_                  x[:, 1:] | x[:, ::2]
diagonal                q.diagonal() | b.diagonal(1, 0, 2)
unbind                  x.unbind() | x.unbind(1)
split                   b.split(1) | x.split(2, 1)
split_with_sizes        b.split([1, 2], 2)
flip                    x.flip(0) | x.flip((0, 1))
repeat                  x.repeat(2, 1) | v.repeat(2, 1, 2) | s.repeat(2)
clone                   x.clone()
fill_scalar             torch.fill(x, 2)
fill                    torch.fill(x, s)
contiguous_copy         x.T.contiguous()
copy_in_format          b[None].clone(memory_format=torch.channels_last)
                      | b[None].contiguous(memory_format=torch.channels_last)
                      | b[None, None].clone(memory_format=torch.channels_last_3d)
unsafe_view             b.transpose(0, 1) @ m
to_copy                 x.to(torch.float32).to(torch.float64) * 0 + x.to(torch.complex128).abs()
to_copy_in_format       b[None].to(torch.complex128, memory_format=torch.channels_last).abs()
cat                     torch.cat([x, y]) | torch.cat([x, y, p], 1)
stack                   torch.stack([x, y]) | torch.stack([x, y], 2)
select_backward         x[1].exp()
slice_backward          x[:, 1:].exp()
diagonal_backward       q.diagonal().exp()
"""

INDEX = """
index                   x[i] | x[mask] | x[:, i] | x[i, i]
index_put               x.index_put((i,), y) | x.index_put((i,), v, accumulate=True)
index_put_impl          x[i].exp()
"""

SCATTER = """
gather                  x.gather(1, j) | x.gather(0, j[:1])
scatter                 x.scatter(0, torch.tensor([[0, 1, 0]]), y[:1]) | x.scatter(1, j[:, :1], y[:, :1])
scatter_value           x.scatter(1, j, 2.)
scatter_add             x.scatter_add(1, j, y) | x.scatter_add(0, j, y)
scatter_reduce          x.scatter_reduce(1, j, y, 'sum') | x.scatter_reduce(1, j, y, 'prod') | x.scatter_reduce(1, j, y, 'amax')
index_select            x.index_select(0, i) | x.index_select(1, j[0])
index_add               x.index_add(0, i, y) | x.index_add(1, j[0], y, alpha=2)
index_copy              x.index_copy(0, i, y)
index_fill              x.index_fill(1, i, 2.)
index_fill_tensor       x.index_fill(1, i, s)
index_reduce            x.index_reduce(0, i, y, 'prod') | x.index_reduce(1, j[0], y, 'mean') | x.index_reduce(0, i, y, 'amin')
take                    x.take(j)
put                     x.put(torch.tensor([0, 4]), w) | x.put(j, y, accumulate=True)
masked_scatter          x.masked_scatter(mask, y)
masked_scatter_backward x.masked_scatter(mask, y)
select_scatter          x.select_scatter(v, 0, 1)
slice_scatter           x.slice_scatter(m.T[:, 1:], 1, 1)
diagonal_scatter        x.diagonal_scatter(w)
"""

ARRANGE = """
tril                    x.tril() | q.tril(-1)
triu                    x.triu() | q.triu(1)
roll                    x.roll(1) | x.roll((1, -1), (0, 1))
rot90                   x.rot90() | x.rot90(2) | b.rot90(3, (1, 2))
diag_embed              v.diag() | x.diag_embed() | v.diag_embed(1, 0, 1)
diagonal_copy           q.diag() | x.diag(1)
block_diag              torch.block_diag(x, v, s)
unfold                  x.unfold(1, 2, 1)
unfold_backward         x.unfold(1, 2, 1)
"""

DECOMPOSITION = """
linalg_inv_ex           torch.linalg.inv(q) | q.inverse()
linalg_det              q.det() | torch.linalg.det(torch.stack([q, q.T + 1]))
linalg_slogdet          q.slogdet()[1] | q.logdet()
linalg_solve_ex         torch.linalg.solve(q, m) | torch.linalg.solve(q, x, left=False)
linalg_lu_factor_ex     torch.linalg.lu_factor(q)[0] | torch.linalg.lu_factor(x)[0] | torch.linalg.lu_factor(m)[0]
linalg_lu               torch.linalg.lu(q)[1] | torch.linalg.lu(x)[2] | torch.linalg.lu(m)[1]
lu_unpack               torch.lu_unpack(*torch.linalg.lu_factor(q))[2] | torch.lu_unpack(*torch.linalg.lu_factor(m))[1]
linalg_lu_solve         q.det() | torch.linalg.lu_solve(*torch.linalg.lu_factor(q), m)
linalg_solve_triangular torch.linalg.solve_triangular(q, m, upper=True)
linalg_cholesky_ex      torch.linalg.cholesky(q @ q.T) | torch.linalg.cholesky(q @ q.T, upper=True)
cholesky                torch.cholesky(q @ q.T)
cholesky_solve          torch.cholesky_solve(m, q.tril()) | torch.cholesky_solve(m, q.triu(), True)
cholesky_inverse        torch.cholesky_inverse(q.tril())
linalg_qr               torch.linalg.qr(q) | torch.linalg.qr(x) | torch.linalg.qr(m)
linalg_eig              torch.linalg.eigvals(q).abs() | torch.linalg.eig(q)[1].abs() | torch.linalg.eigvals(q.T).imag
linalg_eigh             torch.linalg.eigh((q + q.T)[:2, :2])[1].square() | torch.linalg.eigvalsh(q + q.T)
linalg_svd              torch.linalg.svd(x[:, :2], False)[0].square() | torch.linalg.svd(m, False)[2].square()
linalg_pinv             torch.linalg.pinv(x) | torch.linalg.pinv(m)
linalg_matrix_exp       torch.linalg.matrix_exp(q / 4)
fft_c2c                 torch.view_as_real(torch.fft.fft(torch.complex(x, y))) | torch.view_as_real(torch.fft.ifft2(b))
fft_r2c                 torch.view_as_real(torch.fft.rfft(x)) | torch.fft.fft(x, dim=0).real
fft_c2r                 torch.fft.irfft(torch.complex(x, y)) | torch.fft.hfft(x)
linalg_lstsq            torch.linalg.lstsq(m, v)[0] | torch.linalg.lstsq(x, w)[0]
"""

STATISTICS = """
cummax                  x.cummax(1) | x.cummax(0)
cummin                  x.cummin(1)
logcumsumexp            x.logcumsumexp(1)
nanmedian_all           x.nanmedian()
nanmedian_dim           x.nanmedian(1) | x.nanmedian(0, True)
mode                    x.mode(1) | x.mode(0, True)
renorm                  x.renorm(2, 0, 1.) | x.renorm(3, 1, 0.5)
"""

FAMILIES = {
    "pointwise": POINTWISE,
    "special": SPECIAL,
    "activation": ACTIVATION,
    "layers": LAYERS,
    "losses": LOSSES,
    "comparison": COMPARISON,
    "reduction": REDUCTION,
    "linalg": LINALG,
    "shape": SHAPE,
    "index": INDEX,
    "scatter": SCATTER,
    "arrange": ARRANGE,
    "decomposition": DECOMPOSITION,
    "statistics": STATISTICS,
}


@cache
def expressions() -> Mapping[str, list[str]]:
    """The expressions of each operator."""
    return rows(FAMILIES.values())


def rows(texts: Iterable[str]) -> dict[str, list[str]]:
    """What tables of expressions say; a line that begins with ``|`` goes on with the one before."""
    whole = [re.sub(r"\n +\| ", " | ", text) for text in texts]
    lines = [line.split(None, 1) for text in whole for line in text.strip().splitlines() if line]
    assert len({name for name, _ in lines}) == len(lines), "an operator has two lines"
    return {name: [e.strip() for e in text.split(" | ")] for name, text in lines}
