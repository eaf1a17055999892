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

# A name that is known beforehand: releases may pass on this role and no other. Nothing but another endpoint's name
# replaces it.
resource "aws_iam_role" "endpoint" {
  name                 = "${local.endpoint_name}-endpoint"
  description          = "Model containers of the ${var.blueprint.name} endpoint, and SageMaker itself for inputs, outputs and notifications."
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
  role   = aws_iam_role.endpoint.name
  policy = each.value

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_role_policy" "logs" {
  name   = "logs"
  role   = aws_iam_role.endpoint.name
  policy = data.aws_iam_policy_document.logs.json

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.endpoint.arn}:*"]
  }
}
