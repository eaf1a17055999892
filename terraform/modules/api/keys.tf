# The keys' values are AWS's making. They are read with GetApiKey by those who may; they are no output, and nothing
# else holds them but the state.
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

resource "aws_api_gateway_api_key" "this" {
  for_each = local.keys

  name        = "${local.name}-${each.key}"
  description = "Caller ${each.key} of the inference API."
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

resource "aws_api_gateway_usage_plan_key" "this" {
  for_each = local.keys

  key_id        = aws_api_gateway_api_key.this[each.key].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this[each.key].id
}

# What the authorizer knows a key by: the hash of its value, which lets nobody in, and the blueprints it is good for.
resource "aws_ssm_parameter" "key" {
  for_each = local.keys

  name        = "${var.keys_prefix}/${each.key}"
  description = "Hash of the API key ${local.name}-${each.key}, and its blueprints."
  type        = "SecureString"
  key_id      = var.keys_key_arn

  # SSM refuses two opening braces together, and a text may have them: JSON can write one in another way.
  value = replace(jsonencode({
    sha256     = sha256(aws_api_gateway_api_key.this[each.key].value)
    blueprints = sort(each.value.blueprints)
  }), "{{", "{\\u007b")
}
