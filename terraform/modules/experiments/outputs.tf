output "role_arn" {
  description = "Role to start experiments with."
  value       = aws_iam_role.this.arn
}
