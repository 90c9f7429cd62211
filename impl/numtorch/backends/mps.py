"""torch.backends.mps: nothing is built for it."""


def is_available() -> bool:
    """Whether there is a device of Apple's Metal."""
    return False


def is_built() -> bool:
    """Whether there is code for Metal in this library."""
    return False
