locals {
  queue_name         = "${var.context.name_prefix}-${var.blueprint_name}-requests"
  dead_name          = "${local.queue_name}-dead"
  arn                = "arn:${data.aws_partition.current.partition}"
  region_and_account = "${var.context.region}:${var.context.account_id}"
  queue_arn          = "${local.arn}:sqs:${local.region_and_account}:${local.queue_name}"
  dead_arn           = "${local.arn}:sqs:${local.region_and_account}:${local.dead_name}"

  deny_without_tls = {
    for name, queue_arn in { requests = local.queue_arn, dead = local.dead_arn } : name => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }]
    })
  }
}

data "aws_partition" "current" {}

# One message per request. The provider waits 25 s for a queue, and as long for each separate policy or redrive policy,
# so these are set here.
resource "aws_sqs_queue" "requests" {
  name                      = local.queue_name
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 345600 # 4 days: longer than the worker's retries

  # A killed worker returns no message: SQS delivers it again after the longest running time of a worker.
  visibility_timeout_seconds = var.limits.timeout_seconds + 30

  # More than the worker's own attempts: a worker that is killed every time never counts them.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = var.limits.max_attempts + 2 })
  policy         = local.deny_without_tls.requests
}

# Requests that no worker could finish. The worker reads them once more to write a failure object for each; messages
# that stay could not even be recorded as failures and need attention.
resource "aws_sqs_queue" "dead" {
  name                       = local.dead_name
  kms_master_key_id          = var.kms_key_arn
  message_retention_seconds  = 1209600 # 14 days, the most that SQS keeps
  visibility_timeout_seconds = var.limits.timeout_seconds + 30
  redrive_allow_policy       = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [local.queue_arn] })
  policy                     = local.deny_without_tls.dead
}
