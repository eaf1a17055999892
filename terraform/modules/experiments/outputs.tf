output "role_arn" {
  description = "Role to start experiments with."
  value       = module.role.arn
}
