"""Scans, quantiles, modes, distances, and reductions that ignore nan."""

SAMPLES = """
x.cummax(1) | x.cummax(-2) | s.cummax(0) | x.cummin(0) | x.logcumsumexp(1) | x.logcumsumexp(-2) | s.logcumsumexp(0)
x.clone().cumsum_(0) | x.clone().cumprod_(-1) | i.clone().cumsum_(1) | x.nanmean() | x.nanmean(1)
x.nanmean((0, 1), True) | x.nanmedian() | x.nanmedian(1) | x.nanmedian(0, True) | x.mode()
x.mode(0, True) | i.mode(1) | x.quantile(0.5) | x.quantile(0.3, 1) | x.quantile(0.25, 0, True)
x.quantile(0.7, keepdim=True) | x.nanquantile(0.5) | x.quantile(0.4, 1, interpolation='lower')
x.quantile(0.4, 1, interpolation='midpoint') | x.nanquantile(0.4, 0) | b.quantile(0.5, 1)
x.quantile(p.detach()[0] / 9, 1, True) | torch.dist(x, y) | torch.dist(x, y, 1) | torch.dist(x, v, 3)
x.renorm(2, 0, 1.) | x.renorm(1, -1, 0.5) | x.clone().renorm_(2, 0, 1.) | torch.cov(x) | torch.cov(v)
torch.corrcoef(p) | torch.diff(x) | torch.diff(x, n=2) | x.diff(dim=0) | torch.diff(v, prepend=w) | torch.trapezoid(x)
torch.trapezoid(x, v) | torch.trapezoid(x, dx=2, dim=0) | torch.cumulative_trapezoid(x) | torch.bincount(j)
torch.bincount(j, minlength=4) | torch.searchsorted(v.detach().sort()[0], x.detach())
torch.bucketize(x.detach(), v.detach().sort()[0]) | x.histc(3) | torch.isin(k, j) | x.unique()
torch.unique(k, return_inverse=True, return_counts=True) | torch.unique_consecutive(k, return_counts=True)
torch.unique_consecutive(v) | torch.unique(i, dim=0)
"""

MISTAKES = """
x.cummax(2) | x.cummin(-3) | x.logcumsumexp(2) | i.logcumsumexp(0) | i.nanmean() | x.nanmean(3) | x[:0].nanmedian(0)
x.mode(3) | x[:0].mode(0) | x.quantile(2.) | x.quantile(.5, 3) | i.quantile(.5) | x.quantile([.5]) | x.quantile(p)
x[:0].quantile(.5) | x.quantile(.5, interpolation='foo') | x.quantile(d[0].detach()) | torch.bincount(x)
torch.bincount(k) | torch.bincount(j - 1) | torch.searchsorted(x.detach(), v.detach()) | torch.bucketize(x, x)
x.histc(0) | torch.dist(x, w) | x.renorm(2, 3, 1.) | x.renorm(-1, 0, 1.) | torch.diff(s) | torch.diff(x, n=-1)
torch.trapezoid(x, w) | b.cov() | x.clone().cumsum_(5) | x.cumsum_(0)
"""
