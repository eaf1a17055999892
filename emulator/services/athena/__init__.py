"""Athena's queries, run for real: its SQL is translated for DuckDB, which reads the objects of the catalogue's tables.

One process per query (`worker.py`), as every other piece of compute here.
"""
