"""Glue: jobs, crawlers and Data Quality."""
