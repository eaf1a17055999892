# The very first stack: nothing arrives from any other.
