data "aws_partition" "current" {}

# A table inside the provider: the AWS account of the image in this region. It makes no request.
data "aws_sagemaker_prebuilt_ecr_image" "framework" {
  for_each = toset([
    "huggingface-pytorch-inference", "huggingface-pytorch-training", "pytorch-inference", "pytorch-training",
    "sagemaker-model-monitor-analyzer", "sagemaker-scikit-learn", "sagemaker-xgboost",
  ])

  repository_name = each.key
  region          = var.context.region
}

# ARN patterns of the environment's resources, by kind: no policy reaches beyond them.
locals {
  partition = data.aws_partition.current.partition
  scope     = "${var.context.region}:${var.context.account_id}"
  prefix    = var.context.name_prefix

  # Glue and Athena names in SQL: no hyphens.
  database_prefix = replace(local.prefix, "-", "_")

  catalog_arns = [
    "arn:${local.partition}:glue:${local.scope}:catalog",
    "arn:${local.partition}:glue:${local.scope}:database/${local.database_prefix}_*",
    "arn:${local.partition}:glue:${local.scope}:table/${local.database_prefix}_*/*",
  ]

  # SageMaker and Glue write to groups of fixed names; Lambda's and Step Functions' carry ours.
  log_group_arns = [
    for group in ["/aws/lambda/${local.prefix}-*", "/aws/sagemaker/*", "/aws-glue/*", "/aws/vendedlogs/*", "/aws/vpc/${local.prefix}/*"] :
    "arn:${local.partition}:logs:${local.scope}:log-group:${group}"
  ]

  # Images of this environment, and AWS's own framework images, which live in AWS's accounts.
  own_repository_arn = "arn:${local.partition}:ecr:${local.scope}:repository/${local.prefix}/*"
  aws_repository_arns = [
    for name, image in data.aws_sagemaker_prebuilt_ecr_image.framework : "arn:${local.partition}:ecr:${var.context.region}:${image.registry_id}:repository/${name}"
  ]

  # For the boundary, which has no room for each repository: the accounts of AWS that contain them.
  aws_registry_arns = [
    for account in distinct([for image in data.aws_sagemaker_prebuilt_ecr_image.framework : image.registry_id]) :
    "arn:${local.partition}:ecr:${var.context.region}:${account}:repository/*"
  ]

  workgroup_arn = "arn:${local.partition}:athena:${local.scope}:workgroup/${local.prefix}-*"
  state_arns    = [for kind in ["stateMachine", "execution"] : "arn:${local.partition}:states:${local.scope}:${kind}:${local.prefix}-*"]
  parameter_arn = "arn:${local.partition}:ssm:${local.scope}:parameter/${var.context.project}/${var.context.environment}/*"
  role_arn      = "arn:${local.partition}:iam::${var.context.account_id}:role/${local.prefix}-*"
}
