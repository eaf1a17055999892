"""Why a query ended."""

from __future__ import annotations


class QueryFailed(Exception):
    """The message becomes `Status.StateChangeReason`."""


class QueryCancelled(Exception):
    """Ended by the service, not by an error: the limit of bytes is one."""
