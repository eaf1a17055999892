"""The sections of an environment file, as Pydantic models."""
