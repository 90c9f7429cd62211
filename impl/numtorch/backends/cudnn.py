"""torch.backends.cudnn: switches that a script may set, and nothing reads."""

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """Whether there is cuDNN."""
    return False


def version() -> None:
    """The version of cuDNN, of which there is none."""
