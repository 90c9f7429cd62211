"""Python code as HTML: six colours, and one expression that finds what has them.

(Rejected: Pygments. It tries forty expressions at each place of a text, which was a third of what the page of a run takes, for
a hundred kinds of tokens that have these six colours.)
"""

from __future__ import annotations

import keyword
import re
from functools import lru_cache

from markupsafe import Markup, escape

from conformance.report.text import printable

_COLOURED = re.compile(
    rf"""
      (?P<tc> \#[^\n]* )
    | (?P<ts> [rRbBfFuU]{{0,2}}
              (?: \"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z)
                | '''(?:\\.|[^\\])*?(?:'''|\Z) | "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'? ) )
    | (?P<td> ^[ \t]*@[\w.]+ )
    | (?: (?P<word> \b(?:def|class) ) (?P<space> [ \t]+ ) (?P<tf> \w+ ) )
    | (?P<tk> \b(?:{"|".join(keyword.kwlist)})\b )
    | (?P<tn> (?: 0[xXoObB][\da-fA-F_]+ | \d[\d_]*\.?\d*(?:[eE][+-]?\d+)?[jJ]? | \.\d+(?:[eE][+-]?\d+)?[jJ]? ) )
    | \w+
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
"""By the group that matched, its colour: comments, strings, decorators, names that are defined, keywords, numbers. Other names
have none."""


@lru_cache(maxsize=1 << 14)
def highlighted(code: str) -> Markup:
    """The code as HTML: escaped, and with a span around what has a colour."""
    text = printable(code)
    pieces: list[str] = []
    end = 0
    for found in _COLOURED.finditer(text):
        name = found.lastgroup
        if name is None:
            continue
        pieces.append(escape(text[end : found.start()]))
        end = found.end()
        if name == "tf":
            pieces += [_span("tk", found["word"]), found["space"], _span("tf", found["tf"])]
        else:
            pieces.append(_span(name, found[0]))
    pieces.append(escape(text[end:]))
    return Markup("".join(pieces))


def _span(name: str, text: str) -> str:
    return f'<span class="{name}">{escape(text)}</span>'
