"""Serve the HTTP API for inference requests, natively and in the OpenAI format."""
