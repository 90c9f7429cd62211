"""The command ``torchstone``: what it prints, and its exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import journal
from conformance.behaviours import behaviours
from conformance.cli import SECTIONS, command, main
from conformance.program import Program
from conformance.running.session import all_cases

pytestmark = pytest.mark.usefixtures("workshop")

SMALL = ["--cases", "workshop.py", "--max-examples", "5"]


CLAIMS = '''
from conformance.case import case
@case(covers=["leaf.none"])
def claims(torch):
    """A case shows a behaviour that does not exist."""
'''


class Ran:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def torchstone(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs the command in this process."""

    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["torchstone", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit:
            main()
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Ran(int(exit.value.code or 0), out, err)

    return run


def test_a_run_as_expected_ends_with_0_a_table_and_the_place_of_the_report(torchstone) -> None:
    ran = torchstone("run", "right_subject", *SMALL, "-k", "workshop", "--no-isolate", "--output", "out")
    assert (ran.code, ran.err) == (0, "")
    assert "3 of 3 cases" in ran.out
    assert "all as expected" in ran.out
    row = next(line for line in ran.out.splitlines() if line.startswith("│ workshop"))
    assert row.replace("│", " ").split()[3:] == ["3/3", "3/3", "3/3"]
    assert str(Path("out/index.html").absolute()) in ran.out.replace("\n", "")


def test_a_run_that_finds_something_ends_with_1_and_shows_the_smallest_program(torchstone) -> None:
    ran = torchstone("run", "wrong_subject", *SMALL, "-k", "workshop", "--no-isolate", "--output", "out")
    assert ran.code == 1
    assert "torch.neg changes the sign of every element." in ran.out
    assert "import torch" in ran.out
    assert "1 not as expected" in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["run", "no_such_module"], "no_such_module", id="unknown subject"),
        pytest.param(["run", "raising_subject"], "no GPU here", id="unimportable subject"),
        pytest.param(["run", "json"], "'tensor'", id="not torch-like"),
        pytest.param(
            ["run", "right_subject", "-k", "nothing_of_this_name"], "nothing_of_this_name", id="nothing selected"
        ),
        pytest.param(["run", "right_subject", "-k", ")("], "-k", id="no expression"),
        pytest.param(["run", "right_subject", "--cases", "nowhere.py"], "nowhere.py", id="no such cases"),
        pytest.param(["run", "right_subject", "--expectations", "none"], "none", id="no such expectations"),
        pytest.param(["list", "-k", "and and"], "-k", id="no expression in list"),
        pytest.param(["list", "--by", "semantics", "--cases", "claims.py"], "'leaf.none'", id="unknown behaviour"),
        pytest.param(["show", "workshop/ads", "--cases", "workshop.py"], "workshop/adds", id="a case misspelt"),
        pytest.param(["report", "workshop.py"], "line 1", id="not a run"),
        pytest.param(["list", "-k", "nothing_of_this_name"], "nothing_of_this_name", id="nothing listed"),
        pytest.param(["show", "workshop", "--cases", "workshop.py"], "list -k workshop", id="a feature, not a case"),
        pytest.param(["run", "stdio:", *SMALL], "stdio:node runner.js", id="no command"),
        pytest.param(["run", "stdio:it's", *SMALL], "is no command", id="no command of a shell"),
        pytest.param(["run", "right_subject", *SMALL, "--output", "claims.py/out"], "claims.py/out", id="no folder"),
        pytest.param(["docs", "poem"], "`torchstone docs` lists them", id="no such page"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_2(torchstone, arguments: list[str], says: str) -> None:
    Path("claims.py").write_text(CLAIMS)
    ran = torchstone(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.startswith("torchstone: ")
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "torch", "-n", "many"],
        ["frobnicate"],
        ["schema", "poem"],
        ["list", "--features", "--by", "semantics"],
    ],
)
def test_wrong_usage_is_2(torchstone, arguments: list[str]) -> None:
    ran = torchstone(*arguments)
    assert ran.code == 2
    assert "Usage: torchstone" in ran.err


