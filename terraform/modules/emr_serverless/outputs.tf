output "application_id" {
  description = "The application that jobs are started in."
  value       = aws_emrserverless_application.this.id
}

output "role_arn" {
  description = "Role that jobs run under."
  value       = aws_iam_role.job.arn
}
