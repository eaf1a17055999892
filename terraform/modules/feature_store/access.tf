data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  scope     = "${var.context.region}:${var.context.account_id}"
  group_arn = "arn:${local.partition}:sagemaker:${local.scope}:feature-group/${local.group_name}"

  roles = {
    store     = { name = "feature-store", description = "Writes the offline store of the feature group", service = "sagemaker.amazonaws.com" }
    ingestion = { name = "feature-ingestion", description = "Puts what the ETL wrote into the feature group", service = "glue.amazonaws.com" }
  }

  # An online store with a customer key is used with the caller's permissions.
  online_statements = var.online ? [{
    Sid       = "UseOnlineStore"
    Effect    = "Allow"
    Action    = ["kms:Decrypt"]
    Resource  = [var.kms_key_arn]
    Condition = { StringEquals = { "kms:ViaService" = "sagemaker.${var.context.region}.amazonaws.com" } }
  }] : []

  ingestion_statements = concat([
    jsonencode({
      # For SDKs with BatchWriteRecord; Glue's own SDK puts single records.
      Sid      = "WriteRecords"
      Effect   = "Allow"
      Action   = ["sagemaker:BatchWriteRecord", "sagemaker:DeleteRecord", "sagemaker:DescribeFeatureGroup", "sagemaker:PutRecord"]
      Resource = [local.group_arn]
    }),
    jsonencode({
      # The groups of jobs have fixed names that the environments of an account share. Glue creates them with this role,
      # and encrypts them as the security configuration specifies.
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["arn:${local.partition}:logs:${local.scope}:log-group:/aws-glue/*"]
    }),
    jsonencode({
      # GetSecurityConfiguration has no resource type.
      Sid      = "ReadSecurityConfiguration"
      Effect   = "Allow"
      Action   = ["glue:GetSecurityConfiguration"]
      Resource = ["*"]
    }),
  ], [for statement in local.online_statements : jsonencode(statement)])

  attached = merge([
    for role in keys(local.roles) : {
      for name, document in var.policy_documents[role] : "${role}-${name}" => { role = role, name = name, document = document }
    }
  ]...)
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.context.name_prefix}-${each.value.name}"
  description          = each.value.description
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = each.value.service }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "ingestion" {
  #checkov:skip=CKV_AWS_355:GetSecurityConfiguration has no resource type
  name   = "features"
  role   = aws_iam_role.this["ingestion"].id
  policy = jsonencode({ Version = "2012-10-17", Statement = [for statement in local.ingestion_statements : jsondecode(statement)] })
}

# One inline policy for each document that another module grants.
resource "aws_iam_role_policy" "attached" {
  for_each = local.attached

  name   = each.value.name
  role   = aws_iam_role.this[each.value.role].id
  policy = each.value.document
}
