"""Reads `+<process group>` and `-<process group>` lines; at end of file kills the groups still listed."""

import contextlib
import os
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_IGN)
alive = set()
for line in sys.stdin:
    group = int(line[1:])
    if line[0] == "+":
        alive.add(group)
    else:
        alive.discard(group)
for group in alive:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
