"""Measurements of this project, each beside the plain tools that it replaces (`benchmarks/README.md`)."""
