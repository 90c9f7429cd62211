"""The recorded oracle: what a corpus keeps, how it is read, and that its verdicts are those of PyTorch."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from conformance.commands.examine import NoSuchProgram, examine
from conformance.fuzz.worker import drawn
from conformance.journal import CaseRecord, Description, Journal
from conformance.judging.judge import judge
from conformance.numbers import EPSILON, elements
from conformance.program import Program
from conformance.recorded import replaying
from conformance.recorded.catalogue import changes_since, source_digest
from conformance.recorded.choosing import PLAIN, ROTATED, SEVERAL, TWICE, choose, shown
from conformance.recorded.corpus import Corpus, NotACorpus, NotThere, OtherFormat, part_of, write
from conformance.recorded.lines import FORMAT, Head, Recording, encoder
from conformance.recorded.making import Order, ran, record
from conformance.recorded.oracle import Recorded
from conformance.recorded.sureness import ONE, Remembered, observed
from conformance.running.launch import run
from conformance.running.oracles import chosen
from conformance.running.runner import Settings, run_case
from conformance.running.session import all_cases
from conformance.subjects import open_subject, oracle
from conformance.subjects.base import SubjectFailed, SubjectUnavailable, SubjectUnsupported
from conformance.trace import Array, StepTrace, Trace
from tests.conformance.small_programs import bind, method, program, tensor

torch = pytest.importorskip("torch")

ADDS = program(bind("x", tensor([0.1, 0.2, 0.3, 1e6])), method("$x", "sum", out="s"), method("$s", "sin", out="t"))


def recording(of: Program, case: str = "feature/case") -> Recording:
    trace = oracle().run(of)
    sure = observed(of, trace, oracle=oracle(frozenset({"value", "grad"})))
    raw = [msgspec.Raw(one) for one in (trace.to_json(), encoder.encode(sure))]
    return Recording(case=case, program=of, trace=raw[0], sureness=raw[1])


def corpus_of(path: Path, *programs: Program, case: str = "feature/case", **changes: Any) -> Path:
    part, raw = part_of([recording(one, case) for one in programs])
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
        [CaseRecord(id=case, sentence="It is.", source="")],
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


@pytest.mark.parametrize(
    ("format", "what_to_do"), [(FORMAT + 1, "pip install --upgrade"), (FORMAT - 1, "torchstone record")]
)
def test_another_format_is_refused_whatever_else_is_in_it(tmp_path: Path, format: int, what_to_do: str) -> None:
    other = corpus_of(tmp_path / "other.xz", ADDS, format=format)
    with pytest.raises(
        OtherFormat, match=f"format {format}, and this torchstone reads format {FORMAT}: .*{what_to_do}"
    ):
        Corpus(other)


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


# --------------------------------------------------------------------------------------------------------------- a run

COSINES = program(
    bind("x", tensor([2.0, 3.0])),
    method("$x", "requires_grad_"),
    method("$x", "cos", out="y"),
    method("$y", "sum", out="s"),
    method("$s", "backward"),
)
LARGE_COSINES = program(
    bind("x", tensor([2.0, 3.0, 4.0, 5.0, 6.0])),
    method("$x", "requires_grad_"),
    method("$x", "cos", out="y"),
    method("$y", "sum", out="s"),
    method("$s", "backward"),
    method("$s", "sin", out="t"),
)


@pytest.fixture(scope="module")
def cosines(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"recorded:{corpus_of(tmp_path_factory.mktemp('cosines') / 'corpus.jsonl.xz', ADDS, LARGE_COSINES, COSINES)}"


@pytest.fixture
def without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("conformance.running.oracles", "conformance.recorded.oracle", "conformance.recorded.replaying"):
        monkeypatch.setattr(f"{module}.is_pytorch_there", lambda: False)
    replaying._pytorch.cache_clear()


@pytest.fixture(autouse=True)
def _forget_pytorch() -> Iterator[None]:
    yield
    replaying._pytorch.cache_clear()


def test_a_run_takes_its_programs_from_the_corpus(cosines: str, tmp_path: Path) -> None:
    result = run("numtorch", oracle=cosines, output=tmp_path, isolate=False)
    ran = result.runs["numtorch"]
    assert result.exit_code == 0
    assert list(ran.programs.values()) == [ADDS, LARGE_COSINES, COSINES]
    assert ran.header.oracle.name == "recorded"
    assert ran.header.oracle.notes["recorded"] == "2026-11-26T00:00:00+00:00"
    html = (tmp_path / "index.html").read_text()
    assert "recorded PyTorch 2.13.0" in html
    assert "<dd>recorded programs</dd>" in html


class Lacking:
    """A subject without anything."""

    def describe(self) -> Description:
        return Description(name="lacking")

    def run(self, program: Program) -> Trace:
        raise SubjectUnsupported("everything")

    def close(self) -> None: ...


@pytest.mark.parametrize(("case", "programs"), [("feature/case", 10), ("random/from_00000", 12)])
def test_what_one_random_program_lacks_says_nothing_of_the_next(case: str, programs: int, tmp_path: Path) -> None:
    several = [program(bind("x", tensor([float(number)]))) for number in range(12)]
    recorded = Recorded(Corpus(corpus_of(tmp_path / "corpus.jsonl.xz", *several, case=case)))
    with Journal(tmp_path / "journal.jsonl") as file:
        outcome = run_case(recorded.corpus.cases[case], Lacking(), recorded, judge, Settings(1000), file)
    assert (outcome.status, outcome.programs) == ("UNSUPPORTED", programs)


@pytest.mark.usefixtures("without_pytorch")
def test_without_pytorch_the_smallest_recorded_program_that_fails_is_shown(cosines: str, tmp_path: Path) -> None:
    result = run("tests.fakes.wrong_sign", oracle=cosines, output=tmp_path)
    outcome = result.runs["tests.fakes.wrong_sign"].outcomes["feature/case"]
    assert (outcome.status, outcome.counts) == ("FAIL", {"PASS": 1, "FAIL": 2})
    finding = outcome.levels["required"].finding
    assert finding is not None
    assert finding.program == COSINES
    assert result.runs["tests.fakes.wrong_sign"].header.oracle.notes["failing programs"] == "as recorded"


@pytest.fixture(scope="module")
def at_random(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A corpus of a group of random programs, of which the last alone takes a cosine."""
    several = [program(bind("x", tensor([float(number)]))) for number in range(120)]
    path = tmp_path_factory.mktemp("random") / "corpus.jsonl.xz"
    return f"recorded:{corpus_of(path, *several, COSINES, case='random/from_00000')}"


