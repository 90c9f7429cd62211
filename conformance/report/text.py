"""Text from elsewhere, made fit to be shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""Control characters and lone surrogates, which neither XML nor HTML can hold, and those that reverse the text around."""


def printable(text: str) -> str:
    """The text with every character that cannot be shown written as an escape: ``\\x00``."""
    return _UNPRINTABLE.sub(lambda found: _escape(ord(found[0])), text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 case``, ``2 cases``, ``1,000 cases``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(iso: str) -> str:
    """A time of ISO 8601 as one reads it: ``2026-01-01 00:00:00 UTC``; as it is, if it is no such time."""
    try:
        found = datetime.fromisoformat(iso)
    except ValueError:
        return printable(iso)
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.strftime("%Y-%m-%d %H:%M:%S UTC")
