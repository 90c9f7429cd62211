"""Every operator of the table in all its forms: a case a row, made by `conformance/compose/alone.py`."""

from conformance.compose.alone import OperatorCase
from conformance.operators import TABLE

globals().update({row.name: OperatorCase(row) for row in TABLE.values()})
