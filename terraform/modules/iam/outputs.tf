output "boundary_arn" {
  description = "Permissions boundary that every role must carry."
  value       = aws_iam_policy.boundary.arn
}

output "execution_policy_arn" {
  description = "Base policy of every role that runs code: logs, metrics, image pull, catalog reading."
  value       = aws_iam_policy.execution.arn
}

output "persona_role_arns" {
  description = "Roles for people: data_scientist, ml_engineer, data_engineer, production."
  value       = { for persona, role in aws_iam_role.persona : persona => role.arn }
}
