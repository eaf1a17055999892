data "aws_partition" "current" {}

locals {
  sagemaker_arn = "arn:${data.aws_partition.current.partition}:sagemaker:${var.context.region}:${var.context.account_id}"
  log_group_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:/aws/sagemaker/studio"

  profiles = {
    data_scientist = { name = "DataScientist", role = "data-scientist" }
    ml_engineer    = { name = "MLEngineer", role = "ml-engineer" }
  }

  # Studio acts under the profile's role. AWS generates the domain's id; profile, space and app have our names, and
  # spaces must begin with the profile's name, which separates the profiles.
  own_statements = {
    for profile, spec in local.profiles : profile => [
      {
        Sid    = "ManageOwnWorkspace"
        Effect = "Allow"
        Action = [
          "sagemaker:AddTags", "sagemaker:CreateApp", "sagemaker:CreatePresignedDomainUrl", "sagemaker:CreateSpace", "sagemaker:DeleteApp",
          "sagemaker:DeleteSpace", "sagemaker:DescribeApp", "sagemaker:DescribeSpace", "sagemaker:DescribeUserProfile", "sagemaker:UpdateSpace",
        ]
        Resource = [for kind in ["app", "space", "user-profile"] : "${local.sagemaker_arn}:${kind}/*/${var.context.name_prefix}-${spec.name}*"]
      },
      {
        # Lists have no resource type.
        Sid      = "ListWorkspaces"
        Effect   = "Allow"
        Action   = ["sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"]
        Resource = "*"
      },
      {
        Sid      = "DescribeDomain"
        Effect   = "Allow"
        Action   = "sagemaker:DescribeDomain"
        Resource = aws_sagemaker_domain.this.arn
      },
      {
        # One group of a fixed name, which the environments of an account share.
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [local.log_group_arn, "${local.log_group_arn}:*"]
      },
    ]
  }

  attached = merge([
    for profile in keys(local.profiles) : {
      for name, document in var.policy_documents[profile] : "${profile}-${name}" => { profile = profile, name = name, document = document }
    }
  ]...)
}

resource "aws_iam_role" "profile" {
  for_each = local.profiles

  name                 = "${var.context.name_prefix}-studio-${each.value.role}"
  description          = "What notebooks of the profile ${each.value.name} run with"
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sagemaker.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "own" {
  #checkov:skip=CKV_AWS_290:Only lists are on "*": they have no resource type
  #checkov:skip=CKV_AWS_355:Only lists are on "*": they have no resource type
  for_each = local.profiles

  name   = "workplace"
  role   = aws_iam_role.profile[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.own_statements[each.key] })
}

# One inline policy for each document that another module grants.
resource "aws_iam_role_policy" "attached" {
  for_each = local.attached

  name   = each.value.name
  role   = aws_iam_role.profile[each.value.profile].id
  policy = each.value.document
}
