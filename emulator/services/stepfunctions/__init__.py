"""Step Functions: what moto's interpreter of state machines gets wrong or lacks."""
