"""The corpus that comes with the package."""

from pathlib import Path

SHIPPED = Path(__file__).with_name("corpus.jsonl.xz")
"""What `recorded` means where no path is given."""
