data "aws_partition" "current" {}

locals {
  full_name       = "${var.context.name_prefix}-${var.blueprint.name}"
  dead_letter_arn = "arn:${data.aws_partition.current.partition}:sqs:${var.context.region}:${var.context.account_id}:${var.context.name_prefix}-dead-letters"
}

# Every object in the input folder that is not yet a request becomes one, including missed arrivals.
resource "aws_cloudwatch_event_rule" "schedule" {
  count = var.blueprint.schedule == null ? 0 : 1

  name                = "${local.full_name}-schedule"
  description         = "Starts what waits in inference/batch/input/${var.blueprint.name}/"
  schedule_expression = var.blueprint.schedule
}

resource "aws_cloudwatch_event_target" "schedule" {
  count = var.blueprint.schedule == null ? 0 : 1

  rule      = aws_cloudwatch_event_rule.schedule[0].name
  target_id = "batch-submitter"
  arn       = var.submitter.arn
  input     = jsonencode({ action = "sweep", blueprint = var.blueprint.name })

  # The environment's dead-letter queue, whose policy admits rules with this prefix; the next run picks up what this one
  # missed.
  dead_letter_config {
    arn = local.dead_letter_arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 3
  }
}

resource "aws_lambda_permission" "schedule" {
  count = var.blueprint.schedule == null ? 0 : 1

  statement_id   = "schedule-${var.blueprint.name}"
  action         = "lambda:InvokeFunction"
  function_name  = var.submitter.name
  principal      = "events.amazonaws.com"
  source_arn     = aws_cloudwatch_event_rule.schedule[0].arn
  source_account = var.context.account_id
}
