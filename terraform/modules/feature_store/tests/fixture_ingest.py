"""Stands for the ingestion script in the module's tests; nothing runs it."""
