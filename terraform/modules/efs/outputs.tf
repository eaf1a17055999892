output "file_system_id" {
  description = "What a training job names as its FileSystemDataSource."
  value       = aws_efs_file_system.this.id
}

output "access_point_arn" {
  description = "The only way in."
  value       = aws_efs_access_point.training.arn
}

output "client_policy_document" {
  description = "JSON policy document that lets a role mount and write through the access point; its role's owner puts it into the role."
  value       = jsonencode(local.client_policy)
}
