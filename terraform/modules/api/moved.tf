# One key became one of several.
moved {
  from = aws_api_gateway_usage_plan.default
  to   = aws_api_gateway_usage_plan.this["default"]
}

# The first path segment of each authentication method: /iam and /cognito.
moved {
  from = aws_api_gateway_resource.door
  to   = aws_api_gateway_resource.auth
}

# API keys and the parameters that the authorizer reads left the state, which held the keys' values. They stay unchanged
# in AWS: callers keep their key, and the orchestrator adopts it.
removed {
  from = aws_api_gateway_api_key.default

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_api_key.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_usage_plan_key.default

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_usage_plan_key.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_ssm_parameter.key

  lifecycle {
    destroy = false
  }
}
