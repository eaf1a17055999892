output "monitoring" {
  description = "Everything that others may use, by module. No secrets."
  value = {
    monitoring = {
      dashboard_name = module.monitoring.dashboard_name
      alarm_names    = module.monitoring.alarm_names
    }
  }
}
