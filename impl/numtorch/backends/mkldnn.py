"""torch.backends.mkldnn: NumPy computes, with whatever it was built with."""


def is_available() -> bool:
    """Whether this library itself calls it."""
    return False
