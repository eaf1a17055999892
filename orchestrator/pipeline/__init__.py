"""The training pipeline, seen from outside: upload data, start it, watch it, report its nine steps.

The pipeline itself is a state machine in AWS; nothing of its work happens here. What it did is read from its
execution history (which states ran, how long), and how real that was from the emulator's evidence.
"""

from orchestrator.pipeline.execution import live_version, run

__all__ = ["live_version", "run"]
