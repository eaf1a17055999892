output "state_machine_arn" {
  description = "The training pipeline."
  value       = aws_sfn_state_machine.training.arn
}

output "default_input" {
  description = "Input of a run, except `run_id` (a-z, 0-9, '-'; at most 24 characters), which the caller adds."
  value = {
    dataset         = var.dataset
    hyperparameters = var.training.hyperparameters
  }
}

output "steps" {
  description = "The steps in order, nine and with a feature group `features`, each with the states that belong to it: [{name, states}]."
  value       = local.steps
}

output "approval_state" {
  description = "State in which an execution waits for manual approval; null if the gate approves versions."
  value       = local.waits ? "AwaitApproval" : null
}

output "metric_namespace" {
  description = "CloudWatch namespace of the metrics of live versions (dimension ModelPackageGroup)."
  value       = local.metric_namespace
}
