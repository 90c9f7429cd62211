"""NumPy's names are read from a module that CPython reads quickly."""

from pathlib import Path

import numpy
import pytest

import numtorch
from numtorch.plain_numpy import np

HERE = Path(numtorch.__file__).parent


def test_names_are_numpys_own():
    assert np.multiply is numpy.multiply
    assert np.linalg is numpy.linalg


def test_there_is_no_getattr():
    assert not hasattr(np, "__getattr__")
    with pytest.raises(AttributeError):
        np.no_such_name


def test_no_module_reads_numpy_by_another_way():
    others = [p for p in HERE.rglob("*.py") if "\nimport numpy as np\n" in p.read_text()]
    assert not others, "say `from .plain_numpy import np`"