@pytest.mark.usefixtures("without_pytorch")
def test_the_recorded_program_that_fails_is_shown_however_late_it_comes(at_random: str) -> None:
    examined = examine("random/from_00000", "tests.fakes.wrong_sign", oracle=at_random)
    assert (examined.outcome.status, examined.outcome.programs, examined.index) == ("FAIL", 121, 120)
    assert examined.finding is not None
    assert examined.finding.program == COSINES


def test_any_recorded_program_is_shown_by_its_number(at_random: str) -> None:
    for number, status in ((3, "PASS"), (120, "FAIL")):
        examined = examine(f"random/from_00000#{number}", "tests.fakes.wrong_sign", oracle=at_random)
        assert examined.finding is not None
        assert (examined.index, examined.finding.verdict.status) == (number, status)
    for wrong in ("121", "last"):
        with pytest.raises(NoSuchProgram, match="has 121 programs, #0 to #120"):
            examine(f"random/from_00000#{wrong}", "tests.fakes.wrong_sign", oracle=at_random)


def test_with_pytorch_it_is_made_smaller_still(cosines: str, tmp_path: Path) -> None:
    result = run("tests.fakes.wrong_sign", oracle=cosines, output=tmp_path)
    finding = result.runs["tests.fakes.wrong_sign"].outcomes["feature/case"].levels["required"].finding
    assert finding is not None
    assert len(finding.program.to_json()) < len(COSINES.to_json())
    assert finding.verdict.status == "FAIL"


class Careless:
    """A subject that has a cosine's gradient wrong, and raises nothing whatever is wrong with a call."""

    def __init__(self) -> None:
        self.inner = open_subject("tests.fakes.wrong_sign")  # in a process: here it would be wrong for all tests

    def describe(self) -> Description:
        return Description(name="careless")

    def run(self, program: Program) -> Trace:
        steps = self.inner.run(program).steps
        return Trace(steps=tuple(StepTrace(outcome="returned") if one.outcome == "raised" else one for one in steps))

    def close(self) -> None:
        self.inner.close()


def test_what_is_made_smaller_shows_the_same_kind_of_fault(tmp_path: Path) -> None:
    """Without an argument, or with another, almost any call raises: a subject that lets that pass would show nothing else."""
    weighted = program(
        bind("x", tensor([2.0, 3.0])),
        method("$x", "requires_grad_"),
        method("$x", "cos", out="y"),
        bind("g", tensor([1.0, 0.5])),
        method("$y", "backward", "$g"),
    )
    recorded = Recorded(Corpus(corpus_of(tmp_path / "corpus.jsonl.xz", weighted)))
    with Journal(tmp_path / "journal.jsonl") as file, contextlib.closing(Careless()) as careless:
        outcome = run_case(recorded.corpus.cases["feature/case"], careless, recorded, judge, Settings(1000), file)
    finding = outcome.levels["required"].finding
    assert finding is not None
    assert finding.verdict.first is not None
    assert finding.verdict.first.what == "x.grad"
    assert len(finding.program.to_json()) < len(weighted.to_json())


