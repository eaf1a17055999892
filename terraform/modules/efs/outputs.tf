output "file_system_id" {
  description = "File system id for FileSystemDataSource of a training job."
  value       = aws_efs_file_system.this.id
}

output "access_point_arn" {
  description = "Access point; the policy admits clients through it only."
  value       = aws_efs_access_point.training.arn
}

output "client_policy_document" {
  description = "Policy document (JSON) that allows a role to mount and write through the access point."
  value       = jsonencode(local.client_policy)
}