def test_a_mistake_in_a_case_is_not_blamed_on_the_subject(torchstone) -> None:
    Path("broken.py").write_text(
        "from conformance.case import case\n"
        "@case()\n"
        "def divides(torch):\n"
        '    """A case that cannot be recorded."""\n'
        "    1 / 0\n"
    )
    ran = torchstone("run", "right_subject", "--cases", "broken.py", "-k", "broken", "--no-isolate", "--output", "out")
    assert ran.code == 2
    assert "broken/divides" in ran.err
    assert "ZeroDivisionError" in ran.err
    assert journal.read(Path("out/run.jsonl")).outcomes["broken/divides"].status == "BLOCKED"


def test_list_names_every_case_with_its_sentence(torchstone) -> None:
    ran = torchstone("list", "--cases", "workshop.py", "-k", "workshop")
    assert ran.code == 0
    assert ran.out.splitlines()[1].split(maxsplit=1) == ["workshop/adds", "A number is added to every element."]


def test_list_counts_the_cases_of_a_feature(torchstone) -> None:
    assert "workshop (3)" in torchstone("list", "--features", "--cases", "workshop.py").out.splitlines()


def test_list_by_semantics_names_the_cases_that_show_a_behaviour(torchstone) -> None:
    ran = torchstone("list", "--by", "semantics", "--cases", "workshop.py", "-k", "workshop")
    assert ran.out.splitlines() == [
        "D. Graph structure, node names and metadata: 1 of 1 shown",
        "  graph.names_unary  Node names: unary",
        "      workshop/negates",
    ]


