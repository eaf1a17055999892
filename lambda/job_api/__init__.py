"""Serve the HTTP API for asynchronous and batch inference."""
