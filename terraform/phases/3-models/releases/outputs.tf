output "releases" {
  description = "The state machine that releases running endpoints; no other stack uses this."
  value = {
    release = {
      state_machine_arn = module.release.state_machine_arn
      alarm_names       = module.release.alarm_names
    }
  }
}
