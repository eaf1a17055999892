output "state_machine_arn" {
  description = "The state machine; `states:StartExecution` on it allows running its definition."
  value       = aws_sfn_state_machine.this.arn
}

output "state_machine_name" {
  description = "Its name."
  value       = aws_sfn_state_machine.this.name
}
