output "dead_letter_queue_arn" {
  description = "Queue that keeps what could not be delivered for 14 days."
  value       = aws_sqs_queue.dead_letters.arn
}

output "rule_arns" {
  description = "Rule ARNs by short name."
  value       = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.arn }
}
