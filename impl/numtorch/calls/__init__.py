"""A call before its kernel: who else is asked, operands that are not plain, and what is said where they do not fit."""
