data "aws_partition" "current" {}

locals {
  # By name and not by ARN: the state machine belongs to a later phase, which does not exist yet when this stack is
  # created. Until then an approval goes to the dead-letter queue and raises the alarm.
  redeploy = var.events.redeploy_state_machine == null ? null : {
    state_machine_arn = join(":", [
      "arn", data.aws_partition.current.partition, "states", var.context.region, var.context.account_id,
      "stateMachine", "${var.context.name_prefix}-${var.events.redeploy_state_machine}",
    ])
    boundary_arn = var.foundation.iam.boundary_arn
  }
}

module "event_rules" {
  source = "../../../modules/event_rules"

  context      = var.context
  kms_key_arn  = var.foundation.kms.logs_key_arn
  topic_arn    = var.foundation.events.topic_arn
  bus_name     = var.foundation.events.bus_name
  completions  = var.events.completions
  archive_days = var.events.archive_days
  redeploy     = local.redeploy

  delivery = {
    retry_minutes    = var.events.retry_minutes
    retry_attempts   = var.events.retry_attempts
    dead_letter_days = var.events.dead_letter_days
  }
}
