"""Set-up and generators. `scripts.setup` uses nothing but the standard library."""
