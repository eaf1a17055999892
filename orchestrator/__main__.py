"""`python -m orchestrator`."""

import gc
import sys

# A run keeps most of its objects: with Python's defaults, searching them for cycles takes a tenth of its time.
gc.set_threshold(100_000, 50, 100)

from orchestrator.cli import main  # noqa: E402  (most objects come from its imports)

code = main()
# The process is about to exit: without this the interpreter searches all objects for cycles, several times.
gc.freeze()
sys.exit(code)
