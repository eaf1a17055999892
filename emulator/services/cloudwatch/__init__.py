"""CloudWatch: alarms, the metrics of queues, and logs."""
