"""Score a model on the test split and decide whether it passes the gate."""
