# What every role that runs code needs. The catalog is read here and written by Glue's role alone.
locals {
  execution = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = flatten([for arn in local.log_group_arns : [arn, "${arn}:*"]])
      },
      {
        # Metrics have no resource type; the namespace is the limit that AWS offers.
        Sid       = "Metrics"
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringLike = { "cloudwatch:namespace" = [local.prefix, "${local.prefix}/*", "/aws/sagemaker/*", "aws/sagemaker/*", "Glue"] } }
      },
      {
        Sid      = "PullImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = concat([local.own_repository_arn], local.aws_repository_arns)
      },
      {
        Sid      = "LogInToImageRegistry"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "ReadCatalog"
        Effect   = "Allow"
        Action   = ["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
        Resource = local.catalog_arns
      },
    ]
  }
}

resource "aws_iam_policy" "execution" {
  #checkov:skip=CKV_AWS_290:PutMetricData and GetAuthorizationToken have no resource type; metrics are limited by namespace
  #checkov:skip=CKV_AWS_355:PutMetricData and GetAuthorizationToken have no resource type
  name        = "${local.prefix}-execution"
  description = "Logs, metrics, images and catalog reading for everything that runs in ${local.prefix}"
  policy      = jsonencode(local.execution)
}
