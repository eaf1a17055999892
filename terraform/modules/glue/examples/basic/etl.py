"""Stands for the script that `etl.script_path` names."""
