"""Tensors that share memory: views, and what writing through one of them does to the others and to the graph."""
