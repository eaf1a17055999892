"""Errors that end a query."""

from __future__ import annotations


class QueryFailed(Exception):
    """A failed query; the message becomes `Status.StateChangeReason`."""


class QueryCancelled(Exception):
    """A query that the service ended without an error, such as at the limit of scanned bytes."""
