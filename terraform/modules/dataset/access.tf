data "aws_partition" "current" {}

locals {
  glue_arn = "arn:${data.aws_partition.current.partition}:glue:${var.context.region}:${var.context.account_id}"
  logs_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}"
  name     = "${var.context.name_prefix}-${var.dataset.name}"

  # Crawlers name a table after its folder, with underscores.
  table_name = replace(var.dataset.name, "-", "_")

  catalog_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        # Only tables of this dataset, in the environment's own databases.
        Sid    = "WriteTables"
        Effect = "Allow"
        Action = [
          "glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:BatchUpdatePartition", "glue:CreatePartition",
          "glue:CreateTable", "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable",
          "glue:GetTables", "glue:UpdatePartition", "glue:UpdateTable",
        ]
        Resource = concat(
          ["${local.glue_arn}:catalog"],
          [for name in values(var.database_names) : "${local.glue_arn}:database/${name}"],
          [for name in values(var.database_names) : "${local.glue_arn}:table/${name}/${local.table_name}"],
        )
      },
      {
        # The groups of jobs and crawlers have fixed names that the environments of an account share. Glue creates them
        # with this role, and encrypts them as the security configuration specifies.
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${local.logs_arn}:log-group:/aws-glue/*"]
      },
      {
        # Job bookmarks are encrypted by Glue itself, not through S3.
        Sid      = "EncryptBookmarks"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource = var.kms_key_arn
      },
      {
        # Metrics have no resource type; the namespace is the limit that AWS offers.
        Sid       = "PublishMetrics"
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringEquals = { "cloudwatch:namespace" = ["Glue", "Glue Data Quality"] } }
      },
      {
        # Evaluations of rulesets fetch their program from AWS's own bucket, under this role.
        Sid      = "FetchDataQuality"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:${data.aws_partition.current.partition}:s3:::aws-glue-ml-data-quality-assets-${var.context.region}/*"
      },
      {
        # GetSecurityConfiguration has no resource type.
        Sid      = "ReadSecurityConfiguration"
        Effect   = "Allow"
        Action   = "glue:GetSecurityConfiguration"
        Resource = "*"
      },
    ]
  }
}

module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${local.name}-etl"
  description      = "Crawls the dataset, runs its ETL job and judges the result"
  service          = "glue.amazonaws.com"
  boundary_arn     = var.boundary_arn
  policy_documents = var.policy_documents
}

resource "aws_iam_role_policy" "catalog" {
  #checkov:skip=CKV_AWS_290:GetSecurityConfiguration and PutMetricData have no resource type; metrics are limited by namespace
  #checkov:skip=CKV_AWS_355:GetSecurityConfiguration and PutMetricData have no resource type
  name   = "catalog"
  role   = module.role.name
  policy = jsonencode(local.catalog_policy)
}
