"""Processes and files of this machine: run and identify processes, read and write files safely."""
