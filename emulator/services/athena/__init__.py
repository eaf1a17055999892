"""Athena queries, executed: the SQL is translated for DuckDB, which reads the objects of the catalogue's tables.

Each query runs in its own process (`worker.py`), as all compute of the emulator does.
"""
