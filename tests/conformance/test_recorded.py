"""The recorded oracle: what a corpus keeps, how it is read, and that its verdicts are those of PyTorch."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from conformance.fuzz.worker import drawn
from conformance.journal import CaseRecord, Description
from conformance.judge import judge
from conformance.numbers import EPSILON, elements
from conformance.program import Program
from conformance.recorded.corpus import Corpus, NewerCorpus, NotACorpus, NotThere, part_of, write
from conformance.recorded.lines import FORMAT, Head, Recording, encoder
from conformance.recorded.oracle import Recorded
from conformance.recorded.sureness import ONE, Remembered, observed
from conformance.subjects import oracle
from conformance.subjects.base import SubjectFailed
from conformance.trace import Array, Trace
from tests.conformance.small_programs import bind, method, program, tensor

torch = pytest.importorskip("torch")

ADDS = program(bind("x", tensor([0.1, 0.2, 0.3, 1e6])), method("$x", "sum", out="s"), method("$s", "sin", out="t"))


def recording(of: Program, case: str = "feature/case") -> Recording:
    trace = oracle().run(of)
    sure = observed(of, trace, oracle=oracle(frozenset({"value", "grad"})))
    raw = [msgspec.Raw(one) for one in (of.to_json(), trace.to_json(), encoder.encode(sure))]
    return Recording(case=case, program=raw[0], trace=raw[1], sureness=raw[2])


def corpus_of(path: Path, *programs: Program, **changes: Any) -> Path:
    part, raw = part_of([recording(one) for one in programs])
    head = Head(
        format=FORMAT,
        torchstone="0",
        recorded="2026-11-26T00:00:00+00:00",
        oracle=Description(name="torch", version="2.13.0"),
        seed=0,
        suite="",
        parts=(part,),
    )
    write(
        path,
        msgspec.structs.replace(head, **changes),
        [CaseRecord(id="feature/case", sentence="It is.", source="")],
        [raw],
    )
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus_of(tmp_path_factory.mktemp("corpus") / "corpus.jsonl.xz", ADDS)


# ------------------------------------------------------------------------------------------------------------ the file


def test_what_was_recorded_is_answered_and_nothing_else(path: Path) -> None:
    recorded = Recorded(Corpus(path))
    assert list(recorded.programs("feature/case")) == [ADDS]
    assert recorded.run(ADDS) == oracle().run(ADDS)
    with pytest.raises(SubjectFailed, match="not recorded"):
        recorded.run(program(bind("x", tensor([1.0]))))


def test_any_program_that_reads_xz_reads_the_whole_of_it(path: Path) -> None:
    import lzma

    lines = lzma.decompress(path.read_bytes()).splitlines()
    assert [msgspec.json.decode(line)["line"] for line in lines] == ["corpus", "case", "program"]


@pytest.mark.parametrize("at", [10, 200, -40, -400])
def test_a_damaged_byte_is_one_clear_error(path: Path, tmp_path: Path, at: int) -> None:
    text = bytearray(path.read_bytes())
    text[at] ^= 255
    damaged = tmp_path / "damaged.xz"
    damaged.write_bytes(text)
    with pytest.raises(NotACorpus, match="damaged"):
        Corpus(damaged).programs("feature/case")


@pytest.mark.parametrize("length", [0, 5, 300, -1])
def test_so_is_a_file_that_was_cut_off(path: Path, tmp_path: Path, length: int) -> None:
    cut = tmp_path / "cut.xz"
    cut.write_bytes(path.read_bytes()[:length])
    with pytest.raises(NotACorpus):
        Corpus(cut)


def test_so_are_no_file_and_any_other_file(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="torchstone record"):
        Corpus(tmp_path / "none.xz")
    other = tmp_path / "other.xz"
    other.write_bytes(b"PK\3\4 something else")
    with pytest.raises(NotACorpus):
        Corpus(other)


def test_a_newer_format_is_refused_whatever_else_is_new_in_it(tmp_path: Path) -> None:
    newer = corpus_of(tmp_path / "newer.xz", ADDS, format=FORMAT + 1)
    with pytest.raises(NewerCorpus, match=f"format {FORMAT + 1}, and this torchstone reads format {FORMAT}"):
        Corpus(newer)


# --------------------------------------------------------------------------------------------------------- the verdicts


def moved(trace: Trace, stream: random.Random) -> Trace | None:
    """The trace with one number off by between one and a few thousand ulp; None if it has none that rounds."""
    places = [
        (number, name, change.value)
        for number, step in enumerate(trace.steps)
        for name, change in step.changes.items()
        if isinstance(change.value, Array) and change.value.dtype in EPSILON and change.value.data
    ]
    places = [one for one in places if one[2].dtype in ("float32", "float64", "float16")]
    if not places:
        return None
    number, name, array = stream.choice(places)
    values = elements(array.dtype, array.shape, array.data).copy().reshape(-1)
    at = stream.randrange(values.size)
    with np.errstate(all="ignore"):
        values[at] += (values[at] or 1) * EPSILON[array.dtype] * 2 ** stream.uniform(0, 12)
    change = msgspec.structs.replace(
        trace.steps[number].changes[name], value=Array(array.dtype, array.shape, values.tobytes())
    )
    changed = msgspec.structs.replace(trace.steps[number], changes={**trace.steps[number].changes, name: change})
    return Trace(steps=(*trace.steps[:number], changed, *trace.steps[number + 1 :]))


def test_verdicts_on_numbers_that_are_off_are_those_of_pytorch() -> None:
    stream, live = random.Random(5), oracle(frozenset({"value", "grad"}))
    same = other = 0
    for number in range(60):
        of = drawn(11, number, (2, 5))
        if len(of.steps) > 40:
            continue
        trace = oracle().run(of)
        known = Known(Remembered(trace, observed(of, trace, oracle=live)))
        for _ in range(3):
            answer = moved(trace, stream)
            if answer is not None:
                one, two = judge(of, trace, answer, live).status, judge(of, trace, answer, known).status  # type: ignore[arg-type]
                same, other = same + (one == two), other + (one != two)
    assert same > 100
    # What is written is rounded up by at most 1.42: a number that is off by just so much may be let pass.
    assert other <= same // 100


class Known:
    """An oracle that knows one witness."""

    def __init__(self, witness: Remembered) -> None:
        self.known = witness

    def witness(self, of: Program, single: Trace) -> Remembered:
        return self.known


def test_sizes_are_never_written_smaller_than_they_are() -> None:
    from conformance.recorded.sureness import _read, _written

    sizes = np.exp(np.random.RandomState(1).uniform(-20, 80, 1000))
    read = _read(_written(sizes))
    assert (read >= sizes * (1 - 1e-9)).all()
    assert (read[sizes > 0.1] <= sizes[sizes > 0.1] * 1.4143).all()
    assert _written(np.array([0.0, 1.0])).tolist() == [0, ONE]
