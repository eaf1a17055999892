locals {
  # Limits that are not set are left out: the functions have defaults.
  limits = { for name, figure in var.blueprint.limits : name => figure if figure != null }

  # The container's format is left out if it is the platform's own.
  format = var.blueprint.format == "inputs" ? {} : { format = var.blueprint.format }
}

# How the job API finds this deployment.
resource "aws_ssm_parameter" "route" {
  # checkov:skip=CKV2_AWS_34: the record names an endpoint and holds no secret; the job API reads it without a key
  # checkov:skip=CKV_AWS_337: the record names an endpoint and holds no secret; the job API reads it without a key
  name        = "${var.routes_prefix}/${var.blueprint.name}"
  description = "Route of the ${var.blueprint.name} blueprint, read by the job API."
  type        = "String"

  # SSM rejects `{{` in values, and a text may contain it, so the second brace is written as a JSON escape.
  value = replace(jsonencode(merge({
    blueprint  = var.blueprint.name
    kind       = "async"
    source     = "sagemaker"
    targets    = [merge({ name = "primary", endpoint_name = aws_sagemaker_endpoint.this.name }, local.format)]
    parameters = var.blueprint.parameters
    job = {
      ttl_seconds                = var.blueprint.ttl_seconds
      invocation_timeout_seconds = var.blueprint.invocation_timeout_seconds
      max_input_mb               = var.blueprint.max_input_mb
    }
  }, length(local.limits) == 0 ? {} : { limits = local.limits })), "{{", "{\\u007b")
}
