# The permissions boundary of every role of the platform. It grants nothing: a role may do what its own policies allow
# within it. Action patterns such as `Describe*`, and leaving out services that the environment does not use, keep it
# under the limit of 6 144 characters.
locals {
  # No service is in two of these entries, so all of them can be written as one statement: an action only applies to its
  # own resource types, which are those listed with it.
  own = [
    {
      Sid      = "Storage"
      Effect   = "Allow"
      Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:Get*", "s3:List*", "s3:PutObject*"]
      Resource = var.storage_arns
    },
    {
      Sid      = "Keys"
      Effect   = "Allow"
      Action   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource = values(var.kms_key_arns)
    },
    {
      Sid      = "Logs"
      Effect   = "Allow"
      Action   = ["logs:AssociateKmsKey", "logs:Create*", "logs:Describe*", "logs:FilterLogEvents", "logs:Get*", "logs:PutLogEvents", "logs:StartQuery"]
      Resource = "arn:${local.partition}:logs:${local.scope}:log-group:*"
    },
    {
      Sid    = "NamedAfterEnvironment"
      Effect = "Allow"
      Action = [
        "athena:*Query*", "athena:GetWorkGroup", "cloudwatch:DescribeAlarms", "dynamodb:PutItem",
        "execute-api:Invoke", "glue:BatchStopJobRun", "glue:Get*", "glue:Start*",
        "lambda:GetFunction*", "lambda:InvokeFunction", "sagemaker:*Record", "sagemaker:AddTags", "sagemaker:BatchDescribeModelPackage",
        "sagemaker:Create*", "sagemaker:Delete*", "sagemaker:Describe*", "sagemaker:Invoke*", "sagemaker:List*",
        "sagemaker:Stop*", "sagemaker:Update*", "sns:Publish", "sqs:*Message", "sqs:ChangeMessage*", "sqs:GetQueue*",
        "states:Describe*", "states:Get*", "states:List*",
        "states:St*Execution",
      ]
      Resource = flatten([
        local.workgroup_arn, local.state_arns,
        [for kind in ["crawler/${local.prefix}-*", "dataQualityRuleset/*", "job/${local.prefix}-*"] : "arn:${local.partition}:glue:${local.scope}:${kind}"],
        ["arn:${local.partition}:cloudwatch:${local.scope}:alarm:${local.prefix}-*", "arn:${local.partition}:dynamodb:${local.scope}:table/${local.prefix}-*"],
        ["arn:${local.partition}:execute-api:${local.scope}:*/${var.context.environment}/*"],
        ["arn:${local.partition}:lambda:${local.scope}:function:${local.prefix}-*"],
        ["arn:${local.partition}:sagemaker:${local.scope}:*/${local.prefix}-*"],
        [for service in ["sns", "sqs"] : "arn:${local.partition}:${service}:${local.scope}:${local.prefix}-*"],
      ])
    },
    {
      Sid      = "Parameters"
      Effect   = "Allow"
      Action   = ["ssm:DeleteParameter", "ssm:GetParameter*", "ssm:PutParameter"]
      Resource = local.parameter_arn
    },
    {
      # Step Functions watches jobs through managed rules with fixed names.
      Sid      = "Events"
      Effect   = "Allow"
      Action   = ["events:DescribeRule", "events:PutEvents", "events:PutRule", "events:PutTargets"]
      Resource = [for kind in ["event-bus/${local.prefix}-*", "rule/StepFunctions*"] : "arn:${local.partition}:events:${local.scope}:${kind}"]
    },
    {
      Sid    = "FoundationModels"
      Effect = "Allow"
      Action = concat(["bedrock:ApplyGuardrail", "bedrock:CreateModelInvocationJob", "bedrock:GetInferenceProfile", "bedrock:GetModelInvocationJob", "bedrock:InvokeModel*", "bedrock:TagResource"],
      var.uses.knowledge_bases ? ["bedrock:Retrieve"] : [], var.uses.agents ? ["bedrock:InvokeAgent"] : [])
      # One pattern for all resource types: the granting policies narrow what each action reaches.
      Resource = [
        "arn:${local.partition}:bedrock:*::foundation-model/*",
        "arn:${local.partition}:bedrock:*:${var.context.account_id}:*inference-profile/*",
        "arn:${local.partition}:bedrock:${local.scope}:*",
      ]
    },
    {
      Sid      = "Images"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = concat([local.own_repository_arn], local.aws_registry_arns)
    },
    {
      Sid      = "ScaleEndpoints"
      Effect   = "Allow"
      Action   = ["application-autoscaling:PutScalingPolicy", "application-autoscaling:RegisterScalableTarget"]
      Resource = "arn:${local.partition}:application-autoscaling:${local.scope}:scalable-target/*"
    },
    {
      Sid    = "Interfaces"
      Effect = "Allow"
      Action = [
        "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface*", "ec2:DeleteNetworkInterface*", "ec2:UnassignPrivateIpAddresses",
      ]
      Resource = [for kind in ["network-interface", "security-group", "subnet"] : "arn:${local.partition}:ec2:${local.scope}:${kind}/*"]
    },
  ]

  # Optional parts, each present only if the environment uses it.
  optional_statements = concat(
    var.uses.streaming ? [{
      Sid      = "Streams"
      Effect   = "Allow"
      Action   = ["kinesis:Describe*", "kinesis:Get*", "kinesis:ListShards"]
      Resource = ["arn:${local.partition}:kinesis:${local.scope}:stream/${local.prefix}-*"]
    }] : [],
    var.uses.knowledge_bases ? [{
      Sid      = "Vectors"
      Effect   = "Allow"
      Action   = ["s3vectors:DeleteVectors", "s3vectors:GetIndex", "s3vectors:GetVectors", "s3vectors:PutVectors", "s3vectors:QueryVectors"]
      Resource = ["arn:${local.partition}:s3vectors:${local.scope}:bucket/${local.prefix}-*"]
    }] : [],
    var.uses.efs ? [{
      # AWS generates the file system's id, and its own policy admits this account only.
      Sid      = "SharedFiles"
      Effect   = "Allow"
      Action   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource = ["arn:${local.partition}:elasticfilesystem:${local.scope}:file-system/*"]
    }] : [],
  )

  # Resources of other owners are read and never written.
  foreign_buckets = distinct([for source in values(var.uses.sources) : source.bucket if source.bucket != null])
  foreign_objects = flatten([for name in local.foreign_buckets : ["arn:${local.partition}:s3:::${name}", "arn:${local.partition}:s3:::${name}/*"]])
  foreign_keys    = distinct(compact([for source in values(var.uses.sources) : source.kms_key_arn]))
  foreign_databases = distinct(concat(
    [for source in values(var.uses.sources) : { account = var.context.account_id, name = source.database } if source.database != null],
    [for share in values(var.uses.shares) : { account = share.producer_account_id, name = share.database }],
  ))
  foreign_tables = distinct(flatten([for database in local.foreign_databases : [
    for kind in ["catalog", "database/${database.name}", "table/${database.name}/*"] : "arn:${local.partition}:glue:${var.context.region}:${database.account}:${kind}"
  ]]))

  foreign = [for statement in [
    {
      Sid      = "ReadShared"
      Effect   = "Allow"
      Action   = concat(length(local.foreign_tables) > 0 ? ["glue:BatchGetPartition", "glue:Get*"] : [], length(local.foreign_keys) > 0 ? ["kms:Decrypt"] : [], length(local.foreign_objects) > 0 ? ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"] : [])
      Resource = concat(local.foreign_tables, local.foreign_keys, local.foreign_objects)
    },
  ] : statement if length(statement.Resource) > 0]

  bounded = concat(local.own, local.optional_statements)

  boundary = {
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Own"
          Effect   = "Allow"
          Action   = flatten(local.bounded[*].Action)
          Resource = flatten(local.bounded[*].Resource)
        },
      ],
      local.foreign,
      [
        {
          # Evaluations of rulesets fetch their program from AWS's own bucket, under Glue's role.
          Sid      = "AwsAssets"
          Effect   = "Allow"
          Action   = "s3:GetObject"
          Resource = "arn:${local.partition}:s3:::aws-glue-ml-data-quality-assets-${var.context.region}/*"
        },
        {
          Sid      = "Catalog"
          Effect   = "Allow"
          Action   = ["glue:Batch*", "glue:Create*", "glue:Get*", "glue:Search*", "glue:Update*"]
          Resource = local.catalog_arns
        },
        {
          # Its id is of AWS's making.
          Sid      = "StudioDomain"
          Effect   = "Allow"
          Action   = "sagemaker:DescribeDomain"
          Resource = "${local.sagemaker_arn}:domain/*"
        },
        {
          Sid       = "PassRoles"
          Effect    = "Allow"
          Action    = "iam:PassRole"
          Resource  = local.role_arn
          Condition = { StringEquals = { "iam:PassedToService" = ["sagemaker.amazonaws.com", "glue.amazonaws.com", "states.amazonaws.com", "bedrock.amazonaws.com"] } }
        },
        {
          # Metrics have no resource type; the namespace is the limit that AWS offers.
          Sid       = "Metrics"
          Effect    = "Allow"
          Action    = "cloudwatch:PutMetricData"
          Resource  = "*"
          Condition = { StringLike = { "cloudwatch:namespace" = [local.prefix, "${local.prefix}/*", "${var.context.project}/*", "/aws/sagemaker/*", "AWS/SageMaker", "Glue*"] } }
        },
        {
          # None of these has a resource type.
          Sid    = "NoResourceType"
          Effect = "Allow"
          Action = concat(length(var.uses.shares) > 0 ? ["lakeformation:GetDataAccess"] : [], var.uses.knowledge_bases ? ["bedrock:RetrieveAndGenerate"] : [], [
            "application-autoscaling:DescribeScal*", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics",
            "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
            "ecr:GetAuthorizationToken", "glue:GetSecurityConfiguration",
            "logs:*LogDeliver*", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy",
            "sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListEndpoints", "sagemaker:ListExperiments", "sagemaker:ListModelPackageGroups",
            "sagemaker:ListSpaces", "sagemaker:ListTrainingJobs", "sagemaker:ListUserProfiles", "sagemaker:Search",
            "states:SendTaskSuccess",
            "xray:GetSampling*", "xray:PutT*",
          ])
          Resource = "*"
        },
      ],
    )
  }
}

resource "aws_iam_policy" "boundary" {
  #checkov:skip=CKV_AWS_286:A permissions boundary grants nothing; passing roles is limited by service and name
  #checkov:skip=CKV_AWS_288:A permissions boundary is a ceiling and grants nothing
  #checkov:skip=CKV_AWS_289:A permissions boundary is a ceiling and grants nothing
  #checkov:skip=CKV_AWS_290:A permissions boundary is a ceiling and grants nothing; only actions without a resource type are on "*"
  #checkov:skip=CKV_AWS_355:Only actions without a resource type are on "*"
  name        = "${local.prefix}-boundary"
  description = "The most that any role of ${local.prefix} can ever do"
  policy      = jsonencode(local.boundary)

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.boundary)) <= 6144
      error_message = "The permissions boundary has ${length(jsonencode(local.boundary))} characters; IAM allows 6144. Shorten project or environment, or name fewer buckets, databases and shares of others."
    }
  }
}
