"""Python code as HTML: Pygments' lexer, and six classes instead of its hundred, because every span is paid 500 times."""

# mypy: disable-error-code="import-untyped"
# Pygments has no types of its own; its stubs are one more package, for two names.

from __future__ import annotations

from functools import cache, lru_cache

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


def highlighted(code: str) -> Markup:
    """The code as HTML: escaped, and with a span around what has a colour."""
    # Line by line where no text goes over several: a program's lines stand in its script, in its table and in other programs.
    if '"""' in code or "'''" in code or "\\\n" in code:
        return _highlighted(code)
    return Markup("\n").join(map(_highlighted, code.split("\n")))


@lru_cache(maxsize=1 << 14)
def _highlighted(code: str) -> Markup:
    pieces = []
    for token, text in _lexer.get_tokens(printable(code)):
        name, safe = _class_of(token), escape(text)
        pieces.append(f'<span class="{name}">{safe}</span>' if name else str(safe))
    return Markup("".join(pieces))


@cache
def _class_of(token: _TokenType) -> str:
    return next((name for kind, name in _CLASSES if token in kind), "")
