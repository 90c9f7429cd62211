"""The operators of PyTorch that cases and random programs are made of: a table, a module a family."""

from conformance.operators import indexing, layers, pointwise, products, reductions, views  # noqa: F401  (each fills the table)
from conformance.operators.row import FORMS, TABLE, Argument, Form, Operator, Unfit

__all__ = ["FORMS", "TABLE", "Argument", "Form", "Operator", "Unfit"]
