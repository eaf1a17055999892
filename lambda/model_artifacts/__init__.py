"""Register and verify model archives by their hashes."""
