"""What codegen.py writes dispatch/ with: formulas, and the templates of nodes, operators and in-place forms."""
