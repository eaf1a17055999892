"""Stands for the ingestion script; nothing runs it."""
