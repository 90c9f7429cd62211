"""What random programs say in several steps: phrases, a module an idea. Written as cases are; `compose/phrase.py` explains."""
