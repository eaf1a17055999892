# Permissions of running code, by kind: the base and a specific part. These are documents, not policies: the module that
# owns a role combines them with its own permissions (log group, bucket prefixes, subnets). Only Glue's role writes the
# catalog.
locals {
  base_statements = concat(
    [
      {
        # Metrics have no resource type; the namespace is the limit that AWS offers.
        Sid       = "PublishMetrics"
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringLike = { "cloudwatch:namespace" = [local.prefix, "${local.prefix}/*", "/aws/sagemaker/*", "AWS/SageMaker"] } }
      },
      {
        # AWS's framework images are stored in AWS's accounts.
        Sid      = "PullFrameworkImages"
        Effect   = "Allow"
        Action   = local.image_actions
        Resource = local.aws_repository_arns
      },
      {
        Sid      = "ReadCatalog"
        Effect   = "Allow"
        Action   = ["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
        Resource = local.catalog_arns
      },
      {
        # SageMaker describes the keys of volumes and output with the role.
        Sid      = "UseVolumeKey"
        Effect   = "Allow"
        Action   = ["kms:DescribeKey", "kms:Encrypt"]
        Resource = var.kms_key_arns.models
      },
      {
        # It attaches the encrypted volumes of its instances by a grant.
        Sid       = "GrantVolumeKey"
        Effect    = "Allow"
        Action    = "kms:CreateGrant"
        Resource  = var.kms_key_arns.models
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
    ],
    jsondecode(var.image_policy_document).Statement,
  )

  image_actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

  notify_statements = [
    {
      Sid      = "NotifyCallers"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = "arn:${local.partition}:sns:${local.scope}:${local.prefix}-*"
    },
    {
      Sid       = "EncryptNotifications"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.kms_key_arns.logs
      Condition = { StringEquals = { "kms:ViaService" = "sns.${var.context.region}.amazonaws.com" } }
    },
  ]

  invoke_statements = {
    for method, action in { realtime = "sagemaker:InvokeEndpoint", serverless = "sagemaker:InvokeEndpoint", async = "sagemaker:InvokeEndpointAsync" } : method => [
      { Sid = "InvokeEndpoints", Effect = "Allow", Action = action, Resource = "${local.sagemaker_arn}:endpoint/${local.prefix}-*" },
    ]
  }

  # Model containers and jobs. Batch needs no extra statement: its inputs and outputs are bucket prefixes.
  execution_statements = merge({
    base       = local.base_statements
    realtime   = local.base_statements
    serverless = local.base_statements
    batch      = local.base_statements
    async      = concat(local.base_statements, local.notify_statements)
    # Jobs of people read what their persona reads of the catalog: the role adds nothing.
    experiments = [for statement in local.base_statements : statement if try(statement.Sid, "") != "ReadCatalog"]
    }, {
    # Notebooks of a profile pass the role of its persona to their jobs. The base reads the catalog.
    for persona in keys(local.studio_profiles) : "studio_${persona}" => concat(local.base_statements, local.experiments, local.experiment_roles[persona], local.features, local.query)
  })

  execution_documents = { for kind, statements in local.execution_statements : kind => jsonencode({ Version = "2012-10-17", Statement = statements }) }
  caller_documents    = { for method, statements in local.invoke_statements : method => jsonencode({ Version = "2012-10-17", Statement = statements }) }
}
