locals {
  # X-Ray and log delivery have no resource types.
  trace_and_log = {
    Sid = "TraceAndLog"
    Action = [
      "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
      "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
      "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ]
    Resource = ["*"]
  }
}

resource "aws_iam_role" "this" {
  name                 = "${local.name}-run"
  description          = var.description
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.context.account_id }
        ArnLike      = { "aws:SourceArn" = local.machine_arn }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  # checkov:skip=CKV_AWS_290: X-Ray and log delivery have no resource types
  # checkov:skip=CKV_AWS_355: X-Ray and log delivery have no resource types
  name   = "run"
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [for each in concat(jsondecode(var.statements), [local.trace_and_log]) : merge({ Effect = "Allow" }, each)] })
}
