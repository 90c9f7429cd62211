"""Mutation power: how many deliberate faults of numtorch the conformance suite finds, and how soon."""
