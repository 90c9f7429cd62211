"""A Program: what a case does, as an immutable list of steps that is complete before anything runs.

A Program is plain data. It travels as JSON to any implementation in any language, is replayed on two versions of one
implementation, rendered as a PyTorch script, and shrunk by Hypothesis. It names no Python object: a function given as an
argument (a hook, the forward of an ``autograd.Function``) is a nested list of steps.

Three rules make a Program mean the same everywhere:

- *A name is bound once.* ``y *= y`` binds a new name to the (same) object that the operator returned.
- *A step that raises does not end the program.* Its ``out`` stays unbound, and a step that reads an unbound name is blocked.
- *Lifetimes are part of the program.* ``drops`` of a step are the names whose value is let go as the step runs: their last
  reference is handed to the step. PyTorch steals gradients, frees graphs and clears saved values by reference counts, so
  a runner that kept every intermediate value alive would see another behaviour than the case's author. (Rejected: explicit
  ``del`` steps only; every temporary of ``x.pow(3).sum()`` would need one, and none could end *during* a call.)

JSON is made and read by msgspec, strictly: an unknown field or kind is an error, never ignored. `docs/program.md` is the
specification, `schema()` the JSON Schema.
"""

from conformance.program.names import HOST_MODULES, OPERATORS
from conformance.program.parts import (
    Bind,
    Call,
    Class,
    Complex,
    Delete,
    DeleteAttribute,
    Dict,
    Ellipsis_,
    Enter,
    Exit,
    Float,
    Function,
    Get,
    Global,
    List,
    Member,
    Method,
    Operand,
    Operator,
    Raise,
    Ref,
    Set,
    SetItem,
    Slice,
    Step,
    TensorLiteral,
    Tuple,
    Unpack,
    Yield,
)
from conformance.program.program import (
    FORMAT,
    NameBoundTwice,
    NotAProgram,
    Program,
    ProgramError,
    UnknownFormat,
    UnknownGlobal,
    UnknownName,
    UnknownOperator,
    schema,
)
from conformance.program.walking import bound, children, has_empty, names_read, operands, outs, renamed, walk

__all__ = [
    "Bind",
    "Call",
    "Class",
    "Complex",
    "Delete",
    "DeleteAttribute",
    "Dict",
    "Ellipsis_",
    "Enter",
    "Exit",
    "FORMAT",
    "Float",
    "Function",
    "Get",
    "Global",
    "HOST_MODULES",
    "List",
    "Member",
    "Method",
    "NameBoundTwice",
    "NotAProgram",
    "OPERATORS",
    "Operand",
    "Operator",
    "Program",
    "ProgramError",
    "Raise",
    "Ref",
    "Set",
    "SetItem",
    "Slice",
    "Step",
    "TensorLiteral",
    "Tuple",
    "UnknownFormat",
    "UnknownGlobal",
    "UnknownName",
    "UnknownOperator",
    "Unpack",
    "Yield",
    "bound",
    "children",
    "has_empty",
    "names_read",
    "operands",
    "outs",
    "renamed",
    "schema",
    "walk",
]
