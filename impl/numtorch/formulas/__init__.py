"""What gradient formulas call when they run over Tensors, beside the operators themselves.

A formula names a function; over raw arrays it is the kernel of that name, over Tensors it is the operator of that name
or, failing that, a function here, written in differentiable operations.
"""

from .activation import *  # noqa: F403
from .arrange import *  # noqa: F403
from .comparison import *  # noqa: F403
from .decomposition import *  # noqa: F403
from .index import *  # noqa: F403
from .linalg import *  # noqa: F403
from .losses import *  # noqa: F403
from .pointwise import *  # noqa: F403
from .reduction import *  # noqa: F403
from .scatter import *  # noqa: F403
from .shape import *  # noqa: F403
from .special import *  # noqa: F403
from .statistics import *  # noqa: F403
