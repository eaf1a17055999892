# Exactly the calls of the definition, on resources with the environment's prefix. It may pass the listed roles of
# endpoints only.
locals {
  sagemaker_arn = "arn:${local.partition}:sagemaker:${local.region_arn}"

  # By prefix: an environment may have more endpoints than names fit into a policy.
  endpoint_arns = ["${local.sagemaker_arn}:endpoint/${var.context.name_prefix}-*"]
  resource_arns = { for kind in ["model", "endpoint-config"] : kind => ["${local.sagemaker_arn}:${kind}/${var.context.name_prefix}-*"] }
  alarm_arns    = ["arn:${local.partition}:cloudwatch:${local.region_arn}:alarm:${var.context.name_prefix}-*"]

  # As the modules of endpoints and batch_transform name them.
  role_names = concat([for name in sort(values(var.endpoint_names)) : "${name}-endpoint"], [for name in sort(values(var.job_names)) : "${name}-model"])
  role_arns  = [for name in local.role_names : "arn:${local.partition}:iam::${var.context.account_id}:role/${name}"]

  package_arns = [for name in sort(var.model_group_names) : "${local.sagemaker_arn}:model-package/${name}/*"]

  parameter_arn = "arn:${local.partition}:ssm:${local.region_arn}:parameter"

  releasing = [for statement in [
    {
      Sid      = "ManageModels"
      Action   = ["sagemaker:CreateModel", "sagemaker:DescribeModel", "sagemaker:DeleteModel", "sagemaker:AddTags"]
      Resource = local.resource_arns["model"]
    },
    {
      Sid      = "ManageConfigurations"
      Action   = ["sagemaker:CreateEndpointConfig", "sagemaker:DescribeEndpointConfig", "sagemaker:DeleteEndpointConfig", "sagemaker:AddTags"]
      Resource = local.resource_arns["endpoint-config"]
    },
    {
      # Updating an endpoint also requires permission on its configuration.
      Sid      = "UpdateEndpoints"
      Action   = ["sagemaker:UpdateEndpoint"]
      Resource = concat(local.endpoint_arns, local.resource_arns["endpoint-config"])
    },
    {
      Sid      = "WatchEndpoints"
      Action   = ["sagemaker:DescribeEndpoint"]
      Resource = local.endpoint_arns
    },
    {
      # SageMaker checks with the caller's permissions that the rollback alarms exist.
      Sid      = "DescribeAlarms"
      Action   = ["cloudwatch:DescribeAlarms"]
      Resource = local.alarm_arns
    },
    {
      Sid       = "PassEndpointRoles"
      Action    = ["iam:PassRole"]
      Resource  = local.role_arns
      Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
    },
    {
      # The caller that sets a volume key creates the grant with which SageMaker mounts the volumes.
      Sid      = "GrantVolumeKey"
      Action   = ["kms:CreateGrant"]
      Resource = [var.kms_key_arns.models]
      Condition = {
        Bool         = { "kms:GrantIsForAWSResource" = "true" }
        StringEquals = { "kms:ViaService" = "sagemaker.${var.context.region}.amazonaws.com" }
      }
    },
    {
      Sid      = "DescribeVolumeKey"
      Action   = ["kms:DescribeKey"]
      Resource = [var.kms_key_arns.models]
    },
  ] : statement if length(local.role_names) > 0]

  versions = var.encrypt_versions ? [{
    Sid       = "ReadVersions"
    Action    = ["kms:Decrypt"]
    Resource  = [var.kms_key_arns.models]
    Condition = { StringEquals = { "kms:ViaService" = "sagemaker.${var.context.region}.amazonaws.com" } }
  }] : []

  statements = concat(local.releasing, local.versions, [
    {
      Sid      = "DescribeVersions"
      Action   = ["sagemaker:DescribeModelPackage"]
      Resource = local.package_arns
    },
    {
      Sid      = "ReadSpecifications"
      Action   = ["ssm:GetParameter"]
      Resource = ["${local.parameter_arn}${local.release_path}/*", "${local.parameter_arn}${local.live_path}/*"]
    },
    {
      Sid      = "ListSpecifications"
      Action   = ["ssm:GetParametersByPath"]
      Resource = ["${local.parameter_arn}${local.release_path}/specs"]
    },
    {
      Sid      = "WriteRecords"
      Action   = ["ssm:PutParameter"]
      Resource = ["${local.parameter_arn}${local.release_path}/records/*", "${local.parameter_arn}${local.release_path}/locks/*"]
    },
    {
      Sid      = "DeleteLocks"
      Action   = ["ssm:DeleteParameter"]
      Resource = ["${local.parameter_arn}${local.release_path}/locks/*"]
    },
    {
      Sid      = "Probe"
      Action   = ["lambda:InvokeFunction"]
      Resource = [var.probe_function_arn]
    },
    {
      Sid      = "CompareArchives"
      Action   = ["lambda:InvokeFunction"]
      Resource = [var.model_artifacts_function_arn]
    },
    {
      Sid      = "StartOwnExecutions"
      Action   = ["states:StartExecution"]
      Resource = [local.machine_arn]
    },
    {
      Sid      = "DescribeLockHolder"
      Action   = ["states:DescribeExecution"]
      Resource = ["arn:${local.partition}:states:${local.region_arn}:execution:${local.name}:*"]
    },
    {
      Sid      = "Notify"
      Action   = ["sns:Publish"]
      Resource = [var.topic_arn]
    },
    {
      Sid       = "EncryptNotifications"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = [var.kms_key_arns.logs]
      Condition = { StringEquals = { "kms:ViaService" = "sns.${var.context.region}.amazonaws.com" } }
    },
    {
      # X-Ray and log delivery have no resource types.
      Sid = "TraceAndLog"
      Action = [
        "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
        "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
        "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
      ]
      Resource = ["*"]
    },
  ])
}

resource "aws_iam_role" "this" {
  name                 = local.name
  description          = "Releases of ${var.context.name_prefix}."
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
  name   = "release"
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [for s in local.statements : merge({ Effect = "Allow" }, s)] })

  lifecycle {
    precondition {
      condition     = length(local.role_arns) <= 60
      error_message = "endpoint_names, job_names: the role's policy holds 60 roles at most (IAM's limit of characters), got ${length(local.role_arns)}."
    }
  }
}
