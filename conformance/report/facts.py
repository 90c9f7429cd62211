"""What a step did as HTML: the innermost part of every page, of which a run has a hundred thousand.

(Rejected: a macro of the template. Calling one takes longer than all that it writes.)
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from conformance.report.highlight import highlighted
from conformance.report.steps import Fact, Field, Inner

_SIGNS = {
    "returned": '<span class="sign" title="returned">→</span>',
    **{kind: f'<span class="word">{kind}</span>' for kind in ("raised", "warned", "blocked", "unsupported")},
}
"""What stands before the fields, by the kind of the fact."""


def facts(found: Iterable[Fact] | None) -> Markup:
    """The facts, one below the other; nothing of a side that has none."""
    return Markup("".join(map(_fact, found or ())))


def _fact(fact: Fact) -> str:
    sign = _SIGNS.get(fact.kind, "")
    if fact.kind in ("tensor", "called"):
        word = '<span class="word">called</span> ' if fact.kind == "called" else ""
        sign = f'{word}<b class="name">{escape(fact.name)}</b>'
    fields = "".join(map(_field, fact.fields))
    inside = f'<ol class="inner">{"".join(map(_inner, fact.inside))}</ol>' if fact.inside else ""
    return f'<div class="fact {fact.kind}">{sign}{fields}{inside}</div>\n'


def _field(field: Field) -> str:
    tag = "mark" if field.differs else "span"
    return f' <{tag} class="field {field.facet}">{escape(field.text)}</{tag}>'


def _inner(inner: Inner) -> str:
    source = f'<code class="code">{highlighted(inner.source)}</code>' if inner.source else ""
    return f"<li>{source}{facts(inner.facts)}</li>"
