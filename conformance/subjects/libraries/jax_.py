"""JAX: functions of immutable arrays, differentiated by `jax.vjp`. https://docs.jax.dev"""

from __future__ import annotations

import os

# Every operator is compiled anew for every shape. What is tested is JAX's rules and not XLA's optimizations, which would take
# most of the time of a run.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false")

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp, scipy as _scipy  # noqa: F401 - jax.scipy is there once it is imported

from conformance.subjects.libraries.library import FUNCTIONAL_FEATURES, REAL_DTYPES, Functional, Library
from conformance.subjects.libraries.numpy_like import axes, named, operators

# Otherwise every float64 would become a float32, and every comparison with float64 be lost.
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


def _vjp(function: Callable[..., tuple[Any, ...]], values: Sequence[Any]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    return jax.vjp(function, *values)[1]  # type: ignore[no-any-return]


_MORE = """
relu=nn.relu sigmoid=nn.sigmoid nn.functional.softplus=nn.softplus nn.functional.silu=nn.silu nn.functional.selu=nn.selu
nn.functional.relu6=nn.relu6 nn.functional.softsign=nn.soft_sign nn.functional.mish=nn.mish
nn.functional.hardtanh=nn.hard_tanh nn.functional.hardsigmoid=nn.hard_sigmoid nn.functional.hardswish=nn.hard_swish
nn.functional.logsigmoid=nn.log_sigmoid erf=scipy.special.erf erfc=scipy.special.erfc erfinv=scipy.special.erfinv
digamma=scipy.special.digamma logit=scipy.special.logit xlogy=scipy.special.xlogy lgamma=scipy.special.gammaln
rsqrt=lax.rsqrt detach=lax.stop_gradient
"""

LIBRARY = Library(
    name="jax",
    version=jax.__version__,
    array=jnp.asarray,
    numpy=np.asarray,
    operators={
        **operators(jnp),
        **named(jax, _MORE),
        "nn.functional.gelu": lambda input, approximate="none": jax.nn.gelu(input, approximate=approximate == "tanh"),
        "nn.functional.elu": lambda input, alpha=1.0: jax.nn.elu(input, alpha),
        "nn.functional.celu": lambda input, alpha=1.0: jax.nn.celu(input, alpha),
        "nn.functional.leaky_relu": lambda input, negative_slope=0.01: jax.nn.leaky_relu(input, negative_slope),
        "softmax": lambda input, dim: jax.nn.softmax(input, axis=dim),
        "log_softmax": lambda input, dim: jax.nn.log_softmax(input, axis=dim),
        "logsumexp": lambda input, dim, keepdim=False: jax.nn.logsumexp(input, axis=axes(dim), keepdims=keepdim),
        "sort": lambda input, dim=-1: (jnp.sort(input, axis=dim), jnp.argsort(input, axis=dim)),
    },
    derivatives=Functional(_vjp),
    features=FUNCTIONAL_FEATURES,
    # It takes no list for an index, and says so.
    lacking="Using a non-tuple sequence for multidimensional indexing is not allowed",
    notes={"XLA_FLAGS": os.environ["XLA_FLAGS"]},
    dtypes=(*REAL_DTYPES, "bfloat16", "complex64", "complex128"),
)
