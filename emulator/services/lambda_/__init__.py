"""Lambda: functions run in child processes; synchronous and asynchronous invocations, event sources."""
