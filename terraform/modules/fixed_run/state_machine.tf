# Callers of this state machine run its definition and nothing else: script, arguments, role and image do not come from
# the caller, as they do for `glue:StartJobRun` and `sagemaker:CreateProcessingJob`.
data "aws_partition" "current" {}

locals {
  partition   = data.aws_partition.current.partition
  name        = "${var.context.name_prefix}-${var.name}"
  machine_arn = "arn:${local.partition}:states:${var.context.region}:${var.context.account_id}:stateMachine:${local.name}"
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; a year of execution logs is not required everywhere
  # The vendedlogs prefix keeps the account's one resource policy for log delivery below its size limit.
  name              = "/aws/vendedlogs/states/${local.name}"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_sfn_state_machine" "this" {
  name       = local.name
  role_arn   = aws_iam_role.this.arn
  type       = "STANDARD"
  definition = jsonencode(merge({ Comment = var.description }, jsondecode(var.definition)))

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true # names and arguments; no row of data passes through
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks at creation that the role may write to the log group.
  depends_on = [aws_iam_role_policy.this]
}
