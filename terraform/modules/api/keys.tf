# Usage plans of the API keys. The orchestrator creates the keys themselves outside Terraform: the provider's
# aws_api_gateway_api_key and aws_api_gateway_usage_plan_key store the value in the state and have no write-only
# argument. The output has everything needed to create a key except its value.
locals {
  keys = merge(
    { default = { blueprints = ["*"], throttle = var.throttle, quota_per_day = var.quota_per_day } },
    {
      for name, key in var.callers : name => {
        blueprints    = key.blueprints
        throttle      = key.throttle == null ? var.throttle : key.throttle
        quota_per_day = key.quota_per_day == null ? var.quota_per_day : key.quota_per_day
      }
    },
  )
}

resource "aws_api_gateway_usage_plan" "this" {
  for_each = local.keys

  name        = "${local.name}-${each.key}"
  description = "Limits of the API key ${each.key}."

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  throttle_settings {
    rate_limit  = each.value.throttle.rate_per_second
    burst_limit = each.value.throttle.burst
  }

  quota_settings {
    limit  = each.value.quota_per_day
    period = "DAY"
  }
}
