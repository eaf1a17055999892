# Service principals that use a key, each limited to resources of this environment.
locals {
  region_and_account = "${var.context.region}:${var.context.account_id}"
  partition          = data.aws_partition.current.partition

  message_actions = ["kms:Decrypt", "kms:GenerateDataKey*"]
  topic_arns      = "arn:${local.partition}:sns:${local.region_and_account}:${var.context.name_prefix}-*"
  queue_arns      = "arn:${local.partition}:sqs:${local.region_and_account}:${var.context.name_prefix}-*"

  # Only log groups, topics, queues and buses are written by services under their own name.
  service_statements = { data = local.delivery_statements, models = [], logs = [
    {
      Sid       = "EncryptLogGroups"
      Effect    = "Allow"
      Principal = { Service = "logs.${var.context.region}.amazonaws.com" }
      Action    = local.use_actions
      Resource  = "*"
      Condition = {
        ArnLike = {
          # API Gateway names its execution log after the API's generated id.
          "kms:EncryptionContext:aws:logs:arn" = [
            for name in ["*${var.context.name_prefix}*", "API-Gateway-Execution-Logs_*"] :
            "arn:${local.partition}:logs:${local.region_and_account}:log-group:${name}"
          ]
        }
      }
    },
    {
      Sid       = "NotifyOfAlarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = local.message_actions
      Resource  = "*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.context.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region_and_account}:alarm:${var.context.name_prefix}-*" }
      }
    },
    {
      # EventBridge sends no source account or ARN when it publishes to an encrypted topic: conditions on those drop
      # every message without an error. The encryption context always names the topic.
      Sid       = "DeliverEventsToTopics"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = local.message_actions
      Resource  = "*"
      Condition = { ArnLike = { "kms:EncryptionContext:aws:sns:topicArn" = local.topic_arns } }
    },
    {
      # Undelivered events of EventBridge, and topics with a queue as subscriber.
      Sid       = "DeliverToQueues"
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "sns.amazonaws.com"] }
      Action    = local.message_actions
      Resource  = "*"
      Condition = { ArnLike = { "kms:EncryptionContext:aws:sqs:arn" = local.queue_arns } }
    },
    {
      Sid       = "EncryptBuses"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    },
  ] }

  delivery_statements = concat(local.invocation_log_statements, local.vector_statements)

  vector_statements = var.vectors ? [{
    Sid       = "IndexVectors"
    Effect    = "Allow"
    Principal = { Service = "indexing.s3vectors.amazonaws.com" }
    Action    = ["kms:Decrypt"]
    Resource  = "*"
    Condition = {
      StringEquals = { "aws:SourceAccount" = var.context.account_id }
      ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:s3vectors:${local.region_and_account}:bucket/${var.context.name_prefix}-*" }
    }
  }] : []

  invocation_log_statements = var.invocation_logs ? [{
    Sid       = "EncryptInvocationLogs"
    Effect    = "Allow"
    Principal = { Service = "bedrock.amazonaws.com" }
    Action    = ["kms:GenerateDataKey"]
    Resource  = "*"
    Condition = {
      StringEquals = { "aws:SourceAccount" = var.context.account_id }
      ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:bedrock:${local.region_and_account}:*" }
    }
  }] : []

  # Accounts that deploy models of this registry read artifacts through S3, and encrypted version metadata through
  # SageMaker.
  reader_statements = { data = [], logs = [], models = length(var.model_reader_account_ids) == 0 ? [] : [{
    Sid       = "ReadModelsFromOtherAccounts"
    Effect    = "Allow"
    Principal = { AWS = [for id in var.model_reader_account_ids : "arn:${local.partition}:iam::${id}:root"] }
    Action    = ["kms:Decrypt", "kms:DescribeKey"]
    Resource  = "*"
    Condition = { StringEquals = { "kms:ViaService" = [for service in ["s3", "sagemaker"] : "${service}.${var.context.region}.amazonaws.com"] } }
  }] }
}
