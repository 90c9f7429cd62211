"""torch.nn.functional: what the families of functions/ bring for it."""

import importlib as _importlib

from ..calls.torch_function import public_module as _public_module
from ..methods import FAMILIES as _FAMILIES

for _family in _FAMILIES:
    _found = getattr(_importlib.import_module(f"..functions.{_family}", __package__), "NN_FUNCTIONAL", {})
    _public_module(globals(), _found)

# Those are torch's own, whose argument parser is asked about calls that fail.
_torch = _importlib.import_module("..", __package__)
for _name in (
    *(
        "adaptive_avg_pool1d",
        "avg_pool1d",
        "celu_",
        "channel_shuffle",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
    ),
    *("conv_transpose2d", "conv_transpose3d", "cosine_similarity", "hardshrink", "pairwise_distance", "pdist", "prelu"),
    *("pixel_shuffle", "pixel_unshuffle", "relu_", "rrelu_", "selu_", "threshold_"),
):
    globals()[_name] = getattr(_torch, _name)
