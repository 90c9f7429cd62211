"""All kernels in one namespace, where codegen.py and ops/ look them up; at run time each is imported from its family."""

from .activation import *  # noqa: F403
from .arrange import *  # noqa: F403
from .attention import *  # noqa: F403
from .bessel import *  # noqa: F403
from .comparison import *  # noqa: F403
from .convolutions import *  # noqa: F403
from .decomposition import *  # noqa: F403
from .error_function import *  # noqa: F403
from .gamma import *  # noqa: F403
from .index import *  # noqa: F403
from .linalg import *  # noqa: F403
from .losses import *  # noqa: F403
from .normalization import *  # noqa: F403
from .padding import *  # noqa: F403
from .pair_distances import *  # noqa: F403
from .patches import *  # noqa: F403
from .pointwise import *  # noqa: F403
from .pooling import *  # noqa: F403
from .ranks import *  # noqa: F403
from .reduction import *  # noqa: F403
from .reduction_backward import *  # noqa: F403
from .scatter import *  # noqa: F403
from .shape import *  # noqa: F403
from .special import *  # noqa: F403
from .statistics import *  # noqa: F403
