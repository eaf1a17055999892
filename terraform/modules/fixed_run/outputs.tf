output "state_machine_arn" {
  description = "The machine; `states:StartExecution` on it is the right to run what it runs."
  value       = aws_sfn_state_machine.this.arn
}

output "state_machine_name" {
  description = "Its name."
  value       = aws_sfn_state_machine.this.name
}
