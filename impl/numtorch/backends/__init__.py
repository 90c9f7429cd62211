"""torch.backends, for scripts that ask what there is before they use it: NumPy, and no device but the cpu."""

from ..lacking import lookup as _lookup
from . import cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
__getattr__ = _lookup("torch.backends")
