locals {
  glue_arn = "arn:${data.aws_partition.current.partition}:glue:${var.context.region}:${var.context.account_id}"
  logs_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}"
}

module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${local.full_name}-crawler"
  description      = "Catalogues the results of ${var.blueprint.name}."
  service          = "glue.amazonaws.com"
  boundary_arn     = var.boundary_arn
  policy_documents = var.policy_documents
}

data "aws_iam_policy_document" "catalog" {
  statement {
    # Its own database only.
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
  role   = module.role.name
  policy = data.aws_iam_policy_document.catalog.json
}
