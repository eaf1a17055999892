output "key_arns" {
  description = "Key ARN by purpose: data, models, logs."
  value       = { for name, key in aws_kms_key.this : name => key.arn }
}

output "multi_region" {
  description = "Whether the keys can be replicated into other regions."
  value       = anytrue([for key in aws_kms_key.this : key.multi_region])
}

output "delivers" {
  description = "Statements that allow services to use the data key on their own behalf, by name; none by default."
  value       = [for statement in local.delivery_statements : statement.Sid]
}
