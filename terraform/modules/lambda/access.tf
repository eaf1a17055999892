data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.context.account_id]
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
    # Lambda decrypts the function's variables with its role, with the function as encryption context. Other data under
    # the key is decrypted through its own service, by a statement of the module that grants it.
    sid       = "ReadOwnEnvironment"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arns.environment]

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:lambda:FunctionArn"
      values   = ["arn:${data.aws_partition.current.partition}:lambda:${var.context.region}:${var.context.account_id}:function:${local.function_name}"]
    }
  }

  statement {
    # X-Ray has no resource types.
    sid       = "Trace"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"]
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

# Lambda checks the network permissions when it creates the function; the function's code does not need them.
data "aws_iam_policy_document" "network" {
  count = var.network == null ? 0 : 1

  source_policy_documents = [var.network.policy_document]

  statement {
    sid       = "DenyFunctionCode"
    effect    = "Deny"
    actions   = ["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "lambda:SourceFunctionArn"
      values   = ["arn:${data.aws_partition.current.partition}:lambda:${var.context.region}:${var.context.account_id}:function:${local.function_name}"]
    }
  }
}

resource "aws_iam_role_policy" "network" {
  count = var.network == null ? 0 : 1

  name   = "network"
  role   = aws_iam_role.function.name
  policy = data.aws_iam_policy_document.network[0].json
}

# One inline policy for each document that another module grants.
resource "aws_iam_role_policy" "attached" {
  for_each = var.policy_documents

  name   = each.key
  role   = aws_iam_role.function.name
  policy = each.value
}
