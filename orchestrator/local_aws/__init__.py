"""Start, find and stop the local AWS of an environment, which is a separate process."""
