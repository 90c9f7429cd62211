"""torch.fft."""

from types import FunctionType as _FunctionType

from .calls.checked import checked as _checked
from .calls.torch_function import public_module as _public_module
from .functions import fourier as _fourier, outputs as _outputs

_names = dict(_fourier.FFT)
_outputs.bind(_names, _outputs.FFT)
_names = {n: _checked(f, "fft_" + n, False) if type(f) is _FunctionType else f for n, f in _names.items()}
_public_module(globals(), _names, "fft_")
