"""Rules across sections of an environment file, and rules that AWS would enforce in the middle of an apply."""
