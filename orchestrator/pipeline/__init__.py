"""Run the training pipeline: upload data, start an execution, watch it, report its nine steps.

The pipeline itself is a state machine in AWS. Its steps are read from the execution history (which states ran, how
long), and their fidelity from the emulator's evidence. If versions require approval, an execution waits, and the run
ends here: `approval` lists the waiting versions and carries out decisions.
"""

from orchestrator.pipeline.approval import approved, decide, pending
from orchestrator.pipeline.execution import live_version, run, stop_all

__all__ = ["approved", "decide", "live_version", "pending", "run", "stop_all"]
