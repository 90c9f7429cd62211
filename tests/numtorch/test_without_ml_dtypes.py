"""numtorch where ml_dtypes is not installed: everything but bfloat16."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
sys.modules["ml_dtypes"] = None
import numtorch as torch
assert not hasattr(torch, "bfloat16")
try:
    torch.bfloat16
except AttributeError as error:
    print(error)
print(torch.tensor([1.0], requires_grad=True).half().dtype)
"""


def test_without_it_there_is_no_bfloat16_and_everything_else() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "module 'numtorch' has bfloat16 only with ml_dtypes: pip install ml_dtypes",
        "torch.float16",
    ]
