output "role_arn" {
  description = "Role of the jobs."
  value       = module.role.arn
}

output "requests" {
  description = "What CreateProcessingJob takes, by flow; whoever starts a job adds ProcessingJobName, which begins with the environment's prefix."
  value       = local.requests

  # A job may be started at once.
  depends_on = [module.role]
}
