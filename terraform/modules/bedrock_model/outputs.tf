output "name" {
  description = "Name of the blueprint."
  value       = var.blueprint.name
}

output "inference_profile_arn" {
  description = "Application inference profile, or provisioned throughput; callers invoke it in place of the model."
  value       = local.target_arn
}

output "model_id" {
  description = "Foundation model or system inference profile behind the application inference profile."
  value       = var.model_id
}

output "route_parameter_name" {
  description = "SSM parameter that holds the route record."
  value       = aws_ssm_parameter.route.name
}

output "alarm_names" {
  description = "Alarms that watch the profile."
  value       = [for alarm in local.alarms : alarm.alarm_name]
}

output "invoke_policy_document" {
  description = "Policy document that allows invoking this model, and its guardrail if there is one."
  value       = data.aws_iam_policy_document.invoke.json
}

output "guardrail" {
  description = "Id and version of the guardrail; null without one."
  value       = var.guardrail == null ? null : { id = aws_bedrock_guardrail.this[0].guardrail_id, version = aws_bedrock_guardrail_version.this[0].version }
}
