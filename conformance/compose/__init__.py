"""Random programs: a Hypothesis strategy that composes steps from the table of operators and the actions of autograd."""

from conformance.compose.programs import random_programs

__all__ = ["random_programs"]
