"""Start, find and stop the local AWS of an environment: it runs as a process of its own."""
