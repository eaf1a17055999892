"""AWS clients, the state bucket and queries, for a real account or the local AWS."""
