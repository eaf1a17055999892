locals {
  name_filter = [{ prefix = "${var.context.name_prefix}-" }]
  failed      = ["Failed", "Stopped"]

  rules = {
    model-approved = {
      description = "A model version was approved"
      bus         = "default"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Model Package State Change"]
        detail      = { ModelPackageGroupName = local.name_filter, ModelApprovalStatus = ["Approved"] }
      }
    }
    training-failed = {
      description = "A training job failed or was stopped"
      bus         = "default"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Training Job State Change"]
        detail      = { TrainingJobName = local.name_filter, TrainingJobStatus = local.failed }
      }
    }
    etl-failed = {
      description = "A Glue job failed or timed out"
      bus         = "default"
      pattern = {
        source      = ["aws.glue"]
        detail-type = ["Glue Job State Change"]
        detail      = { jobName = local.name_filter, state = ["FAILED", "TIMEOUT", "STOPPED"] }
      }
    }
    pipeline-failed = {
      description = "A pipeline execution failed"
      bus         = "default"
      pattern = {
        source      = ["aws.states"]
        detail-type = ["Step Functions Execution Status Change"]
        detail = {
          stateMachineArn = [{ prefix = "arn:${data.aws_partition.current.partition}:states:${var.context.region}:${var.context.account_id}:stateMachine:${var.context.name_prefix}-" }]
          status          = ["FAILED", "TIMED_OUT", "ABORTED"]
        }
      }
    }
    data-drift = {
      description = "A monitor found that live data differs from the training data"
      bus         = var.bus_name
      pattern = {
        source      = ["mlops.monitoring"]
        detail-type = ["Data Drift Detected"]
      }
    }
  }
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

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 10
  }
}
