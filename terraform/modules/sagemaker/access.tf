data "aws_partition" "current" {}

locals {
  roles = {
    training = {
      description = "SageMaker training jobs of the pipeline."
      log_groups  = ["/aws/sagemaker/TrainingJobs"]
    }
    evaluation = {
      description = "SageMaker processing jobs that measure a trained model and the live one."
      log_groups  = ["/aws/sagemaker/ProcessingJobs"]
    }
    candidate = {
      description = "The pipeline's temporary endpoints, on which a new model version is probed."
      log_groups  = ["/aws/sagemaker/Endpoints/${var.context.name_prefix}-candidate-*"]
    }
  }

  attached = merge([
    for role in keys(local.roles) : {
      for name, document in var.policy_documents[role] : "${role}-${name}" => { role = role, name = name, document = document }
    }
  ]...)

  logs_arn_prefix = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group"
}

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

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = var.name == null ? "${var.context.name_prefix}-sagemaker-${each.key}" : "${var.context.name_prefix}-${var.name}-${each.key}"
  description          = each.value.description
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
}

# One inline policy for each document that another module grants.
resource "aws_iam_role_policy" "attached" {
  for_each = local.attached

  name   = each.value.name
  role   = aws_iam_role.this[each.value.role].name
  policy = each.value.document
}

resource "aws_iam_role_policy" "logs" {
  for_each = local.roles

  name   = "logs"
  role   = aws_iam_role.this[each.key].name
  policy = data.aws_iam_policy_document.logs[each.key].json
}

data "aws_iam_policy_document" "logs" {
  for_each = local.roles

  statement {
    # The log groups of SageMaker's jobs have fixed names that the environments of an account share.
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = flatten([for name in each.value.log_groups : ["${local.logs_arn_prefix}:${name}", "${local.logs_arn_prefix}:${name}:*"]])
  }
}
