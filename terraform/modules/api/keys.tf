# The usage plans of the keys. The keys themselves are made beside Terraform, by the orchestrator: the provider's
# aws_api_gateway_api_key and aws_api_gateway_usage_plan_key keep the value in the state, and it has no write-only way.
# What is published here is all that it takes to make a key, and none of its value.
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
  description = "What the API key ${each.key} may ask for."

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
