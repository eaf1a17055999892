"""What killed runs have left behind: found, and brought back into the states or removed."""
