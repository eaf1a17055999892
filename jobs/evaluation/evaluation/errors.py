"""What stops the job."""

from __future__ import annotations


class EvaluationError(Exception):
    """There is nothing to measure, or it cannot be measured; the job fails with this sentence."""


class ModelError(EvaluationError):
    """A model cannot be loaded, or does not answer as the contract says."""
