"""`python -m orchestrator`."""

import gc
import sys

# A run keeps most of what it makes: at Python's own pace a tenth of its time goes into searching that for cycles.
gc.set_threshold(100_000, 50, 100)

from orchestrator.cli import main  # noqa: E402  (what it imports is the larger part of it)

code = main()
# Everything is about to go: without this the interpreter looks for cycles in all of it, several times.
gc.freeze()
sys.exit(code)
