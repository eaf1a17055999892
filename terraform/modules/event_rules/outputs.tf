output "dead_letter_arn" {
  description = "Queue of events that could not be delivered."
  value       = aws_sqs_queue.dead_letters.arn
}

output "rule_arns" {
  description = "Rule ARNs by short name."
  value       = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.arn }
}

output "alarm_names" {
  description = "Names of the alarms on the dead letters."
  value       = [aws_cloudwatch_metric_alarm.dead_letters.alarm_name]
}

output "archive_names" {
  description = "Archives to replay from, by bus: platform (own events), services (AWS's events)."
  value       = { for key, archive in aws_cloudwatch_event_archive.this : key => archive.name }
}
