"""How models are spoken to, where there is no common language: pure functions from request to payload and back."""
