"""EventBridge: patterns, targets, schedules and delivery. Only the `moto_*` modules import moto."""
