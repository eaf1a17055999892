output "boundary_arn" {
  description = "Permissions boundary that every role must carry."
  value       = aws_iam_policy.boundary.arn
}

output "execution_documents" {
  description = "JSON policy documents of what code runs with, by kind: base, realtime, serverless, batch, async, studio. Each holds the base: metrics, image pull, catalog reading, volume key."
  value       = local.execution_documents
}

output "caller_documents" {
  description = "JSON policy documents of those who call endpoints of this environment, by method: realtime, serverless, async."
  value       = local.caller_documents
}

output "persona_role_arns" {
  description = "Roles for people: data_scientist, ml_engineer, data_engineer, production."
  value       = { for persona, role in aws_iam_role.persona : persona => role.arn }
}
