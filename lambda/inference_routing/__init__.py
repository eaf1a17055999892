"""Route inference requests to models: selection, retries, failover, guardrails and AWS clients."""
