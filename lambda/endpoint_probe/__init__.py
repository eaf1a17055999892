"""Send test requests to an endpoint and check its answers."""
