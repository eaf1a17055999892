"""Lambda: functions in child processes, synchronous and asynchronous invocations, event sources."""
