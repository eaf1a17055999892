"""Authorize API Gateway requests by API key."""
