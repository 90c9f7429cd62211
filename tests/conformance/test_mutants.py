"""What is mutated in a source and in a row, and how a run of mutants is kept and counted."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mutation import mutants as kinds
from mutation.killing import Ran
from mutation.mutants import Mutant
from mutation.planting import apart, package
from mutation.results import EquivalentsInvalid, Group, Log, equivalents, sample, summary, unknown
from mutation.syntax import ENGINE, FORMULAS, edits, expression_edits


def _formulas(text: str, *tensors: str) -> set[str]:
    return {ast.unparse(ast.parse(edit.made_to(text), mode="eval")) for edit in expression_edits(text, tensors)}


def _sources(text: str) -> set[str]:
    return {ast.unparse(ast.parse(edit.made_to(text))) for edit in edits(text, ENGINE)}


@pytest.mark.parametrize(
    ("formula", "tensors", "mutant"),
    [
        ("grad + x", (), "grad - x"),
        ("grad + x", (), "grad"),
        ("grad * x", (), "x"),
        ("grad - x", (), "x - grad"),
        ("grad * 2", (), "grad * 3"),
        ("grad * self", ("self", "result"), "grad * result"),
        ("f(grad, self)", (), "f(self, grad)"),
        ("grad * self.conj()", (), "grad * self"),
        ("f(grad, dim)", (), "f(grad, -1 - dim)"),
        ("f(grad, keepdim)", (), "f(grad, not keepdim)"),
        ("grad * (x < 0)", (), "grad * (x <= 0)"),
        ("f(grad)", (), "-f(grad)"),
    ],
)
def test_a_formula_is_changed_in_every_way(formula: str, tensors: tuple[str, ...], mutant: str) -> None:
    assert mutant in _formulas(formula, *tensors)


@pytest.mark.parametrize(
    ("body", "mutant"),
    [
        ("if a and b:\n    c()", "if a or b:\n    c()"),
        ("if a:\n    c()", "if True:\n    c()"),
        ("if a:\n    c()", "if False:\n    c()"),
        ("a.b = c", "pass"),
        ("a = c()", "a = None"),
        ("c(a)", "pass"),
        ("raise error", "pass"),
        ("a += b", "a -= b"),
        ("a += b", "a = b"),
        ("return a", "return None"),
        ("for a in b:\n    break", "for a in b:\n    continue"),
        ("for a in b:\n    c()", "for a in ():\n    c()"),
        ("a is b", "a is not b"),
        ("while a > 1:\n    c()", "while a >= 1:\n    c()"),
        ("raise Error('text')", "raise Error('XXtext')"),
    ],
)
def test_code_is_changed_in_every_way(body: str, mutant: str) -> None:
    head = "def f(a, b, c):\n    "
    text = head + body.replace("\n", "\n    ")
    assert ast.unparse(ast.parse(head + mutant.replace("\n", "\n    "))) in _sources(text)


@pytest.mark.parametrize(
    "text",
    [
        '"""What it is."""',
        "import a",
        "from __future__ import annotations",
        "__slots__ = ('a', 'b')",
        "a: int",
        "if TYPE_CHECKING:\n    import a",
        "def f(a: 'b') -> 'c':\n    '''What it does.'''",
    ],
)
def test_what_nothing_runs_is_left_alone(text: str) -> None:
    assert not edits(text, (*FORMULAS, *ENGINE))


def test_what_says_nothing_is_no_mutant() -> None:
    assert "a = None" not in _sources("a = False")
    assert not {one for one in _formulas("zeros_like(grad)", "grad") if one.startswith("-")}
    assert not {one for one in _sources("for a in zip(b, c, strict=True):\n    d") if "strict=False" in one}
    assert "a = None" in _sources("a = 0")
    assert "a" not in _formulas("a if needed[0] else None")
    assert "a" in _formulas("a if b else None")
    assert "f(a, a.dtype)" not in _formulas("f(a, b.dtype)", "a", "b")
    assert "f(b, b.dtype)" in _formulas("f(a, b.dtype)", "a", "b")


def test_a_change_on_import_says_what_it_gives_to_a_name() -> None:
    (binds,) = {edit.binds for edit in edits("a.b = 1", ENGINE)}
    assert set(binds) == {"a", "b"}
    assert {edit.binds for edit in edits("def f():\n    a = 1", ENGINE)} == {()}
    assert {edit.binds for edit in edits("def __init_subclass__(cls):\n    cls.a.b = 1", ENGINE)} == {("b",)}


def test_a_condition_is_tried_on_programs_that_pass_it() -> None:
    text = "def f(a):\n    if a:\n        b()\n    else:\n        c()"
    assert {edit.behind for edit in edits(text, ENGINE) if edit.old == "a"} == {(3, 5)}


def test_lines_that_read_a_name_are_places_of_what_gives_it_something(every: list[Mutant]) -> None:
    name = "formulas/losses.py : 1 → (2)"
    (one,) = [mutant for mutant in every if mutant.name == name]
    text = (package() / "formulas/losses.py").read_text().splitlines()
    assert any("== MEAN" in text[int(place.rpartition(":")[2]) - 1] for place in one.places() if "losses.py" in place)


def test_a_mutant_leaves_every_other_line_as_it_was() -> None:
    source = (package() / "backward/accumulate.py").read_text()
    for edit in edits(source, ENGINE)[::10]:
        changed = edit.made_to(source)
        ast.parse(changed)
        assert changed.startswith(source[: edit.start])
        assert changed.endswith(source[edit.end :])


def _pieces_that_differ() -> list[str]:
    found = []
    nodes: set[str] = set()
    for index, row in enumerate(kinds._table()):
        if row.formulas and row.node not in nodes:
            nodes.add(row.node)
            pieces = kinds._generated(row, index).pieces
            text = (package() / "dispatch" / f"{row.family}.py").read_text()
            found += [f"{row.name}: {name}" for name, piece in pieces.items() if piece.strip() not in text]
    return found


def test_a_row_alone_is_generated_as_it_is_among_the_others() -> None:
    assert not apart(_pieces_that_differ)


def _piece_of_a_mutant() -> str:
    for index, changed, mutant in kinds._changed_table():
        if mutant.name.startswith("ops/pointwise.py mul: self="):
            return kinds._generated(changed, index).pieces["class MulBackward0"]
    return ""


def test_a_mutant_of_a_row_is_another_node() -> None:
    piece, whole = apart(_piece_of_a_mutant), (package() / "dispatch" / "pointwise.py").read_text()
    assert piece.strip() not in whole
    assert set(piece.splitlines()) & set(whole.splitlines())


def test_a_row_runs_in_the_methods_that_its_node_has() -> None:
    found = {row.name: {place.rpartition(".")[2] for place in kinds._row_places(row)} for row in kinds.rows()}
    assert all(found.values())
    assert found["mul"] == {"run", "run_record", "apply_record", "run_number", "apply_number", "apply_tensors"}
    assert "run_record" not in found["addcmul"]


@pytest.fixture(scope="module")
def every() -> list[Mutant]:
    return kinds.mutants()


def test_mutants_of_every_kind_have_names_of_their_own(every: list[Mutant]) -> None:
    assert len({mutant.name for mutant in every}) == len(every)
    assert {mutant.kind for mutant in every} == set(kinds.KINDS)


def test_what_is_called_equivalent_is_a_mutant(every: list[Mutant]) -> None:
    assert not unknown(equivalents(), every)


# ------------------------------------------------------------------------------------------------------------- results


def _mutant(name: str, kind: str = "engine") -> Mutant:
    return Mutant(name, kind, "aliasing/views.py", "logic", dict, ())


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    log = Log(path, "one")
    log.write(_mutant("a"), Ran(True, 3, "case"))
    log.write(_mutant("b"), Ran(False, 500))
    log.close()
    path.write_bytes(path.read_bytes()[:-9])  # as if it had been ended while it wrote
    log = Log(path, "one")
    assert set(log.records) == {"a"}
    log.write(_mutant("b"), Ran(True, 2, "case"))
    log.close()
    assert {name: one.ran.killed for name, one in Log(path, "one").records.items()} == {"a": True, "b": True}


def test_what_was_found_in_another_source_is_found_again(tmp_path: Path) -> None:
    log = Log(tmp_path / "run.jsonl", "one")
    log.write(_mutant("a"), Ran(True, 3, "case"))
    log.close()
    assert not Log(tmp_path / "run.jsonl", "two").records


def test_a_larger_sample_begins_with_the_smaller() -> None:
    every = [_mutant(str(number)) for number in range(50)]
    assert sample(every, 20, 1)[:10] == sample(every, 10, 1)
    assert sample(every, 10, 1) != sample(every, 10, 2)
    assert sample(every, None, 1) == every


def _told(tmp_path: Path, **ran: Ran) -> object:
    log = Log(tmp_path / "run.jsonl", "one")
    for name, one in ran.items():
        log.write(_mutant(name), one)
    log.close()
    mutants = [_mutant(name) for name in (*ran, "waiting")]
    return summary(mutants, log.records, {"same": "It does the same."})


def test_share_of_a_sample_has_wilsons_interval() -> None:
    low, high = Group("engine", "all", killed=8, survived=2, waiting=90).interval or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert Group("engine", "all", killed=8, survived=2).interval == (0.8, 0.8)
    assert Group("engine", "all", waiting=1).interval is None


def test_equivalent_mutants_do_not_count(tmp_path: Path) -> None:
    told = _told(tmp_path, killed=Ran(True, 7, "case"), same=Ran(False, 500))
    (total,) = told.totals  # type: ignore[attr-defined]
    assert (total.killed, total.survived, total.equivalent, total.waiting, total.share, total.most) == (
        1,
        0,
        1,
        1,
        1,
        7,
    )
    assert not told.failures  # type: ignore[attr-defined]


def test_an_equivalent_mutant_that_is_killed_fails_the_run(tmp_path: Path) -> None:
    told = _told(tmp_path, same=Ran(True, 7, "accumulation/case"))
    assert told.failures == ["same is listed as equivalent and was killed by accumulation/case"]  # type: ignore[attr-defined]


def test_too_many_survivors_fail_the_run(tmp_path: Path) -> None:
    told = _told(tmp_path, killed=Ran(True, 7, "case"), survived=Ran(False, 500))
    assert told.failures == ["engine: 50.0% were killed, 95% should be"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        '[[equivalent]]\nmutants = ["a"]\nreason = "no sentence"',
        '[[equivalent]]\nmutants = ["a", "a"]\nreason = "Twice."',
        '[[equivalent]]\nmutants = ["a"]\nreason = "An unknown key."\nnote = ""',
    ],
)
def test_a_list_of_equivalents_that_is_not_in_order_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "equivalents.toml"
    path.write_text(text)
    with pytest.raises(EquivalentsInvalid):
        equivalents(path)
