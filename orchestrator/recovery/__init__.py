"""Find what killed runs have left, and import it into the states or remove it."""
