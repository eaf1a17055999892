"""Stands for the script that `ingestion.script_path` names."""
