data "aws_partition" "current" {}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.context.account_id]
    }
  }
}

# A name that is known beforehand: releases may pass on this role and no other. Nothing but another blueprint's name
# replaces it.
resource "aws_iam_role" "model" {
  name                 = "${local.full_name}-model"
  description          = "Model containers of the batch jobs of ${var.blueprint.name}."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn

  lifecycle {
    create_before_destroy = true
  }
}

# What others hand out, one policy for each of them.
resource "aws_iam_role_policy" "handed_out" {
  for_each = var.policy_documents

  name   = each.key
  role   = aws_iam_role.model.name
  policy = each.value

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  log_group_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:/aws/sagemaker/TransformJobs"
}

data "aws_iam_policy_document" "logs" {
  statement {
    # The log group of transform jobs has a fixed name that the environments of an account share.
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [local.log_group_arn, "${local.log_group_arn}:*"]
  }
}

resource "aws_iam_role_policy" "logs" {
  name   = "logs"
  role   = aws_iam_role.model.name
  policy = data.aws_iam_policy_document.logs.json

  lifecycle {
    create_before_destroy = true
  }
}
