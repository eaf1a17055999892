"""Stands for the script that `packages.script` names."""
