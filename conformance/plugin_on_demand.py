"""What every pytest run of an environment with torchstone loads: next to nothing, unless it asks for a subject.

    pytest --pyargs conformance --subject=mylib

Only then is the plugin imported and are its options added, so that a project whose environment has torchstone pays nothing,
and no option of another plugin (``--seed``, ``--profile``) can clash with one of ours.

Where tests have imported numtorch, each is kept free of NumPy's floating-point warnings: pytest takes back the filters that a
module of tests adds as it is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Generator

import pytest


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    if any(argument.split("=", 1)[0] == "--subject" for argument in sys.argv[1:]):
        pluginmanager.import_plugin("conformance.running.plugin")


@pytest.hookimpl(
    wrapper=True
)  # Not `tryfirst`, as pytest's own is, which begins and ends with the filters that there were.
def pytest_runtest_protocol() -> Generator[None, object, object]:
    numtorch = sys.modules.get("numtorch")
    if numtorch is not None:
        numtorch.warning.silence_numpy()
    return (yield)
