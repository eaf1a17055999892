# A deployment is a snapshot of the API: it is renewed when the code that describes the API or the inputs change.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  description = "Inference API of ${var.context.name_prefix}."

  triggers = {
    content = sha256(jsonencode([
      var.methods,
      var.openai,
      var.jobs,
      var.authorizer,
      var.auth,
      local.request_schema,
      local.openai_schemas,
      local.job_schemas,
      local.refusals,
      [for file in ["api.tf", "auth_routes.tf", "jobs.tf", "openai.tf", "request.tf", "responses.tf"] : filesha256("${path.module}/${file}")],
    ]))
  }

  # The snapshot must not be taken before all methods exist.
  depends_on = [
    aws_api_gateway_integration.function,
    aws_api_gateway_integration.openai,
    aws_api_gateway_integration.job,
    aws_api_gateway_gateway_response.refusal,
  ]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "this" {
  # checkov:skip=CKV_AWS_120: a cached answer would hide which model version gave it, and the cache costs by the hour
  # checkov:skip=CKV2_AWS_29: the web ACL is a separate module (waf), enabled per environment
  # checkov:skip=CKV2_AWS_77: the web ACL with the Log4j rules is a separate module (waf), enabled per environment
  # checkov:skip=CKV2_AWS_51: client certificates authenticate the gateway to HTTP backends; the backend here is Lambda, called by IAM
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.stage_name
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode(local.access_log_fields)
  }

  # The gateway rejects a stage with logs while the account has no role for them, and its first execution log would
  # create the log group without key and retention.
  depends_on = [aws_api_gateway_account.this, aws_cloudwatch_log_group.execution]
}

resource "aws_api_gateway_method_settings" "all" {
  # checkov:skip=CKV_AWS_225: a cached answer would hide which model version gave it, and the cache costs by the hour
  # checkov:skip=CKV_AWS_308: there is no cache to encrypt
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false # requests are customers' texts
    throttling_rate_limit  = var.throttle.rate_per_second
    throttling_burst_limit = var.throttle.burst
  }
}
