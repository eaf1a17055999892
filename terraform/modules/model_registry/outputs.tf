output "group_names" {
  description = "Full group name by short name."
  value       = { for name, group in aws_sagemaker_model_package_group.this : name => group.model_package_group_name }
}

output "read_policy_document" {
  description = "Policy document (JSON) that allows describing and comparing versions."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "ReadVersions"
      Effect = "Allow"
      Action = ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"]
      Resource = flatten([
        for group in aws_sagemaker_model_package_group.this : [group.arn, "${local.sagemaker_arn}:model-package/${group.model_package_group_name}/*"]
      ])
    }]
  })
}

output "group_arns" {
  description = "Group ARN by short name."
  value       = { for name, group in aws_sagemaker_model_package_group.this : name => group.arn }
}
