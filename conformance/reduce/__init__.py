"""Makes a failing program smaller: fewer steps, fewer arguments, simpler numbers, as long as it fails in the same way.

Hypothesis shrinks what a program was drawn from; this works on the program itself, so it also serves programs that nobody
drew: those of a journal, or of another tool. Every candidate is run, and the order is by what saves most: cut behind the
failure, leave out steps with all that needs them, put a literal in the place of what was computed, simplify what is left.
"""

from conformance.reduce.reducer import Fails, Reducer, reduce

__all__ = ["Fails", "Reducer", "reduce"]
