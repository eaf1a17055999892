output "boundary_arn" {
  description = "Permissions boundary that every role must carry."
  value       = aws_iam_policy.boundary.arn
}

output "execution_documents" {
  description = "Policy documents (JSON) of running code, by kind: base, realtime, serverless, batch, async, studio. Each contains the base: metrics, image pull, catalog reading, volume key."
  value       = local.execution_documents
}

output "caller_documents" {
  description = "Policy documents (JSON) that allow calling endpoints of this environment, by method: realtime, serverless, async."
  value       = local.caller_documents
}

output "persona_role_arns" {
  description = "Roles for people: data_scientist, ml_engineer, data_engineer, production."
  value       = { for persona, role in aws_iam_role.persona : persona => role.arn }
}
