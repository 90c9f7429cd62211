"""The catalogue: every case there is, one module a feature."""

from conformance.cases.catalogue import CatalogueError, catalogue

__all__ = ["CatalogueError", "catalogue"]
