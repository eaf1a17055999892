output "stage_arn" {
  description = "The stage that the web ACL stands before."
  value       = aws_wafv2_web_acl_association.this.resource_arn
}

output "requests_in_5_minutes" {
  description = "Requests per address before it is blocked."
  value       = local.requests_in_5_minutes
}

output "log_group_name" {
  description = "Where requests that were counted or refused are written, without keys."
  value       = aws_cloudwatch_log_group.this.name
}
