# The first phase: nothing arrives from any other.
