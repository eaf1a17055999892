locals {
  # The owner of an existing network logs its traffic.
  flow_log_count = var.network.flow_logs ? local.own : 0
  flow_log_group = "/aws/vpc/${var.context.name_prefix}/flow-logs"
  flow_log_arn   = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:${local.flow_log_group}"
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  #checkov:skip=CKV_AWS_338:How long logs stay is the environment's own decision (monitoring.log_retention_days)
  count = local.flow_log_count

  name              = local.flow_log_group
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "flow_logs" {
  count = local.flow_log_count

  name                 = "${var.context.name_prefix}-flow-logs"
  description          = "Delivers VPC flow logs to CloudWatch"
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "flow_logs" {
  count = local.flow_log_count

  name = "deliver"
  role = aws_iam_role.flow_logs[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [local.flow_log_arn, "${local.flow_log_arn}:*"]
      },
      {
        # The delivery finds its group by listing all groups.
        Effect   = "Allow"
        Action   = ["logs:DescribeLogGroups"]
        Resource = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:*"
      },
    ]
  })
}

resource "aws_flow_log" "this" {
  count = local.flow_log_count

  vpc_id                   = aws_vpc.this[0].id # not the local: the policy gate checks this line
  traffic_type             = var.network.flow_log_traffic
  max_aggregation_interval = var.network.flow_log_interval_seconds
  log_destination          = aws_cloudwatch_log_group.flow_logs[0].arn
  iam_role_arn             = aws_iam_role.flow_logs[0].arn

  tags = { Name = var.context.name_prefix }
}
