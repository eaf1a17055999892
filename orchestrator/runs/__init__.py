"""The record of one run: its folder, journal, result and pages."""
