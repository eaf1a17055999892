locals {
  name               = "${var.context.name_prefix}-${var.blueprint_name}"
  arn                = "arn:${data.aws_partition.current.partition}"
  region_and_account = "${var.context.region}:${var.context.account_id}"

  outcomes = {
    success = "${local.name}-completed"
    error   = "${local.name}-failed"
  }

  topic_arns = { for outcome, name in local.outcomes : outcome => "${local.arn}:sns:${local.region_and_account}:${name}" }
}

data "aws_partition" "current" {}

# Every finished request is published: to one topic with a result, to the other without.
resource "aws_sns_topic" "outcome" {
  for_each = local.outcomes

  name              = each.value
  kms_master_key_id = var.kms_key_arns.messages
}

# Publishers have permission in their own role; the topic only rejects connections without TLS.
resource "aws_sns_topic_policy" "outcome" {
  for_each = aws_sns_topic.outcome

  arn = local.topic_arns[each.key]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.topic_arns[each.key]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# The owner of each address has to confirm it once.
resource "aws_sns_topic_subscription" "email" {
  for_each = { for pair in setproduct(keys(local.outcomes), var.callback.emails) : join(" ", pair) => pair }

  topic_arn = local.topic_arns[each.value[0]]
  protocol  = "email"
  endpoint  = each.value[1]

  depends_on = [aws_sns_topic.outcome]
}
