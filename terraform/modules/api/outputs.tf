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

output "api_key_id" {
  description = "Id of the default API key. Its value is read with GetApiKey (includeValue)."
  value       = aws_api_gateway_api_key.default.id
}

output "url" {
  description = "Where requests go: <url>/<method>/<blueprint>."
  value       = aws_api_gateway_stage.this.invoke_url
}
