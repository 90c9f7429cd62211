"""docs/protocol.md: its examples are what a runner really says, and all that is said fits the schemas of the package."""

import json
import re
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from conformance import program, trace
from conformance.cases import catalogue
from conformance.commands.doctor import examine
from conformance.errors import CODES
from conformance.subjects import limits, messages, open_subject, stdio
from conformance.subjects.base import SubjectUnsupported
from conformance.subjects.opening import RUNNER
from conformance.trace import FACETS, LEVELS

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()

EVERY = 200
"""One case in so many is part of the real session."""


def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@cache
def schema_of(message):
    """Of a ``request`` or a ``reply``. It is checked by a second of work, which a process that only collects is spared."""
    return validator(messages.schema(message))


def blocks():
    """The examples: the lines of each."""
    return [
        [json.loads(line) for line in text.split("\n") if line] for text in re.findall("```json\n(.*?)```", PAGE, re.S)
    ]


def session():
    """The requests of the page, each with its answer."""
    (lines,) = [block for block in blocks() if "seq" in block[0]]
    return list(zip(lines[::2], lines[1::2], strict=True))


def test_the_session_of_the_page_fits_the_schemas():
    for request, reply in session():
        schema_of("request").validate(request)
        schema_of("reply").validate(reply)


def test_the_values_of_the_page_fit_the_schemas():
    seen = validator({"$ref": "#/$defs/StepTrace", "$defs": trace.schema()["$defs"]})
    for block in blocks():
        for value in block:
            if "outcome" in value:
                seen.validate(value)
            elif "seq" not in value:
                seen.validate({"outcome": "returned", "result": value})


def test_the_session_of_the_page_is_what_the_reference_runner_answers():
    asked = "".join(json.dumps(request) + "\n" for request, _ in session())
    done = subprocess.run([sys.executable, RUNNER, "numtorch"], input=asked, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for answer, (_, expected) in zip(answers, session(), strict=True):
        for one in (answer, expected):
            one.get("description", {}).pop("notes", None)
            one.get("description", {}).pop("platform", None)
        assert answer == expected


class Tapped:
    """An encoder or decoder of the harness that keeps what passes."""

    def __init__(self, inner, kept):
        self.inner, self.kept = inner, kept

    def encode(self, message):
        line = self.inner.encode(message)
        self.kept.append(json.loads(line))
        return line

    def decode(self, line):
        self.kept.append(json.loads(line))
        return self.inner.decode(line)


@pytest.mark.parametrize("subject", ["numtorch", f"numtorch@{sys.executable}"])
def test_every_message_of_a_real_session_fits_the_schemas(monkeypatch, subject):
    sent, received = [], []
    monkeypatch.setattr(stdio, "encoder", Tapped(stdio.encoder, sent))
    monkeypatch.setattr(stdio, "replies", Tapped(stdio.replies, received))
    assert {finding.says for finding in examine(subject)} == {"ok"}
    opened = open_subject(subject)
    for name in sorted(catalogue())[::EVERY]:
        with suppress(SubjectUnsupported):
            opened.run(catalogue()[name].example(seed=2))
    opened.close()
    for message in sent:
        schema_of("request").validate(message)
    for message in received:
        schema_of("reply").validate(message)
    assert {message["kind"] for message in sent} == {"hello", "run", "bye"}
    assert {"hello", "trace", "done"} <= {message["kind"] for message in received}


def test_a_message_with_an_unknown_field_does_not_fit():
    assert schema_of("request").is_valid({"kind": "reset", "seq": 1})
    assert not schema_of("request").is_valid({"kind": "reset", "seq": 1, "why": "because"})
    assert not schema_of("reply").is_valid(
        {"kind": "trace", "seq": 1, "trace": {"format": 1, "steps": [{"outcome": "maybe"}]}}
    )


def test_the_programs_of_the_catalogue_fit_the_schema():
    fits = validator(program.schema())
    for name in sorted(catalogue())[::EVERY]:
        fits.validate(json.loads(catalogue()[name].example(seed=2).to_json()))


def test_the_page_has_every_code():
    (listed,) = [text for text in PAGE.split("\n\n") if text.startswith("`graph_freed`")]
    assert sorted(re.findall("`(.*?)`", listed)) == sorted(CODES)


def test_the_page_has_every_facet_at_its_level():
    rows = [row.split("|") for row in PAGE.split("\n") if row.startswith(tuple(f"| {level} |" for level in LEVELS))]
    assert {facet: row[1].strip() for row in rows for facet in re.findall("`(.*?)`", row[2])} == FACETS


def test_the_page_has_the_limits_of_the_harness():
    for seconds in (f"{stdio.HELLO_DEADLINE:.0f} s", f"{stdio.DEADLINE:.0f} s", f"{stdio._BYE:.0f} s"):
        assert f"| {seconds}" in PAGE
    assert stdio.DEADLINE * limits.PATIENCE == 60  # "a minute by the clock"
    assert f"last {stdio.STDERR_KEPT:,} bytes" in PAGE
    assert f"**{messages.PROTOCOL}**" in PAGE
