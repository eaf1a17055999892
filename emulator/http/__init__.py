"""Connections, admission and routing of requests."""
