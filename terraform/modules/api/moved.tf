# One key became one of several. Callers keep the value they have.
moved {
  from = aws_api_gateway_api_key.default
  to   = aws_api_gateway_api_key.this["default"]
}

moved {
  from = aws_api_gateway_usage_plan.default
  to   = aws_api_gateway_usage_plan.this["default"]
}

moved {
  from = aws_api_gateway_usage_plan_key.default
  to   = aws_api_gateway_usage_plan_key.this["default"]
}
