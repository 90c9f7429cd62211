"""PyTorch's autograd on NumPy alone: `import numtorch as torch`.

Tensors, some 500 functions, backward and forward mode, hooks, custom functions, `torch.nn`, `torch.optim` and `torch.func`
behave as those of PyTorch 2.13.0, which `__version__` names, down to the texts of errors. There is the cpu only, in one thread;
no compiler (`torch.compile`, `torch.jit`), no distributed training, no sparse or quantized tensors. A name that is lacking
says so when it is asked for.

    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x.pow(3).sum().backward()
    x.grad  # tensor([ 3., 12., 27.])

For who reads the source: modules are named as PyTorch names what they hold (dtype, tensor, random), and the public names
that are called the same replace them here, last; inside the package import from the modules, never through it.
"""

import gc
import math
from typing import Any

# What is imported stays: looking through it for garbage all the while takes 6 % of the time.
_collects = gc.isenabled()
gc.disable()

from . import autograd, late, methods, warning  # noqa: E402
from .autograd import enable_grad, inference_mode, no_grad, set_grad_enabled  # noqa: E402
from .backward.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled, set_anomaly_enabled  # noqa: E402
from .grad_mode import is_grad_enabled, is_inference_mode_enabled  # noqa: E402
from .memory import buffers as _buffers  # noqa: E402
from .tensor import Tensor  # noqa: E402

__version__ = "2.13.0"
pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None
methods.bind(globals())
late.bind(globals())
_buffers.teach_heap()
warning.silence_numpy()
if _collects:
    if not gc.get_freeze_count():
        gc.freeze()  # and back: what was imported is old now, and is not looked through as if it were new
        gc.unfreeze()
    gc.enable()


def manual_seed(seed: int) -> Any:
    """Start the random stream again."""
    from .random import manual_seed as start

    return start(seed)


# What is imported when it is first asked for, so that `import numtorch` costs little more than `import numpy`.
_MODULES = (
    "_C",
    "accelerator",
    "backends",
    "cuda",
    "drawing",
    "fft",
    "func",
    "linalg",
    "nn",
    "optim",
    "overrides",
    "random",
    "serialization",
    "special",
    "storage",
    "utils",
    "version",
)
_NAMES = {
    "Generator": "random",
    "default_generator": "random",
    "get_rng_state": "random",
    "initial_seed": "random",
    "seed": "random",
    "set_rng_state": "random",
    "set_printoptions": "printing",
    "vmap": "func",
    "save": "serialization",
    "load": "serialization",
    "TypedStorage": "storage",
    "UntypedStorage": "storage",
    **dict.fromkeys(
        (
            "set_num_threads",
            "get_num_threads",
            "set_num_interop_threads",
            "get_num_interop_threads",
            "use_deterministic_algorithms",
            "are_deterministic_algorithms_enabled",
            "is_deterministic_algorithms_warn_only_enabled",
            "set_float32_matmul_precision",
            "get_float32_matmul_precision",
        ),
        "settings",
    ),
    **dict.fromkeys(
        (
            "BFloat16Tensor",
            "BoolTensor",
            "ByteTensor",
            "CharTensor",
            "DoubleTensor",
            "FloatTensor",
            "HalfTensor",
            "IntTensor",
            "LongTensor",
            "ShortTensor",
        ),
        "legacy_types",
    ),
}


def __getattr__(name: str) -> Any:
    """What is made only when it is asked for."""
    import importlib

    if name == "bfloat16":
        from .dtype import bfloat16

        try:
            return bfloat16()
        except ModuleNotFoundError as error:
            # An AttributeError, so that who asks whether there is one (hasattr) is answered.
            raise AttributeError(
                f"module {__name__!r} has bfloat16 only with ml_dtypes: pip install ml_dtypes"
            ) from error
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    if name == "_tensor_str":
        return importlib.import_module(".printing", __name__)
    found = late.function(name)
    if found is None:
        from .lacking import lacking

        raise lacking("torch", name)
    return found


def __dir__() -> list[str]:
    """The names that PyTorch has, too, whether what they name is imported yet or not: what a user may want to be offered."""
    inside = {
        name for name, value in globals().items() if type(value) is type(gc) and name not in (*_MODULES, "autograd")
    }
    return sorted({*globals(), *_MODULES, *_NAMES, *late.names()} - inside - {"Any", "_MODULES", "_NAMES", "_collects"})


__all__ = [
    "Tensor",
    "autograd",
    "enable_grad",
    "inference_mode",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "manual_seed",
    "no_grad",
    "set_anomaly_enabled",
    "set_grad_enabled",
]
