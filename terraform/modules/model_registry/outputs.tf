output "group_names" {
  description = "Full group name by short name."
  value       = { for name, group in aws_sagemaker_model_package_group.this : name => group.model_package_group_name }
}

output "group_arns" {
  description = "Group ARN by short name."
  value       = { for name, group in aws_sagemaker_model_package_group.this : name => group.arn }
}
