"""PyTorch answers alike on machines with AVX-512 and without."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from conformance.subjects import vectors

pytest.importorskip("torch")

ASKED = "from conformance.subjects import oracle; o = oracle(); import torch; print(torch.backends.cpu.get_cpu_capability())"


def test_the_oracle_uses_no_wider_vectors_than_others_have() -> None:
    alone = {name: value for name, value in os.environ.items() if name != vectors.VARIABLE}
    done = subprocess.run([sys.executable, "-c", ASKED], env=alone, capture_output=True, text=True, check=True)
    assert done.stdout.strip() != "AVX512"


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(vectors.VARIABLE, "default")
    vectors.settle()
    assert os.environ[vectors.VARIABLE] == "default"
