# Key policies name no role: a role's ARN here would make keys depend on roles, which depend on keys.
# They hand the decision to IAM instead and narrow it by where a request comes from.
# Inside a key policy the resource "*" means "this key" and nothing else.

data "aws_partition" "current" {}

locals {
  account_root = "arn:${data.aws_partition.current.partition}:iam::${var.context.account_id}:root"

  use_actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

  keys = {
    data = {
      description  = "data bucket, Glue and Athena"
      via_services = ["s3", "glue", "athena"]
    }
    models = {
      description  = "model artifacts, images and volumes of training and endpoints"
      via_services = ["s3", "sagemaker", "ecr", "ec2"]
    }
    logs = {
      description  = "log groups, notifications and queues"
      via_services = ["logs", "sns", "sqs"]
    }
  }

  common_statements = {
    for key, spec in local.keys : key => [
      {
        Sid       = "AdministerFromThisAccount"
        Effect    = "Allow"
        Principal = { AWS = local.account_root }
        Action = [
          "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
          "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
          "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants", "kms:ListKeyPolicies",
          "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant",
          "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
          "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      },
      {
        Sid       = "UseThroughServices"
        Effect    = "Allow"
        Principal = { AWS = local.account_root }
        Action    = local.use_actions
        Resource  = "*"
        Condition = {
          StringEquals = {
            "kms:CallerAccount" = var.context.account_id
            "kms:ViaService"    = [for service in spec.via_services : "${service}.${var.context.region}.amazonaws.com"]
          }
        }
      },
      {
        # Roles carry these tags because every resource of the platform does.
        Sid       = "UseByRolesOfThisEnvironment"
        Effect    = "Allow"
        Principal = { AWS = local.account_root }
        Action    = local.use_actions
        Resource  = "*"
        Condition = {
          StringEquals = {
            "kms:CallerAccount"            = var.context.account_id
            "aws:PrincipalTag/project"     = var.context.project
            "aws:PrincipalTag/environment" = var.context.environment
          }
        }
      },
      {
        # SageMaker, ECR and EBS work with grants that the caller makes for them.
        Sid       = "GrantToServices"
        Effect    = "Allow"
        Principal = { AWS = local.account_root }
        Action    = ["kms:CreateGrant"]
        Resource  = "*"
        Condition = {
          Bool         = { "kms:GrantIsForAWSResource" = "true" }
          StringEquals = { "kms:CallerAccount" = var.context.account_id }
        }
      },
    ]
  }

  # Only log groups, topics and queues are written by services under their own name.
  service_statements = { data = [], models = [], logs = [
    {
      Sid       = "EncryptLogGroups"
      Effect    = "Allow"
      Principal = { Service = "logs.${var.context.region}.amazonaws.com" }
      Action    = local.use_actions
      Resource  = "*"
      Condition = {
        ArnLike = {
          "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:*"
        }
      }
    },
    {
      Sid       = "PublishNotifications"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "sns.amazonaws.com"] }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    },
    {
      # Without a condition: EventBridge sends no source account or ARN when it writes to an encrypted topic, so
      # AWS evaluates none of them as true, and every message would be dropped without an error.
      Sid       = "DeliverEvents"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"]
      Resource  = "*"
    },
  ] }

  policies = {
    for key in keys(local.keys) : key => jsonencode({
      Version   = "2012-10-17"
      Statement = concat(local.common_statements[key], local.service_statements[key])
    })
  }
}
