data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  name                 = local.function_name
  description          = "Lambda function ${local.function_name}."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
}

data "aws_iam_policy_document" "runtime" {
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function.arn}:*"]
  }

  statement {
    sid       = "ReadOwnEnvironment"
    actions   = ["kms:Decrypt"]
    resources = [var.kms.environment_key_arn]
  }

  statement {
    # X-Ray knows no resources.
    sid       = "Trace"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = var.network == null ? [] : [var.network]

    content {
      # Lambda manages the interfaces of its functions with their role, and offers no resource to name.
      sid = "AttachToNetwork"
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = var.asynchronous == null ? [] : [var.asynchronous.dead_letter_arn]

    content {
      sid       = "SendToDeadLetters"
      actions   = [strcontains(statement.value, ":sqs:") ? "sqs:SendMessage" : "sns:Publish"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "runtime" {
  name   = "runtime"
  role   = aws_iam_role.function.name
  policy = data.aws_iam_policy_document.runtime.json
}

resource "aws_iam_role_policy" "caller" {
  for_each = var.policy_documents

  name   = each.key
  role   = aws_iam_role.function.name
  policy = each.value
}

resource "aws_iam_role_policy_attachment" "caller" {
  for_each = var.policy_arns

  role       = aws_iam_role.function.name
  policy_arn = each.value
}
