output "id" {
  description = "Id of the agent."
  value       = aws_bedrockagent_agent.this.agent_id
}

output "alias_id" {
  description = "Id of the alias that callers invoke."
  value       = aws_bedrockagent_agent_alias.this.agent_alias_id
}

output "invoke_policy_document" {
  description = "Policy document with the right to invoke this alias."
  value       = data.aws_iam_policy_document.invoke.json
}
