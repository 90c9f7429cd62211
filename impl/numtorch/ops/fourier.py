"""Discrete Fourier transforms: of complex numbers, of reals, and back to reals."""

from ..kernels import everything as k
from .row import LINEAR, op

op("fft_c2c(self, dim, normalization, forward)", k.fft_c2c, node="FftC2CBackward0", jvp=LINEAR,
   self="fft_c2c(grad, dim, normalization, not forward)")
op("fft_r2c(self, dim, normalization, onesided)", k.fft_r2c, node="FftR2CBackward0", jvp=LINEAR,
   self="fft_r2c_backward(grad, dim, normalization, onesided, self)")
op("fft_c2r(self, dim, normalization, last_dim_size)", k.fft_c2r, node="FftC2RBackward0", jvp=LINEAR,
   self="fft_c2r_backward(grad, dim, normalization)")
