"""Convert requests to model payloads and back, for models without a common schema. Pure."""
