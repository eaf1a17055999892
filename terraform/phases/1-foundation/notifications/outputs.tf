output "notifications" {
  description = "Event rules that report to the topic; no other stack uses this."
  value = {
    event_rules = {
      dead_letter_queue_arn = module.event_rules.dead_letter_arn
      rule_arns             = module.event_rules.rule_arns
      alarm_names           = module.event_rules.alarm_names
      archive_names         = module.event_rules.archive_names
    }
  }
}
