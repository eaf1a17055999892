"""Stands for the ETL script in the module's tests; nothing runs it."""
