# Key policies name no role: a role's ARN here would make keys depend on roles, which depend on keys. They delegate to
# IAM instead and narrow it by the origin of a request. Inside a key policy the resource "*" means "this key" and
# nothing else.

data "aws_partition" "current" {}

locals {
  account_root = "arn:${data.aws_partition.current.partition}:iam::${var.context.account_id}:root"

  use_actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

  # `via_services`: services through which principals of this account may use the key, if IAM allows it.
  # `grant_services`: services that use a grant which the caller creates for them.
  keys = {
    data = {
      description    = "data bucket, Glue, Athena, tables, secrets and settings of functions"
      via_services   = concat(["s3", "glue", "athena", "lambda", "dynamodb", "ssm", "bedrock"], var.vectors ? ["s3vectors"] : [])
      grant_services = ["lambda", "sagemaker", "dynamodb", "bedrock"]
    }
    models = {
      description    = "model artifacts, images, volumes of training and endpoints, home folders of Studio"
      via_services   = ["s3", "sagemaker", "ecr", "ec2", "elasticfilesystem"]
      grant_services = ["sagemaker", "ecr", "ec2", "bedrock", "elasticfilesystem"]
    }
    logs = {
      description    = "log groups, notifications and queues"
      via_services   = ["logs", "sns", "sqs"]
      grant_services = []
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
          "kms:UpdateKeyDescription", "kms:RotateKeyOnDemand", "kms:ReplicateKey", "kms:UpdatePrimaryRegion",
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
    ]
  }

  grant_statements = {
    for key, spec in local.keys : key => length(spec.grant_services) == 0 ? [] : [{
      Sid       = "GrantToServices"
      Effect    = "Allow"
      Principal = { AWS = local.account_root }
      Action    = ["kms:CreateGrant"]
      Resource  = "*"
      Condition = {
        Bool = { "kms:GrantIsForAWSResource" = "true" }
        StringEquals = {
          "kms:CallerAccount" = var.context.account_id
          "kms:ViaService"    = [for service in spec.grant_services : "${service}.${var.context.region}.amazonaws.com"]
        }
      }
    }]
  }

  policies = {
    for key in keys(local.keys) : key => jsonencode({
      Version   = "2012-10-17"
      Statement = concat(local.common_statements[key], local.grant_statements[key], local.service_statements[key], local.reader_statements[key])
    })
  }
}
