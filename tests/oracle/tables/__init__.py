"""Expressions over the operands of operator_runs.py, a module a family of operators; ` | ` separates them."""
