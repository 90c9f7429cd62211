"""What every pytest run of an environment with torchstone loads: nothing, unless it asks for a subject.

    pytest --pyargs conformance --subject=mylib

Only then is the plugin imported and are its options added, so that a project whose environment has torchstone pays nothing,
and no option of another plugin (``--seed``, ``--profile``) can clash with one of ours.
"""

from __future__ import annotations

import sys

import pytest


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    if any(argument.split("=", 1)[0] == "--subject" for argument in sys.argv[1:]):
        pluginmanager.import_plugin("conformance.running.plugin")
