data "aws_partition" "current" {}

locals {
  queue_name  = "${var.context.name_prefix}-dead-letters"
  queue_arn   = "arn:${data.aws_partition.current.partition}:sqs:${var.context.region}:${var.context.account_id}:${local.queue_name}"
  rule_prefix = "arn:${data.aws_partition.current.partition}:events:${var.context.region}:${var.context.account_id}:rule/"
}

# The provider waits 25 s for a queue. The policy is part of it: as a resource of its own it would cost a
# second such wait.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.queue_name
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 1209600

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "KeepUndeliveredEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = {
          ArnLike = {
            # Rules on a bus of one's own are named rule/<bus>/<rule>; both forms start the same here.
            "aws:SourceArn" = "${local.rule_prefix}${var.context.name_prefix}-*"
          }
        }
      },
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
