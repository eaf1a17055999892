locals {
  queue_name = "${var.context.name_prefix}-${var.blueprint_name}-requests"
  dead_name  = "${local.queue_name}-dead"
  arn        = "arn:${data.aws_partition.current.partition}"
  here       = "${var.context.region}:${var.context.account_id}"
  queue_arn  = "${local.arn}:sqs:${local.here}:${local.queue_name}"
  dead_arn   = "${local.arn}:sqs:${local.here}:${local.dead_name}"

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

# One message per request. The provider waits 25 s for a queue, and as long for a policy or a redrive policy of its own:
# all are attributes here.
resource "aws_sqs_queue" "requests" {
  name                      = local.queue_name
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 345600 # 4 days: longer than the worker tries

  # A worker that was killed gives nothing back: its message comes again after the longest that a worker may live.
  visibility_timeout_seconds = var.limits.timeout_seconds + 30

  # Beyond the worker's own tries: who dies every time never gets to count them.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = var.limits.max_attempts + 2 })
  policy         = local.deny_without_tls.requests
}

# Requests that no worker came to an end with. The worker reads them from here once more, to give each its failure
# object: what stays here could not even be given up, and needs somebody to look at it.
resource "aws_sqs_queue" "dead" {
  name                       = local.dead_name
  kms_master_key_id          = var.kms_key_arn
  message_retention_seconds  = 1209600 # 14 days, the most that SQS keeps
  visibility_timeout_seconds = var.limits.timeout_seconds + 30
  redrive_allow_policy       = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [local.queue_arn] })
  policy                     = local.deny_without_tls.dead
}
