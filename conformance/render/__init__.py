"""Program → PyTorch script."""

from conformance.render.script import lines, script

__all__ = ["lines", "script"]
