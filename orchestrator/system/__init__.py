"""What the machine below the orchestrator is asked: processes and who they are."""
