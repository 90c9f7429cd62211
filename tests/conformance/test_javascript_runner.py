"""The runner for JavaScript, over the engine of the skeleton: no package of npm is needed."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.cases import catalogue
from conformance.commands.init import skeleton
from conformance.program import Bind, Call, Function, Global, Method, Operator, Program, Ref, TensorLiteral
from conformance.subjects import SubjectUnavailable, javascript, open_subject
from conformance.subjects.libraries import signatures
from conformance.subjects.libraries.library import FUNCTIONAL_FEATURES, TAPE_FEATURES

RUNNER = javascript.RUNNERS / "runner.js"

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

X = TensorLiteral(dtype="float32", shape=(2,), data=b"\0\0\x80\x3f\0\0\0\xc0")  # 1, -2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("engine")
    skeleton("javascript", made)
    return made


@pytest.fixture(scope="module")
def engine(folder):
    opened = open_subject(f"stdio:node {folder}/runner.cjs {folder}/library.mjs")
    yield opened
    opened.close()


def asked(code, folder):
    """What a script says that has loaded the runner as a module."""
    script = f"const runner = require({json.dumps(str(RUNNER))}); {code}"
    return json.loads(
        subprocess.run([NODE, "-e", script], capture_output=True, text=True, check=True, cwd=folder).stdout
    )


def session(folder, *lines, library="library.mjs"):
    """The answers to these lines, and what came on stderr."""
    done = subprocess.run(
        [NODE, folder / "runner.cjs", folder / library],
        input="".join(lines),
        capture_output=True,
        text=True,
        cwd=folder,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def line(kind, seq, **more):
    return json.dumps({"kind": kind, "seq": seq, **more}) + "\n"


# --------------------------------------------------------------------------------------------------------- the shared table


def test_its_table_of_operators_is_that_of_python(folder):
    text = RUNNER.read_text()
    for name in ("BOTH", "FUNCTIONS", "METHODS", "NN", "LINALG"):
        (table,) = re.findall(f"^const {name} = `(.*?)`;", text, re.S | re.M)
        assert table == getattr(signatures, name)
    code = "console.log(JSON.stringify([...runner.SIGNATURES].map(([name, s]) => [name, s.parameters.map((p) => p.name)])))"
    theirs = dict(asked(code, folder))
    assert theirs == {name: list(one.parameters.parameters) for name, one in signatures.SIGNATURES.items()}


def test_its_features_and_other_names_are_those_of_python(folder):
    assert tuple(asked("console.log(JSON.stringify(runner.FUNCTIONAL))", folder)) == FUNCTIONAL_FEATURES
    assert tuple(asked("console.log(JSON.stringify(runner.TAPE))", folder)) == TAPE_FEATURES
    assert asked("console.log(JSON.stringify([runner.SYMBOLS, runner.ALSO]))", folder) == [
        signatures.SYMBOLS,
        signatures.ALSO,
    ]


def test_features_follow_from_the_operators_that_are_there(folder):
    code = "console.log(JSON.stringify(runner.featuresOf({mul: 1, getitem: 1, erf: 1}, 'backward', 'tape')))"
    assert asked(code, folder) == ["backward", "tape", "indexing", "mul"]


@pytest.mark.parametrize(
    "number",
    [0.1, -0.0, 1.0, 1e16, 123456789012345680.0, 1e22, 5e-324, 1e-4, 1e-5, 1.5e300, float("inf"), float("nan")],
)
def test_floats_are_written_as_python_writes_them(folder, number):
    text = repr(number)
    code = f"console.log(JSON.stringify(runner.floatText(runner.floatOf({json.dumps(text)}))))"
    assert asked(code, folder) == text


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int64", "uint8", "bool", "complex64"])
def test_every_bit_goes_through(folder, dtype):
    data = list(range(2, 26)) * 2 if dtype != "bool" else [0, 1] * 24
    code = f"""const data = Buffer.from({data});
    console.log(JSON.stringify([...runner.pack("{dtype}", runner.unpack("{dtype}", data))]))"""
    assert asked(code, folder) == data


# -------------------------------------------------------------------------------------------------------------- the protocol


def test_it_survives_lines_that_are_no_requests(folder):
    answers, _ = session(folder, "not json\n", "null\n", line("dance", 2), line("hello", 3, protocol=1), line("bye", 4))
    assert [(one["kind"], one["seq"]) for one in answers] == [
        ("error", 0),
        ("error", 0),
        ("error", 2),
        ("hello", 3),
        ("done", 4),
    ]


def test_another_version_of_the_protocol_is_refused(folder):
    (answer,), _ = session(folder, line("hello", 1, protocol=7))
    assert (answer["kind"], answer["reason"]) == ("refused", "this runner speaks protocol 1, not 7")


def test_what_a_library_prints_goes_to_stderr(folder):
    (folder / "loud.mjs").write_text(
        'import library from "./library.mjs";\nconsole.log("loaded"); process.stdout.write("and on\\n");\n'
        'export default { ...library, begin() { console.log("begun"); } };\n'
    )
    program = {"format": 1, "steps": []}
    answers, stderr = session(
        folder, line("hello", 1), line("run", 2, program=program), line("bye", 3), library="loud.mjs"
    )
    assert [one["kind"] for one in answers] == ["hello", "trace", "done"]
    assert stderr == "loaded\nand on\nbegun\n"


def test_a_library_that_fails_costs_its_program_only(folder):
    (folder / "failing.mjs").write_text(
        'import library from "./library.mjs";\n'
        "export default { ...library, begin(seed) { if (seed) throw new Error('no'); Promise.reject(new Error('later')); } };\n"
    )
    programs = [{"format": 1, "steps": [], "seed": seed} for seed in (0, 1, 0)]
    lines = [line("run", 2 + n, program=program) for n, program in enumerate(programs)]
    answers, _ = session(folder, line("hello", 1), *lines, line("bye", 9), library="failing.mjs")
    assert [one["kind"] for one in answers] == ["hello", "trace", "error", "trace", "done"]
    assert "Error: no" in answers[2]["context"]


BACK = Program(
    steps=(
        Bind(out="x", value=X),
        Method(self=Ref("x"), name="requires_grad_", args=(True,), out="on"),
        Method(self=Ref("x"), name="requires_grad_", args=(False,), out="off"),
        Operator(operator="mul", args=(Ref("x"), Ref("x")), out="y"),
    )
)


def test_an_engine_is_told_that_a_gradient_is_not_required_any_more(engine):
    _, on, off, product = engine.run(BACK).steps
    assert (on.changes["x"].requires_grad, off.changes["x"].requires_grad) == (True, False)
    assert product.changes["y"].requires_grad is False


def test_one_that_cannot_be_told_does_not_do_it(folder):
    (folder / "stubborn.mjs").write_text(
        'import library from "./library.mjs";\nexport default { ...library, track: (tensor) => tensor.track(true) };\n'
    )
    opened = open_subject(f"stdio:node {folder}/runner.cjs {folder}/stubborn.mjs")
    step = opened.run(BACK).steps[2]
    opened.close()
    assert (step.outcome, step.reason) == ("unsupported", "Tensor.requires_grad_(False)")


@pytest.mark.parametrize(
    ("read", "says"),
    [
        ("shape: [undefined]", "read() gave the shape [null] for y"),
        ("shape: [3]", "read() gave 2 elements and the shape [3] for y"),
        ("shape: undefined", "read() gave the shape [null] for y"),
        ("dtype: undefined", "read() gave the dtype null for y"),
        ("data: undefined", "read() gave no elements and the shape [2] for y"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_its_step(folder, read, says):
    (folder / "unreadable.mjs").write_text(
        'import library from "./library.mjs";\n'
        "const read = (tensor) => ({ ...library.read(tensor), ...(tensor.parents.length ? { " + read + " } : {}) });\n"
        "export default { ...library, read };\n"
    )
    opened = open_subject(f"stdio:node {folder}/runner.cjs {folder}/unreadable.mjs")
    doubles = Operator(operator="add", args=(Ref("x"), Ref("x")), out="y")
    made, doubled = opened.run(Program(steps=(Bind(out="x", value=X), doubles))).steps
    opened.close()
    assert made.outcome == "returned"
    assert (doubled.outcome, doubled.error.message) == ("raised", says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("export default { name: 'x' };", "it exports no dtypes, array, read, operators"),
        ("throw new Error('not today');", "not today"),
        ("import './gone.mjs';", "Cannot find module"),
    ],
)
def test_a_library_that_cannot_be_used_is_refused_in_a_sentence(folder, text, says):
    (folder / "bad.mjs").write_text(text)
    with pytest.raises(SubjectUnavailable, match=r"bad\.mjs cannot be used") as caught:
        open_subject(f"stdio:node {folder}/runner.cjs {folder}/bad.mjs")
    assert says in str(caught.value)


def test_a_package_that_is_missing_is_named_with_its_version(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHSTONE_NPM", str(tmp_path))
    pins = json.loads((javascript.RUNNERS / "package.json").read_text())["dependencies"]
    for name in javascript.LIBRARIES:
        with pytest.raises(SubjectUnavailable, match="TORCHSTONE_NPM") as caught:
            open_subject(name)
        assert any(
            f"npm install --ignore-scripts {package}@{pin}" in str(caught.value) for package, pin in pins.items()
        )


def test_node_that_is_missing_is_one_sentence(monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(SubjectUnavailable, match="'tfjs' runs in node, version 18 or newer"):
        open_subject("tfjs")


# ---------------------------------------------------------------------------------------------------------------- programs


def test_an_option_that_an_operator_does_not_read_is_unsupported(engine):
    steps = (
        Bind(out="x", value=X),
        Method(self=Ref("x"), name="sum", args=(0,), out="s"),
        Call(function=Global("torch.add"), args=(Ref("x"), Ref("x")), kwargs={"alpha": 2}, out="y"),
        Call(function=Global("torch.add"), args=(Ref("x"), Ref("x")), kwargs={"alpha": 1}, out="z"),
    )
    _, total, scaled, plain = engine.run(Program(steps=steps)).steps
    assert (total.outcome, total.reason) == ("unsupported", "torch.sum(dim=)")
    assert (scaled.outcome, scaled.reason) == ("unsupported", "torch.add(alpha=)")
    assert plain.outcome == "returned"


def test_writing_in_place_is_not_made_up(engine):
    steps = (
        Bind(out="x", value=X),
        Operator(operator="iadd", args=(Ref("x"), 1), out="y"),
        Operator(operator="add", args=(Ref("y"), 1), out="z"),
    )
    _, step, after = engine.run(Program(steps=steps)).steps
    assert (step.outcome, step.reason, after.outcome) == ("unsupported", "operator.iadd", "blocked")


def test_functions_of_a_program_are_called_and_recorded(folder):
    (folder / "hooked.mjs").write_text(
        'import library from "./library.mjs";\n'
        "const methods = { apply_: ({ self, args, wrap, unwrap }) => wrap(unwrap(args[0]([wrap(self.value)]))) };\n"
        'export default { ...library, methods, facets: [...library.facets, "hooks", "identity"] };\n'
    )
    double = Function(
        name="double",
        parameters=("g",),
        steps=(Operator(operator="mul", args=(Ref("g"), 2), out="h"),),
        result=Ref("h"),
    )
    opened = open_subject(f"stdio:node {folder}/runner.cjs {folder}/hooked.mjs")
    steps = (
        Bind(out="x", value=X),
        Bind(out="same", value=Ref("x")),
        Method(self=Ref("x"), name="apply_", args=(double,), out="y"),
    )
    trace = opened.run(Program(steps=steps))
    opened.close()
    assert trace.steps[1].identity == (("x", "same"),)
    (call,) = trace.steps[2].calls
    assert (call.function, len(call.steps), set(call.changes)) == ("double", 1, {"g"})
    assert trace.steps[2].changes["y"].value.shape == (2,)


def test_programs_of_the_catalogue_are_answered(engine):
    outcomes = set()
    for name in sorted(catalogue())[::60]:
        program = catalogue()[name].example(seed=1)
        trace = engine.run(program)
        assert len(trace.steps) == len(program.steps)
        outcomes |= {step.outcome for step in trace.steps}
    assert outcomes <= {"returned", "unsupported", "blocked", "raised"}


def test_it_is_one_file_without_a_package():
    needs = set(re.findall(r'require\("(.*?)"\)', Path(RUNNER).read_text()))
    assert needs
    assert all(need.startswith("node:") for need in needs)
