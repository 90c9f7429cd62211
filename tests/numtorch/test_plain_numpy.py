"""NumPy's names, and the usual operators, are read from modules that CPython reads quickly."""

import re
from pathlib import Path

import numpy
import pytest

import numtorch
from numtorch.dispatch import usual
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


def test_the_usual_operators_are_those_of_dispatch():
    assert usual.mul is numtorch.dispatch.mul
    assert not hasattr(usual, "__getattr__")


def test_whoever_reads_the_usual_operators_asks_for_none_that_is_late():
    readers = [p for p in HERE.rglob("*.py") if "import usual as d\n" in p.read_text()]
    assert readers
    asked = {(p.name, name) for p in readers for name in re.findall(r"\bd\.([a-z]\w*)", p.read_text())}
    assert not {(module, name) for module, name in asked if not hasattr(usual, name)}
