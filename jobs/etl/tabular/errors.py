"""What stops the job, and what sets one row aside."""

from __future__ import annotations


class EtlError(Exception):
    """The input as a whole cannot be used; the job fails with this sentence."""


class Broken(ValueError):
    """A row breaks a rule; the message is the reason that its quarantine entry gives."""
