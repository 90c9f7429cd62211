"""A module that has none of torch's names.

Caught before any case runs: the subject is unavailable, and the first name it lacks is said.
"""
