"""The training pipeline, seen from outside: upload data, start it, watch it, report its nine steps.

The pipeline itself is a state machine in AWS; nothing of its work happens here. What it did is read from its
execution history (which states ran, how long), and how real that was from the emulator's evidence. Where a person
approves versions, an execution waits, and the run ends for us: `approval` tells what waits, and carries decisions.
"""

from orchestrator.pipeline.approval import Group, approved, decide, pending
from orchestrator.pipeline.execution import live_version, run, stop_all

__all__ = ["Group", "approved", "decide", "live_version", "pending", "run", "stop_all"]
