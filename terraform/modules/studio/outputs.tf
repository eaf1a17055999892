output "domain_id" {
  description = "Id of the domain, chosen by AWS."
  value       = aws_sagemaker_domain.this.id
}

output "url" {
  description = "URL of Studio; people sign in with a presigned URL."
  value       = aws_sagemaker_domain.this.url
}

output "user_profile_names" {
  description = "User profiles: data_scientist, ml_engineer."
  value       = { for profile, made in aws_sagemaker_user_profile.this : profile => made.user_profile_name }
}

output "role_arns" {
  description = "Roles that notebooks run with, by profile."
  value       = { for profile, role in aws_iam_role.profile : profile => role.arn }
}

output "notebook_keys" {
  description = "Sample notebooks in the bucket."
  value       = sort([for notebook in aws_s3_object.notebook : notebook.key])
}
