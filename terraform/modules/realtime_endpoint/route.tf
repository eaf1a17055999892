# How the model router finds this deployment. Releases change what the endpoint runs, never its name.
resource "aws_ssm_parameter" "route" {
  # checkov:skip=CKV2_AWS_34: the record names an endpoint and holds no secret; the router reads it without a key
  # checkov:skip=CKV_AWS_337: the record names an endpoint and holds no secret; the router reads it without a key
  name        = "${var.routes_prefix}/${var.blueprint.name}"
  description = "Route of the ${var.blueprint.name} blueprint, read by the model router."
  type        = "String"

  value = jsonencode({
    blueprint = var.blueprint.name
    kind      = "realtime"
    source    = "sagemaker"
    targets = [merge(
      { name = "primary", endpoint_name = aws_sagemaker_endpoint.this.name, weight = 1 },
      var.blueprint.multi_model == null ? {} : { target_model = try(var.blueprint.multi_model.default, "") },
      try(var.blueprint.containers.mode, "") == "direct" ? { target_container = try(var.blueprint.containers.target, "") } : {},
    )]
    # Values arrive as text; numbers are numbers again in the record.
    parameters = { for name, value in var.blueprint.parameters : name => try(tonumber(value), value) }
  })
}
