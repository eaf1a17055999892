output "rest_api_id" {
  description = "Id of the REST API."
  value       = aws_api_gateway_rest_api.this.id
}

output "name" {
  description = "Name of the REST API, under which its metrics are filed."
  value       = aws_api_gateway_rest_api.this.name
}

output "stage_name" {
  description = "Name of the stage."
  value       = aws_api_gateway_stage.this.stage_name
}

output "stage_arn" {
  description = "The stage, for a web ACL before it."
  value       = aws_api_gateway_stage.this.arn
}

output "api_key_id" {
  description = "Id of the default API key. Its value is read with GetApiKey (includeValue)."
  value       = aws_api_gateway_api_key.this["default"].id
}

output "api_key_ids" {
  description = "Ids of all API keys by name."
  value       = { for name, key in aws_api_gateway_api_key.this : name => key.id }
}

output "iam_door_policy_document" {
  description = "Right to call the API under /iam/, for roles that are to have it; null without that door."
  value       = var.auth.iam ? data.aws_iam_policy_document.iam_door.json : null
}

output "url" {
  description = "Where requests go: <url>/<method>/<blueprint>, and <url>/v1 for OpenAI's clients."
  value       = aws_api_gateway_stage.this.invoke_url
}
