output "rule_arns" {
  description = "Rule ARNs by short name."
  value       = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.arn }
}
