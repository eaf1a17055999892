output "bus_name" {
  description = "The platform's event bus."
  value       = aws_cloudwatch_event_bus.platform.name
}

output "bus_arn" {
  description = "ARN of the platform's event bus."
  value       = aws_cloudwatch_event_bus.platform.arn
}

output "topic_arn" {
  description = "The central topic that every alarm and rule reports to."
  value       = aws_sns_topic.notifications.arn

  # Its policy must be there before the first alarm publishes.
  depends_on = [aws_sns_topic_policy.notifications]
}
