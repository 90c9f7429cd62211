"""What codegen.py writes dispatch.py with: formulas, and the templates of nodes, operators and in-place forms."""
