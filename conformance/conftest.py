"""Loads the plugin for ``pytest --pyargs conformance``."""

pytest_plugins = ["conformance.plugin"]
