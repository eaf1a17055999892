"""Stands for the built ETL script in the phase's tests; nothing runs it."""
