"""Shared by all functions: errors, settings, logs, metrics, request formats and API responses."""
