# AWS's own events of the whole account arrive on the default bus, so each pattern selects those of this environment.
data "aws_partition" "current" {}

locals {
  arn_prefix  = "arn:${data.aws_partition.current.partition}"
  in_account  = "${var.context.region}:${var.context.account_id}"
  name_filter = [{ prefix = "${var.context.name_prefix}-" }]

  rules = {
    batch-input = {
      description = "An object arrived in the folder of a batch blueprint"
      pattern = {
        source      = ["aws.s3"]
        detail-type = ["Object Created"]
        detail = {
          bucket = { name = [var.bucket_name] }
          # The function ignores objects that it wrote itself (inference/batch/input/_parts/).
          object = { key = [{ prefix = "inference/batch/input/" }] }
        }
      }
    }
    batch-transform-ended = {
      description = "A batch transform job came to an end"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Transform Job State Change"]
        detail      = { TransformJobName = local.name_filter, TransformJobStatus = ["Completed", "Failed", "Stopped"] }
      }
    }
    batch-invocation-ended = {
      description = "A Bedrock batch inference job came to an end"
      pattern = {
        source      = ["aws.bedrock"]
        detail-type = ["Batch Inference Job State Change"]
        detail      = { batchJobName = local.name_filter, status = ["Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"] }
      }
    }
  }

  # The environment's dead-letter queue, whose policy admits rules with this prefix. It belongs to a stack that no other
  # stack depends on, so it is referred to by name.
  dead_letter_arn = "${local.arn_prefix}:sqs:${local.in_account}:${var.context.name_prefix}-dead-letters"
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${var.context.name_prefix}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "submitter" {
  for_each = aws_cloudwatch_event_rule.this

  rule      = each.value.name
  target_id = "batch-submitter"
  arn       = var.submitter.arn

  dead_letter_config {
    arn = local.dead_letter_arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 10
  }
}

resource "aws_lambda_permission" "rules" {
  for_each = aws_cloudwatch_event_rule.this

  statement_id   = "rule-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = var.submitter.name
  principal      = "events.amazonaws.com"
  source_arn     = each.value.arn
  source_account = var.context.account_id
}
