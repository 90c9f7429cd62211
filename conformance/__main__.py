"""``python -m conformance`` is ``torchstone``."""

from conformance.cli import main

main()
