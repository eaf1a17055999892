# Accounts that deploy models of this registry may describe versions and create models from them, but not register or
# approve. They read the artifact itself from S3, with a key that admits them.
data "aws_partition" "current" {}

locals {
  sagemaker_arn = "arn:${data.aws_partition.current.partition}:sagemaker:${var.context.region}:${var.context.account_id}"
  consumers     = [for id in var.consumer_account_ids : "arn:${data.aws_partition.current.partition}:iam::${id}:root"]
}

resource "aws_sagemaker_model_package_group_policy" "consumers" {
  for_each = length(var.consumer_account_ids) > 0 ? aws_sagemaker_model_package_group.this : {}

  model_package_group_name = each.value.model_package_group_name
  resource_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DescribeGroup"
        Effect    = "Allow"
        Principal = { AWS = local.consumers }
        Action    = ["sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"]
        Resource  = "${local.sagemaker_arn}:model-package-group/${each.value.model_package_group_name}"
      },
      {
        Sid       = "DeployVersions"
        Effect    = "Allow"
        Principal = { AWS = local.consumers }
        Action    = ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage"]
        Resource  = "${local.sagemaker_arn}:model-package/${each.value.model_package_group_name}/*"
      },
    ]
  })
}
