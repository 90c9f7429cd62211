"""Cases, the catalogue, and what every case of it keeps to."""

import subprocess
import sys
import textwrap

import pytest
from hypothesis import find, strategies as st

from conformance.case import case
from conformance.cases import CatalogueError, catalogue
from conformance.generate import cotangent, floats
from conformance.program import Bind, Program, TensorLiteral

CATALOGUE = catalogue()


@case(lecture="accumulation", requires=["backward"], covers=["acc.sum"])
def adds(torch, x: floats(min_dims=1)):
    """Adding adds."""
    x + x


@case()
def starts(torch, x: floats(min_dims=1), g: lambda x: cotangent(x), count: st.integers(1, 3)):
    """A backward starts anywhere."""
    for _ in range(count):
        x.backward(g)


# ------------------------------------------------------------------------------------------------------------------ a case


def test_a_case_knows_its_name_sentence_and_source():
    assert adds.id == "test_case/adds"
    assert (adds.sentence, adds.lecture, adds.requires, adds.covers) == (
        "Adding adds.",
        "accumulation",
        ("backward",),
        ("acc.sum",),
    )
    assert adds.source.startswith("@case(lecture=")
    assert adds.source.endswith("x + x\n")


def test_a_case_shrinks_to_small_shapes_and_simple_values():
    program = find(adds.programs(), lambda program: True)
    literal = program.steps[0].value
    assert (literal.shape, literal.data) == ((2,), b"\0\0\x80?\0\0\0@")  # 1.0 and 2.0


def test_a_parameter_may_be_drawn_by_what_another_is():
    def literals(program: Program) -> list[TensorLiteral]:
        return [step.value for step in program.steps if isinstance(step, Bind)]

    for seed in range(5):
        x, g = literals(starts.example(seed))
        assert (x.shape, x.dtype) == (g.shape, g.dtype)


def test_an_example_depends_on_its_seed_alone():
    assert adds.example(1) == adds.example(1)
    assert len({adds.example(seed).digest for seed in range(10)}) > 3


def test_a_parameter_without_a_strategy_is_refused():
    @case()
    def careless(torch, x):
        """Nothing is drawn."""

    with pytest.raises(TypeError, match="`x` is not annotated"):
        careless.example()


# ------------------------------------------------------------------------------------------------------------ the catalogue


def test_a_users_cases_are_found_in_a_file_and_in_a_folder(tmp_path):
    source = textwrap.dedent('''
        from conformance.case import case
        from conformance.cases.accumulation import backward_adds_to_grad

        @case()
        def mine(torch):
            """It is mine."""
            torch.ones(2)
    ''')
    (tmp_path / "special.py").write_text(source)
    for place in (tmp_path, tmp_path / "special.py", str(tmp_path / "special.py")):
        assert list(catalogue([place])) == [*CATALOGUE, "special/mine"]
    with pytest.raises(CatalogueError, match="special/mine"):
        catalogue([tmp_path, tmp_path])


def test_no_implementation_is_needed_to_define_and_record_cases():
    script = textwrap.dedent("""
        import sys

        class Blocker:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in ("torch", "numtorch"):
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, Blocker())
        from conformance.cases import catalogue
        for case in catalogue().values():
            case.source
        case = catalogue()["accumulation/backward_adds_to_grad"]
        assert case.example().steps
    """)
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


# -------------------------------------------------------------------------------------------------- what every case keeps to


def test_no_two_cases_have_the_same_sentence():
    sentences = [case.sentence for case in CATALOGUE.values()]
    assert len(set(sentences)) == len(sentences)
