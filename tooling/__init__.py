"""Checks of this repository and tools for its releases."""
