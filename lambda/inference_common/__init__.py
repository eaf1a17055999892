"""What the functions share: error taxonomy, settings, structured logs, request schema, API responses."""
