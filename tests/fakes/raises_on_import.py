"""The import fails, as that of a library does whose shared objects are missing.

Caught before any case runs: the subject is unavailable, and what it wrote last is shown.
"""

import sys

print("libfast.so.3: cannot open shared object file", file=sys.stderr)
raise ImportError("this machine has no accelerator")
