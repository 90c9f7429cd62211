"""torch.version: the PyTorch whose behaviour this is, and none of what it can be built with."""

__version__ = "2.13.0"
debug = False
cuda: str | None = None
git_version: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
