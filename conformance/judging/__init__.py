"""Trace × Trace → Verdict: what is compared, how sure the oracle is of its own numbers, and who is wrong about a gradient."""
