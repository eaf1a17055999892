output "releases" {
  description = "The machine through which running endpoints change: nobody builds on it."
  value = {
    release = {
      state_machine_arn = module.release.state_machine_arn
      alarm_names       = module.release.alarm_names
    }
  }
}
