output "log_group_name" {
  description = "Log group with one event per call of a model."
  value       = aws_cloudwatch_log_group.this.name
}

output "role_arn" {
  description = "Role under which Bedrock writes."
  value       = aws_iam_role.this.arn
}
