"""Run batch inference: turn input objects into jobs, and ended jobs into results."""
