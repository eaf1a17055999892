module "event_rules" {
  source = "../../../modules/event_rules"

  context     = var.context
  kms_key_arn = var.foundation.kms.logs_key_arn
  topic_arn   = var.foundation.events.topic_arn
  bus_name    = var.foundation.events.bus_name
}
