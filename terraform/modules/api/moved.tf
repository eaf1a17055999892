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

# Keys and what the authorizer knows of them left the state, with the keys' values in it. They stay as they are in AWS:
# callers keep the key that they have, and the orchestrator adopts it.
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
