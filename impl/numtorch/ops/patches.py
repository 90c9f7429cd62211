"""Pictures taken apart and put together: patches as columns, and channels as pixels."""

from ..kernels import everything as k
from .row import LINEAR, op

_WINDOWS = "kernel_size, dilation, padding, stride"

op(f"im2col(self, {_WINDOWS})", k.im2col, node="Im2ColBackward0", jvp=LINEAR,
   self=f"col2im(grad, (self.second_last, self.last), {_WINDOWS})")
op(f"col2im(self, output_size, {_WINDOWS})", k.col2im, node="Col2ImBackward0", jvp=LINEAR,
   self=f"im2col(grad, {_WINDOWS})")
op("pixel_shuffle(self, upscale_factor)", k.pixel_shuffle, self="pixel_unshuffle(grad, upscale_factor)", jvp=LINEAR)
op("pixel_unshuffle(self, downscale_factor)", k.pixel_unshuffle, self="pixel_shuffle(grad, downscale_factor)", jvp=LINEAR)
op("channel_shuffle(self, groups)", k.channel_shuffle, self="channel_shuffle_backward(grad, groups)", jvp=LINEAR)
