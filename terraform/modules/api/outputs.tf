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

output "keys" {
  description = "Everything needed to create the API keys, by name: name in API Gateway, blueprints, usage plan, the parameter for the key's hash and the KMS key of that parameter."
  value = {
    for name, key in local.keys : name => {
      key_name       = "${local.name}-${name}"
      blueprints     = sort(key.blueprints)
      usage_plan_id  = aws_api_gateway_usage_plan.this[name].id
      parameter_name = "${var.keys_prefix}/${name}"
      kms_key_arn    = var.kms_key_arns.keys
    }
  }
}

output "iam_policy_document" {
  description = "Policy document that allows calling the API under /iam/; null without IAM authentication."
  value       = var.auth.iam ? data.aws_iam_policy_document.iam_auth.json : null
}

output "url" {
  description = "Where requests go: <url>/<method>/<blueprint>, and <url>/v1 for OpenAI's clients."
  value       = aws_api_gateway_stage.this.invoke_url
}
