"""Python code as HTML: Pygments' lexer, and six classes instead of its hundred, because every span is paid 500 times."""

# mypy: disable-error-code="import-untyped"
# Pygments has no types of its own; its stubs are one more package, for two names.

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup, escape
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from conformance.report.text import printable

_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "tc"),
    (Keyword, "tk"),
    (Operator.Word, "tk"),
    (String, "ts"),
    (Number, "tn"),
    (Name.Function, "tf"),
    (Name.Class, "tf"),
    (Name.Decorator, "td"),
)

_lexer = PythonLexer(stripnl=False, ensurenl=False)


@lru_cache(maxsize=4096)
def highlighted(code: str) -> Markup:
    """The code as HTML: escaped, and with a span around what has a colour."""
    pieces = []
    for token, text in _lexer.get_tokens(printable(code)):
        name = next((name for kind, name in _CLASSES if token in kind), "")
        pieces.append(Markup('<span class="{}">{}</span>').format(name, text) if name else escape(text))
    return Markup("").join(pieces)
