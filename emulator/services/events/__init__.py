"""EventBridge: patterns, targets, schedules and delivery. Nothing here but the `moto_*` modules knows moto."""
