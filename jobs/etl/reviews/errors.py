"""What stops the job."""

from __future__ import annotations


class EtlError(Exception):
    """The input as a whole cannot be used; the job fails with this sentence."""