def test_list_by_semantics_says_what_no_case_shows(torchstone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.commands.listing.all_cases", lambda cases: ())
    lines = torchstone("list", "--by", "semantics").out.splitlines()
    assert "A. Leaf rules and requires_grad: 0 of 30 shown" in lines
    assert lines.count("      no case yet") == len(behaviours())


def test_list_needs_neither_pytorch_nor_numtorch() -> None:
    source = (
        "import sys; sys.modules['torch'] = sys.modules['numtorch'] = None\n"
        "sys.argv = ['torchstone', 'list']; from conformance.cli import main; main()"
    )
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "accumulation/" in ran.stdout


def test_show_marks_the_first_difference(torchstone) -> None:
    ran = torchstone("show", "workshop/negates", "--subject", "wrong_subject", *SMALL)
    assert ran.code == 0
    assert "torch.neg(x)" in ran.out
    assert "← first difference" in ran.out
    assert "wrong_subject: FAIL" in ran.out


def test_show_shows_an_example_where_nothing_differs(torchstone) -> None:
    ran = torchstone("show", "workshop/adds", "--subject", "right_subject", *SMALL)
    assert "right_subject: PASS" in ran.out
    assert "the same" in ran.out
    assert "first difference" not in ran.out


def test_report_writes_the_same_reports_again(torchstone) -> None:
    torchstone("run", "right_subject", *SMALL, "-k", "workshop", "--no-isolate", "--output", "out")
    ran = torchstone("report", "out", "--output", "again")
    assert ran.out.splitlines() == [f"again/{name}" for name in ("index.html", "junit.xml", "summary.md", "badge.json")]
    assert Path("again/summary.md").read_text() == Path("out/summary.md").read_text()


def test_report_of_a_run_that_was_cut_off_says_that_it_is_no_result(torchstone) -> None:
    torchstone("run", "right_subject", *SMALL, "-k", "workshop", "--no-isolate", "--output", "out")
    run = Path("out/run.jsonl")
    run.write_bytes(b"".join(run.read_bytes().splitlines(keepends=True)[:-1]))
    ran = torchstone("report", "out/run.jsonl")
    assert ran.code == 0
    assert "Interrupted after" in ran.err
    assert "This is not a result." in ran.err


def test_graph_draws_what_a_case_builds(torchstone) -> None:
    Path("graphs.py").write_text(
        "from conformance.case import case\n"
        "@case()\n"
        "def squares(torch):\n"
        '    """The square of a leaf has a graph of two nodes."""\n'
        "    x = torch.ones(2, requires_grad=True)\n"
        "    y = x.pow(2)\n"
        "    y.is_leaf\n"
    )
    asked = ["graph", "graphs/squares", "--cases", "graphs.py", "--subject", "right_subject"]
    assert "PowBackward0" in torchstone(*asked).out
    assert torchstone(*asked, "--svg", "graph.svg").code == 0
    assert Path("graph.svg").read_text().startswith("<svg")
    assert (
        torchstone(*asked, "--svg", "none/graph.svg").err == "torchstone: none/graph.svg: No such file or directory\n"
    )
    assert "builds no graph" in torchstone("graph", "workshop/adds", "--subject", "right_subject", *SMALL).err


def test_schemas_are_json(torchstone) -> None:
    for what in ("program", "trace", "request", "reply", "run"):
        assert "$defs" in json.loads(torchstone("schema", what).out)
    assert Program.__name__ in json.loads(torchstone("schema", "program").out)["$ref"]


def test_every_command_explains_itself_with_an_example(torchstone) -> None:
    for name in sorted(command.commands.keys() - {"subjects"}):  # which takes nothing
        ran = torchstone(name, "--help")
        assert ran.code == 0
        assert f"torchstone {name} " in ran.out.split("Example")[1]


def test_the_cases_of_examples_are_cases(torchstone) -> None:
    known = {case.id for case in all_cases()}
    for name in ("show", "graph"):
        shown = re.findall(rf"torchstone {name} ([\w/]+)", torchstone(name, "--help").out)
        assert shown
        assert {case for case in shown if not case.startswith("random/")} <= known


def test_the_help_names_every_command_once(torchstone) -> None:
    listed = [name for section in SECTIONS.values() for name in section]
    assert sorted(listed) == sorted(command.commands)
    out = torchstone("--help").out
    assert "..." not in out.split("Compare:")[1]
    assert all(words in out for section in SECTIONS.values() for words in section.values())


def test_a_mistyped_subject_is_asked_about(torchstone) -> None:
    assert "did you mean numtorch?" in torchstone("run", "numtrch").err


def test_list_counts_what_cases_need_of_a_subject(torchstone) -> None:
    needed = dict(line.split() for line in torchstone("list", "--requires", "-k", "accumulation").out.splitlines())
    assert int(needed["backward"].strip("()")) > 10


def test_a_page_of_the_documentation_can_be_read_without_the_repository(torchstone) -> None:
    listed = torchstone("docs").out.splitlines()
    assert any(line.startswith("subjects ") and line.endswith("Testing an implementation") for line in listed)
    assert torchstone("docs", "subjects").out.startswith("# Testing an implementation")
    assert torchstone("docs", "expectations").out.startswith("# What subjects are known to fail")


def test_what_is_lacking_is_told_once_for_all_cases(torchstone) -> None:
    """A subject that lacks a name lacks it in every case that needs it."""
    Path("small.py").write_text("from numtorch import tensor, Tensor, float32, float64\n")
    ran = torchstone("run", "small", *SMALL, "-k", "workshop", "--no-isolate", "--output", "out")
    assert ran.code == 1
    said = [line for line in ran.out.splitlines() if line.startswith("  – no ")]
    assert said
    assert len(said) == len({line.split(": ")[0] for line in said})
    assert "✗" not in ran.out


def test_python_m_conformance_is_the_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "conformance", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.startswith("torchstone ")


def test_in_a_narrow_terminal_the_names_of_features_stay_whole(torchstone, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    ran = torchstone("run", "right_subject", *SMALL, "-k", "workshop", "--no-isolate", "--output", "out")
    row = next(line for line in ran.out.splitlines() if line.startswith("│ workshop"))
    assert row.split() == ["│", "workshop", "│", "3/3", "│", "3/3", "│", "3/3", "│"]
