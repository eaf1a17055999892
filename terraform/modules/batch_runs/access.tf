locals {
  glue_arn = "arn:${data.aws_partition.current.partition}:glue:${var.context.region}:${var.context.account_id}"
  logs_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}"
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.context.account_id]
    }
  }
}

resource "aws_iam_role" "crawler" {
  name                 = "${local.full_name}-crawler"
  description          = "Catalogues the results of ${var.blueprint.name}."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
}

data "aws_iam_policy_document" "catalog" {
  statement {
    # Its own database, and no other's.
    sid = "WriteCatalog"
    actions = [
      "glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:BatchUpdatePartition", "glue:CreatePartition", "glue:CreateTable",
      "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables", "glue:UpdatePartition", "glue:UpdateTable",
    ]
    resources = ["${local.glue_arn}:catalog", "${local.glue_arn}:database/${local.database}", "${local.glue_arn}:table/${local.database}/*"]
  }

  statement {
    # The groups of crawlers have fixed names that the environments of an account share.
    sid       = "WriteLogs"
    actions   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.logs_arn}:log-group:/aws-glue/*"]
  }

  statement {
    # GetSecurityConfiguration has no resource type.
    sid       = "ReadSecurityConfiguration"
    actions   = ["glue:GetSecurityConfiguration"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "catalog" {
  name   = "catalog"
  role   = aws_iam_role.crawler.name
  policy = data.aws_iam_policy_document.catalog.json
}

# What others hand out, one policy for each of them.
resource "aws_iam_role_policy" "handed_out" {
  for_each = var.policy_documents

  name   = each.key
  role   = aws_iam_role.crawler.name
  policy = each.value
}
