"""One backward pass: `engine.py` runs any graph, `plain_pass.py` and `capture.py` what nobody can watch.

What these cannot run, or must deliver, goes through `settling.py`.
"""
