# Caller, request and outcome, never the content of a request. The blueprint is in the path; for the OpenAI API it is in
# the body, and the router logs it under the same request id. `blueprints` lists those that the caller may use.
locals {
  access_log_fields = {
    request_id         = "$context.requestId"
    time               = "$context.requestTimeEpoch"
    method             = "$context.httpMethod"
    path               = "$context.path"
    resource           = "$context.resourcePath"
    status             = "$context.status"
    api_key_id         = "$context.identity.apiKeyId"
    principal          = "$context.authorizer.principal"
    blueprints         = "$context.authorizer.blueprints"
    iam_arn            = "$context.identity.userArn"
    cognito_subject    = "$context.authorizer.claims.sub"
    source_ip          = "$context.identity.sourceIp"
    response_bytes     = "$context.responseLength"
    latency_ms         = "$context.responseLatency"
    integration_ms     = "$context.integrationLatency"
    integration_status = "$context.integrationStatus"
    error              = "$context.error.message"
    trace_id           = "$context.xrayTraceId"
  }
}

resource "aws_cloudwatch_log_group" "access" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; a year of access logs is not required everywhere
  name              = "/aws/apigateway/${local.name}/access"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arns.logs
}

# API Gateway chooses the name of this group.
resource "aws_cloudwatch_log_group" "execution" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; a year of execution logs is not required everywhere
  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.this.id}/${var.stage_name}"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arns.logs
}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "logs" {
  name                 = "${var.context.name_prefix}-api-logs"
  description          = "API Gateway writes the logs of the account's APIs with this role."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
}

# The setting below serves every API of the account and region: API Gateway refuses a role that may not
# write to any log group, so this is AWS's own policy for it.
resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.logs.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

# One setting per account and region: environments that share both overwrite it with an equivalent one. The provider
# leaves it in place on destroy (with a warning); the next deployment sets its own role.
resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.logs.arn

  depends_on = [aws_iam_role_policy_attachment.logs]
}
