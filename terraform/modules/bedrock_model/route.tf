# How the model router finds this deployment.
resource "aws_ssm_parameter" "route" {
  # checkov:skip=CKV2_AWS_34: the record names an inference profile and holds no secret; the router reads it without a key
  # checkov:skip=CKV_AWS_337: the record names an inference profile and holds no secret; the router reads it without a key
  name        = "${var.routes_prefix}/${var.blueprint.name}"
  description = "Route of the ${var.blueprint.name} blueprint, read by the model router."
  type        = "String"

  value = jsonencode(merge({
    blueprint = var.blueprint.name
    kind      = var.blueprint.kind
    source    = "bedrock"
    targets = [{
      name          = "primary"
      model_id      = local.target_arn
      base_model_id = var.model_id # the profile's ARN does not tell how the model is spoken to
      weight        = 1
    }]
    # Values arrive as text; numbers are numbers again in the record.
    parameters = { for name, value in var.blueprint.parameters : name => try(tonumber(value), value) }
    }, length(aws_bedrock_guardrail_version.this) == 0 ? {} : {
    guardrail = { id = aws_bedrock_guardrail.this[0].guardrail_id, version = aws_bedrock_guardrail_version.this[0].version }
  }))

  # A route that the router may not follow yet would answer with a permission error.
  depends_on = [aws_iam_role_policy.router]
}
