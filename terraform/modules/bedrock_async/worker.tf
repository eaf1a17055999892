# One message per batch: all messages of a batch wait for the slowest one, and models take seconds.
resource "aws_lambda_event_source_mapping" "requests" {
  event_source_arn        = aws_sqs_queue.requests.arn
  function_name           = var.worker.arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.limits.max_concurrency
  }

  # Lambda checks whether the role may read the queue.
  depends_on = [aws_iam_role_policy.worker]
}

resource "aws_lambda_event_source_mapping" "dead" {
  event_source_arn        = aws_sqs_queue.dead.arn
  function_name           = var.worker.arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2 # the least that Lambda takes
  }

  depends_on = [aws_iam_role_policy.worker]
}

data "aws_iam_policy_document" "worker" {
  statement {
    sid       = "ReceiveRequests"
    actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [local.queue_arn, local.dead_arn]
  }

  statement {
    sid       = "PublishToTopics"
    actions   = ["sns:Publish"]
    resources = [var.topic_arns.success, var.topic_arns.error]
  }

  statement {
    sid       = "EncryptMessages"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sns.${var.context.region}.amazonaws.com", "sqs.${var.context.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "ReadOwnRoute"
    actions   = ["ssm:GetParameter"]
    resources = ["${local.arn}:ssm:${local.region_and_account}:parameter${var.routes_prefix}/${var.blueprint_name}"]
  }
}

resource "aws_iam_role_policy" "worker" {
  name   = "requests"
  role   = var.worker.role_name
  policy = data.aws_iam_policy_document.worker.json
}
