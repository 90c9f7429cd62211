"""The graph that operators leave behind: nodes, edges, what they save, and the hooks on that."""
