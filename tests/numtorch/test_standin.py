"""numtorch in the place of PyTorch, in processes of their own: `import torch` there is numtorch, and nothing else."""

import subprocess
import sys
from pathlib import Path

import numtorch

SOURCES = Path(numtorch.__file__).parents[1]


def run(*command, folder=None):
    return subprocess.run(
        [sys.executable, *command], capture_output=True, encoding="utf-8", cwd=folder, env={"PYTHONPATH": str(SOURCES)}
    )


def test_every_way_of_importing_torch_gives_numtorch():
    program = """
from numtorch import standin; standin.install(); standin.install()
import torch, torch.nn as nn, torch.nn.functional as F, torch.utils.checkpoint
from torch.autograd import Function
from torch.optim import SGD
import numtorch, numtorch.nn.functional, numtorch.utils.checkpoint
assert torch is numtorch and nn is numtorch.nn and F is numtorch.nn.functional
assert torch.utils.checkpoint is numtorch.utils.checkpoint and Function is numtorch.autograd.Function
assert nn.Linear is numtorch.nn.Linear and torch.__name__ == "numtorch" and torch.__spec__.name == "numtorch"
try:
    import torch.no_such_module
except ModuleNotFoundError as error:
    print(error)
"""
    done = run("-c", program)
    assert (done.stdout, done.stderr) == ("No module named 'torch.no_such_module'\n", "")


def test_a_script_is_run_as_python_runs_it(tmp_path):
    (tmp_path / "beside.py").write_text("import torch\nvalue = torch.ones(2).sum().item()\n")
    (tmp_path / "script.py").write_text(
        "import sys, beside\nif __name__ == '__main__':\n    print(sys.argv[1:], __file__, beside.value)\n"
    )
    done = run("-m", "numtorch", "script.py", "-x", "1", folder=tmp_path)
    assert (done.stdout, done.stderr) == ("['-x', '1'] script.py 2.0\n", "")


def test_without_a_script_the_usage_is_said():
    done = run("-m", "numtorch")
    assert (done.returncode, done.stderr) == (1, "usage: python -m numtorch script.py [argument ...]\n")


def test_help_is_no_error():
    done = run("-m", "numtorch", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: python -m numtorch script.py [argument ...]\n\nRuns a script")


def test_a_script_that_is_not_there_is_one_line():
    done = run("-m", "numtorch", "nothing.py")
    assert (done.returncode, done.stderr) == (2, "python -m numtorch: can't open file 'nothing.py': there is none\n")


def test_pytorch_is_not_replaced_once_it_is_there():
    program = "import sys, types; sys.modules['torch'] = types.ModuleType('torch')\n"
    done = run("-c", program + "from numtorch import standin; standin.install()")
    assert "RuntimeError: numtorch cannot stand in for PyTorch, which is imported already" in done.stderr
