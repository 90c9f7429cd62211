"""What the command does and shows on a terminal; `cli.py` only parses. `recorded/`, `runs/` and `fuzz/` bring their own."""
