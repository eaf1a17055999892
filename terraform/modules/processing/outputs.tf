output "role_arn" {
  description = "Role of the jobs."
  value       = module.role.arn
}

output "requests" {
  description = "Arguments of CreateProcessingJob by flow; the caller adds ProcessingJobName, which begins with the environment's prefix."
  value       = local.requests

  # A job may be started immediately.
  depends_on = [module.role]
}
