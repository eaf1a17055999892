"""What stops the job."""

from __future__ import annotations


class FlowError(Exception):
    """The flow, or what it reads, cannot be used; the job fails with this sentence."""
