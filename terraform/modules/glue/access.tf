locals {
  glue_arn = "arn:${data.aws_partition.current.partition}:glue:${var.context.region}:${var.context.account_id}"
  logs_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}"

  # The only role that writes the catalog, and only the environment's own databases.
  catalog_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "WriteCatalog"
        Effect = "Allow"
        Action = [
          "glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:BatchUpdatePartition", "glue:CreatePartition",
          "glue:CreateTable", "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable",
          "glue:GetTables", "glue:UpdatePartition", "glue:UpdateTable",
        ]
        Resource = [
          "${local.glue_arn}:catalog",
          "${local.glue_arn}:database/${local.database_prefix}_*",
          "${local.glue_arn}:table/${local.database_prefix}_*/*",
        ]
      },
      {
        # Glue encrypts the log groups of a security configuration under the job's role.
        Sid      = "EncryptLogs"
        Effect   = "Allow"
        Action   = "logs:AssociateKmsKey"
        Resource = ["${local.logs_arn}:log-group:/aws-glue/*"]
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

resource "aws_iam_role" "glue" {
  name                 = "${var.context.name_prefix}-glue"
  description          = "Crawls raw data and runs the ETL job"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "glue.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "glue" {
  name   = "catalog"
  role   = aws_iam_role.glue.id
  policy = jsonencode(local.catalog_policy)
}

resource "aws_iam_role_policy_attachment" "glue" {
  for_each = var.policy_arns

  role       = aws_iam_role.glue.name
  policy_arn = each.value
}
