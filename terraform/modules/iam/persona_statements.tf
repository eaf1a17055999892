# Permissions of people, in blocks that `personas.tf` combines. Every resource is limited to the environment's names;
# "*" is used only where AWS has no resource type.
locals {
  sagemaker_arn = "arn:${local.partition}:sagemaker:${local.scope}"
  job_kinds     = ["training-job", "processing-job", "hyper-parameter-tuning-job", "experiment", "experiment-trial", "experiment-trial-component"]
  job_arns      = [for kind in local.job_kinds : "${local.sagemaker_arn}:${kind}/${local.prefix}-*"]
  endpoint_arns = [for kind in ["endpoint", "endpoint-config"] : "${local.sagemaker_arn}:${kind}/${local.prefix}-*"]
  package_arns  = [for kind in ["model-package", "model-package-group"] : "${local.sagemaker_arn}:${kind}/${local.prefix}-*"]

  # Created by phase 2 for each persona that starts jobs: the only roles that people may pass to SageMaker, without
  # permissions that the persona does not have.
  experiment_roles = { for persona in ["data_scientist", "ml_engineer", "data_engineer"] : persona => [{
    Sid       = "RunJobsAsOwnRole"
    Effect    = "Allow"
    Action    = "iam:PassRole"
    Resource  = "arn:${local.partition}:iam::${var.context.account_id}:role/${local.prefix}-experiments-${replace(persona, "_", "-")}"
    Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
  }] }

  # Studio's ARNs start with a generated id, followed by our profile and space names. A user of a profile acts under its
  # role, so people only get the profile of their persona.
  studio_profiles = { data_scientist = "DataScientist", ml_engineer = "MLEngineer" }
  notebook_arns = {
    for persona, profile in local.studio_profiles : persona => [
      for kind in ["user-profile", "space", "app"] : "${local.sagemaker_arn}:${kind}/*/${local.prefix}-${profile}*"
    ]
  }

  notebooks = { for persona in keys(local.studio_profiles) : persona => [
    {
      Sid    = "Notebooks"
      Effect = "Allow"
      Action = [
        "sagemaker:CreateApp", "sagemaker:CreatePresignedDomainUrl", "sagemaker:CreateSpace", "sagemaker:DeleteApp", "sagemaker:DeleteSpace",
        "sagemaker:DescribeApp", "sagemaker:DescribeSpace", "sagemaker:DescribeUserProfile", "sagemaker:UpdateSpace",
      ]
      Resource = local.notebook_arns[persona]
    },
    {
      Sid      = "ListNotebooks"
      Effect   = "Allow"
      Action   = ["sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"]
      Resource = "*"
    },
  ] }

  experiments = [
    {
      Sid    = "Experiments"
      Effect = "Allow"
      Action = [
        "sagemaker:AddTags", "sagemaker:CreateExperiment", "sagemaker:CreateHyperParameterTuningJob", "sagemaker:CreateProcessingJob",
        "sagemaker:CreateTrainingJob", "sagemaker:CreateTrial", "sagemaker:CreateTrialComponent", "sagemaker:DescribeExperiment",
        "sagemaker:DescribeHyperParameterTuningJob", "sagemaker:DescribeProcessingJob", "sagemaker:DescribeTrainingJob",
        "sagemaker:DescribeTrial", "sagemaker:DescribeTrialComponent", "sagemaker:StopHyperParameterTuningJob",
        "sagemaker:StopProcessingJob", "sagemaker:StopTrainingJob", "sagemaker:UpdateTrialComponent",
      ]
      Resource = local.job_arns
    },
    {
      Sid      = "ListExperiments"
      Effect   = "Allow"
      Action   = ["sagemaker:ListExperiments", "sagemaker:ListModelPackageGroups", "sagemaker:ListTrainingJobs", "sagemaker:Search"]
      Resource = "*"
    },
  ]

  catalog_query = concat([
    {
      Sid      = "ReadCatalog"
      Effect   = "Allow"
      Action   = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
      Resource = local.catalog_arns
    },
  ], local.query)

  query = [
    {
      Sid      = "Query"
      Effect   = "Allow"
      Action   = ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup", "athena:StartQueryExecution", "athena:StopQueryExecution"]
      Resource = local.workgroup_arn
    },
  ]

  # Online, record by record; an online store with a customer key is read with the caller's permissions.
  features = [
    {
      Sid      = "ReadFeatures"
      Effect   = "Allow"
      Action   = ["sagemaker:BatchGetRecord", "sagemaker:DescribeFeatureGroup", "sagemaker:GetRecord"]
      Resource = "${local.sagemaker_arn}:feature-group/${local.prefix}-*"
    },
    {
      Sid       = "DecryptFeatures"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = var.kms_key_arns.data
      Condition = { StringEquals = { "kms:ViaService" = "sagemaker.${var.context.region}.amazonaws.com" } }
    },
  ]

  pipeline = [
    {
      Sid      = "RunPipeline"
      Effect   = "Allow"
      Action   = ["states:DescribeExecution", "states:DescribeStateMachine", "states:GetExecutionHistory", "states:ListExecutions", "states:StartExecution", "states:StopExecution"]
      Resource = local.state_arns
    },
  ]

  token_arn = "arn:${local.partition}:ssm:${local.scope}:parameter/${var.context.project}/${var.context.environment}/approvals/*"

  approval = [
    {
      Sid      = "ApproveModels"
      Effect   = "Allow"
      Action   = ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages", "sagemaker:UpdateModelPackage"]
      Resource = local.package_arns
    },
    {
      # Waiting executions continue with a token, stored where only approvers can read it; and the current live version.
      Sid      = "ReadTokens"
      Effect   = "Allow"
      Action   = "ssm:GetParameter"
      Resource = [local.token_arn, "arn:${local.partition}:ssm:${local.scope}:parameter/${var.context.project}/${var.context.environment}/models/*"]
    },
    {
      Sid      = "DecryptTokens"
      Effect   = "Allow"
      Action   = "kms:Decrypt"
      Resource = var.kms_key_arns.data
      Condition = {
        StringEquals = { "kms:ViaService" = "ssm.${var.context.region}.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:PARAMETER_ARN" = local.token_arn }
      }
    },
    {
      # Has no resource type: it reaches whatever one holds the token of.
      Sid      = "CompleteTasks"
      Effect   = "Allow"
      Action   = "states:SendTaskSuccess"
      Resource = "*"
    },
  ]

  invocation = [
    {
      Sid      = "InvokeEndpoints"
      Effect   = "Allow"
      Action   = ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:InvokeEndpoint"]
      Resource = local.endpoint_arns
    },
  ]

  # Jobs run through state machines with fixed arguments: `glue:StartJobRun` takes another script from its caller.
  etl = [
    {
      Sid      = "WatchEtl"
      Effect   = "Allow"
      Action   = ["glue:BatchStopJobRun", "glue:GetCrawler", "glue:GetJob", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartCrawler"]
      Resource = [for kind in ["crawler", "job"] : "arn:${local.partition}:glue:${local.scope}:${kind}/${local.prefix}-*"]
    },
    {
      Sid    = "RunDeployedJobs"
      Effect = "Allow"
      Action = ["states:DescribeExecution", "states:GetExecutionHistory", "states:ListExecutions", "states:StartExecution", "states:StopExecution"]
      Resource = flatten([
        for name in ["etl", "feature-ingestion", "preprocessing"] : ["arn:${local.partition}:states:${local.scope}:stateMachine:${local.prefix}-${name}", "arn:${local.partition}:states:${local.scope}:execution:${local.prefix}-${name}:*"]
      ])
    },
  ]

  # Flows under development, as processing jobs under the persona's own role.
  preprocessing = [
    {
      Sid      = "RunTestFlows"
      Effect   = "Allow"
      Action   = ["sagemaker:AddTags", "sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"]
      Resource = "${local.sagemaker_arn}:processing-job/${local.prefix}-*"
    },
  ]

  # Between existing configurations only: releases create new ones, people do not.
  serving = [
    {
      Sid      = "Serve"
      Effect   = "Allow"
      Action   = ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:InvokeEndpoint", "sagemaker:UpdateEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"]
      Resource = local.endpoint_arns
    },
  ]

  scaling = [
    {
      Sid       = "Scale"
      Effect    = "Allow"
      Action    = ["application-autoscaling:PutScalingPolicy", "application-autoscaling:RegisterScalableTarget"]
      Resource  = "arn:${local.partition}:application-autoscaling:${local.scope}:scalable-target/*"
      Condition = { StringEquals = { "application-autoscaling:service-namespace" = "sagemaker" } }
    },
  ]

  watching = [
    {
      Sid    = "Watch"
      Effect = "Allow"
      Action = [
        "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingActivities", "application-autoscaling:DescribeScalingPolicies",
        "cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "sagemaker:ListEndpoints",
      ]
      Resource = "*"
    },
    {
      Sid      = "Alarms"
      Effect   = "Allow"
      Action   = "cloudwatch:DescribeAlarms"
      Resource = "arn:${local.partition}:cloudwatch:${local.scope}:alarm:${local.prefix}-*"
    },
    {
      Sid      = "ReadLogs"
      Effect   = "Allow"
      Action   = ["logs:FilterLogEvents", "logs:GetLogEvents"]
      Resource = flatten([for arn in local.log_group_arns : [arn, "${arn}:*"]])
    },
  ]

  # Denied explicitly, so that no Allow added later takes effect.
  deny_deployment = [
    {
      Sid    = "DenyDeployment"
      Effect = "Deny"
      Action = [
        "sagemaker:CreateEndpoint", "sagemaker:CreateEndpointConfig", "sagemaker:CreateModel", "sagemaker:DeleteEndpoint",
        "sagemaker:UpdateEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities", "sagemaker:UpdateModelPackage",
      ]
      Resource = "${local.sagemaker_arn}:*"
    },
  ]
}