@pytest.mark.usefixtures("without_pytorch")
def test_it_is_the_oracle_where_pytorch_is_missing_and_where_it_is_asked_for() -> None:
    assert chosen() == "recorded"
    assert chosen("torch") == "torch"
    with pytest.raises(SubjectUnavailable, match="is no oracle; it is torch, recorded or recorded:PATH"):
        chosen("pytorch")


def test_and_pytorch_is_where_it_is_installed() -> None:
    assert chosen() == "torch"


CANDLE = """
import importlib.util, pathlib, sys

class Redirecting:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            return importlib.util.spec_from_file_location(name, pathlib.Path(__file__).parent / "candle" / "__init__.py")

sys.meta_path.insert(0, Redirecting())
"""


def test_nor_is_another_package_pytorch_that_answers_to_its_name(tmp_path: Path) -> None:
    """As candle-python does, from the start of the interpreter on."""
    (tmp_path / "candle").mkdir()
    (tmp_path / "candle" / "__init__.py").write_text("__version__ = '0.1.0a1'\n")
    (tmp_path / "sitecustomize.py").write_text(CANDLE)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    command = [sys.executable, "-m", "conformance", "show", "arithmetic/negation"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "oracle: PyTorch 2.13.0, recorded on" in shown.stdout
    assert "PyTorch is not installed" in shown.stdout
    assert "numtorch: PASS" in shown.stdout


def test_what_was_recorded_of_the_catalogue_tells_what_has_changed_in_it() -> None:
    known = {case.id: source_digest(case.source) for case in all_cases()}
    assert not changes_since(known)
    first, second, *_ = known
    changes = changes_since({**known, first: "other", "old/gone": "1"})
    assert (changes.changed, changes.gone, changes.missing) == ((first,), ("old/gone",), ())
    known.pop(second)
    assert changes_since(known).missing == (second,)
    assert f"1 not recorded ({second})" in changes_since(known).told()


# ---------------------------------------------------------------------------------------------------------- choosing


def test_what_is_kept_of_a_case_shows_all_that_was_drawn() -> None:
    pairs = [(one, oracle().run(one)) for one in (drawn(3, number, (2, 4)) for number in range(12))]
    kept = choose(pairs, most=len(pairs))
    assert {one for number in kept for one in shown(*pairs[number])} == {one for pair in pairs for one in shown(*pair)}
    assert len(choose(pairs, least=3, most=3)) == 3


def test_of_a_binary_operator_each_operand_is_stretched_in_a_program_that_is_kept() -> None:
    shown_by_all = frozenset().union(*_kept_of("operators/mul"))
    assert shown_by_all >= {f"stretches operand {place}, of fewer dimensions" for place in (0, 1)}


def test_the_first_programs_of_an_operator_are_plain_and_show_what_simple_engines_do_wrong() -> None:
    first = _kept_of("operators/mul")[:3]
    assert all({PLAIN, "backward"} <= show for show in first)
    assert frozenset().union(*first) >= {TWICE, f"{SEVERAL} 0", f"{SEVERAL} 1"}


def test_a_permutation_whose_inverse_is_another_is_among_the_plain_ones() -> None:
    assert any({PLAIN, "backward", ROTATED} <= show for show in _kept_of("operators/permute"))


def test_one_program_of_an_operator_is_plain_and_has_the_kink() -> None:
    shows = _kept_of("operators/relu")
    assert any({"plain", "has 0"} <= show for show in shows)


def _kept_of(name: str) -> list[frozenset[str]]:
    """What the programs of a case show that a corpus keeps."""
    (case,) = (case for case in all_cases() if case.id == name)
    drawn_ones = list(ran(case, oracle(), Order()))
    return [frozenset(shown(*drawn_ones[kept])) for kept in choose(drawn_ones)]


# ---------------------------------------------------------------------------------------------------------- recording


def test_recording_anew_takes_what_has_not_changed_from_before(tmp_path: Path) -> None:
    case = "accumulation/backward_adds_to_grad"
    first, second = tmp_path / "first.xz", tmp_path / "second.xz"
    made = record(Order(output=first, random_programs=7, drawn=12, selection=(case,)))
    again = record(Order(output=second, random_programs=7, drawn=12, selection=(case,), reuse=first))
    assert (made.cases, made.left_out) == (again.cases, again.left_out) == (2, ())
    one, two = Corpus(first), Corpus(second)
    assert one.head.parts == two.head.parts
    assert one.head.machine["vector"]
    assert len(one.programs("random/from_00000")) == 7
    assert "torch" in one.provenance.lower()
    assert not one.stale()


def test_where_nothing_can_be_written_nothing_is_recorded(tmp_path, monkeypatch, capsys) -> None:
    from conformance.cli import main
    from conformance.recorded import making

    monkeypatch.setattr(making, "record", lambda *_: pytest.fail("it began"))
    (tmp_path / "file").touch()
    monkeypatch.setattr("sys.argv", ["torchstone", "record", "--output", str(tmp_path / "file" / "mine.jsonl.xz")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "cannot write to " in capsys.readouterr().err
