"""`python -m orchestrator`."""

import gc
import sys

from orchestrator.cli import main

code = main()
# Everything is about to go: without this the interpreter first looks for cycles in all of it, several times.
gc.freeze()
sys.exit(code)
