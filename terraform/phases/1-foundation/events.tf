module "events" {
  source = "../../modules/events"

  context     = var.context
  kms_key_arn = module.kms.key_arns.logs
  alarm_email = var.monitoring.alarm_email
}
