# Archived events can be replayed to a rule that was wrong, or whose target was down for longer than the retries. AWS's
# events are archived only if they may concern this platform.

locals {
  archives = var.archive_days == 0 ? {} : {
    platform = {
      bus     = var.bus_name
      pattern = null
    }
    services = {
      bus     = "default"
      pattern = jsonencode({ source = ["aws.sagemaker", "aws.glue", "aws.states", "aws.bedrock"] })
    }
  }
}

resource "aws_cloudwatch_event_archive" "this" {
  for_each = local.archives

  name             = "${var.context.name_prefix}-${each.key}"
  description      = "Events of the last ${var.archive_days} days, for replay"
  event_source_arn = "${local.arn_prefix}:events:${local.in_account}:event-bus/${each.value.bus}"
  event_pattern    = each.value.pattern
  retention_days   = var.archive_days
}
