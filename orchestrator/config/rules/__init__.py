"""Checks of an environment file that go across sections, or that AWS would make in the middle of an apply."""
