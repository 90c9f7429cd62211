"""``python -m mutation``"""

from mutation.cli import main

main(prog_name="python -m mutation")
