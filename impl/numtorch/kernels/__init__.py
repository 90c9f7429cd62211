"""Functions over raw NumPy arrays: the operators' kernels, and the vocabulary of their gradient formulas.

They know nothing of tensors or graphs. A 0-d array may be a NumPy scalar wherever one is passed or returned. Each module
is a family; all their names meet in everything.py.
"""
