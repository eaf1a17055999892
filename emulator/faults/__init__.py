"""Faults that a client arms over HTTP, and the middleware that injects them."""
