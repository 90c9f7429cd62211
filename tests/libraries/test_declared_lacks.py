"""What a library is declared to lack is really not there: with `tox -e libraries` and `tox -e javascript`."""

import numpy as np
import pytest

from conformance.interpreter.namespace import DTYPES
from conformance.subjects import javascript
from conformance.subjects.lacks import declared_lacks
from conformance.subjects.libraries import LIBRARIES

SUBJECTS = (*LIBRARIES, *javascript.LIBRARIES)


def test_no_feature_that_is_declared_as_lacking_works(subject):
    if not subject.describe().features:
        pytest.skip("it declares no lack")
    lacks = list(declared_lacks(subject))
    assert lacks
    assert {lack.feature: lack.passing for lack in lacks if lack.is_wrong} == {}


@pytest.mark.parametrize("name", LIBRARIES)
def test_no_dtype_of_numpy_that_is_left_out_can_be_made(name):
    module = f"conformance.subjects.libraries.{LIBRARIES[name].module}"
    driven = pytest.importorskip(module, exc_type=ImportError)
    if not hasattr(driven, "LIBRARY"):
        pytest.skip("programs run on it as they are")
    library = driven.LIBRARY
    found = []
    for dtype in (each for each in DTYPES if hasattr(np, each)):
        if dtype in (*library.dtypes, *library.stands):
            continue
        ones = np.ones(2, dtype)
        try:
            if library.numpy(library.array(ones)).dtype == ones.dtype:
                found.append(dtype)
        except Exception:  # Every library refuses what it does not have in its own way.
            continue
    assert not found
