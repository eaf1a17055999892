# AWS's own events of the whole account arrive on the default bus, so each pattern selects those of this environment.
# The platform's own events arrive on its bus.

locals {
  name_filter = [{ prefix = "${var.context.name_prefix}-" }]
  arn_prefix  = "arn:${data.aws_partition.current.partition}"
  in_account  = "${var.context.region}:${var.context.account_id}"

  model_rules = {
    model-approved = {
      description = "A model version was approved"
      bus         = "default"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Model Package State Change"]
        detail      = { ModelPackageGroupName = local.name_filter, ModelApprovalStatus = ["Approved"] }
      }
    }
  }

  drift_rules = {
    data-drift = {
      description = "The platform found that live data differs from the training data"
      bus         = var.bus_name
      pattern = {
        source      = ["mlops.monitoring"]
        detail-type = ["Data Drift Detected"]
      }
    }
    monitor-violations = {
      description = "A Model Monitor run found violations of its baseline"
      bus         = "default"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Processing Job State Change"]
        detail = {
          ProcessingJobStatus = ["Completed"]
          ExitMessage         = [{ prefix = "CompletedWithViolations" }]
          # SageMaker names the jobs of a monitoring schedule itself; their role is ours.
          RoleArn = [{ prefix = "${local.arn_prefix}:iam::${var.context.account_id}:role/${var.context.name_prefix}-" }]
        }
      }
    }
  }

  rules = merge(local.model_rules, local.drift_rules, local.completion_rules)
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name           = "${var.context.name_prefix}-${each.key}"
  description    = each.value.description
  event_bus_name = each.value.bus
  event_pattern  = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "notify" {
  for_each = local.rules

  rule           = aws_cloudwatch_event_rule.this[each.key].name
  event_bus_name = each.value.bus
  target_id      = "notify"
  arn            = var.topic_arn

  # Only paths that every event has may be outside quotes: AWS omits a missing path, and the rest would not be valid
  # JSON.
  input_transformer {
    input_paths = {
      id     = "$.id"
      time   = "$.time"
      type   = "$.detail-type"
      detail = "$.detail"
    }
    input_template = <<-JSON
      {
        "summary": "${each.value.description}",
        "rule": "${each.key}",
        "environment": "${var.context.name_prefix}",
        "event_id": "<id>",
        "time": "<time>",
        "type": "<type>",
        "detail": <detail>
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
