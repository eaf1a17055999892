# The key's value is read with GetApiKey by those who may; it is no output, and nothing else holds it but the state.
resource "aws_api_gateway_api_key" "default" {
  name        = "${local.name}-default"
  description = "First caller of the inference API."
}

resource "aws_api_gateway_usage_plan" "default" {
  name        = "${local.name}-default"
  description = "What one API key may ask for."

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  throttle_settings {
    rate_limit  = var.throttle.rate_per_second
    burst_limit = var.throttle.burst
  }

  quota_settings {
    limit  = var.quota_per_day
    period = "DAY"
  }
}

resource "aws_api_gateway_usage_plan_key" "default" {
  key_id        = aws_api_gateway_api_key.default.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.default.id
}
