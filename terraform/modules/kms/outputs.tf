output "key_arns" {
  description = "Key ARN by purpose: data, models, logs."
  value       = { for name, key in aws_kms_key.this : name => key.arn }
}
