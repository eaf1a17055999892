# An approved model version starts the release: a second target of the rule that publishes the approval.

locals {
  redeploys     = var.redeploy != null
  redeploy_name = "${var.context.name_prefix}-redeploy"
}

resource "aws_cloudwatch_event_target" "redeploy" {
  count = local.redeploys ? 1 : 0

  rule           = aws_cloudwatch_event_rule.this["model-approved"].name
  event_bus_name = "default"
  target_id      = "redeploy"
  arn            = var.redeploy.state_machine_arn
  role_arn       = aws_iam_role.redeploy[0].arn

  input_transformer {
    input_paths = {
      id      = "$.id"
      group   = "$.detail.ModelPackageGroupName"
      package = "$.detail.ModelPackageArn"
    }
    input_template = <<-JSON
      {
        "reason": "model-approved",
        "event_id": "<id>",
        "model_package_group_name": "<group>",
        "model_package_arn": "<package>"
      }
    JSON
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = var.delivery.retry_minutes * 60
    maximum_retry_attempts       = var.delivery.retry_attempts
  }
}

resource "aws_iam_role" "redeploy" {
  count = local.redeploys ? 1 : 0

  name                 = local.redeploy_name
  description          = "EventBridge starts the release of approved models"
  permissions_boundary = var.redeploy.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.context.account_id }
        # Written out, so that a plan shows which principal may assume the role before the rule exists.
        ArnEquals = { "aws:SourceArn" = "${local.rule_prefix}${var.context.name_prefix}-model-approved" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "redeploy" {
  count = local.redeploys ? 1 : 0

  name = "start-the-release"
  role = aws_iam_role.redeploy[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["states:StartExecution"]
      Resource = [var.redeploy.state_machine_arn]
    }]
  })
}
