# Permissions of the state machine: exactly the calls of its definition, on named resources. Jobs, functions and
# endpoints have their own roles, which it can only pass.

locals {
  region_arn    = "${var.context.region}:${var.context.account_id}"
  sagemaker_arn = "arn:${local.partition}:sagemaker:${local.region_arn}"

  # Jobs and candidates are named after the run: <prefix>-<run_id> and <prefix>-candidate-<run_id>.
  candidate_arns = { for kind in ["model", "endpoint-config", "endpoint"] : kind => "${local.sagemaker_arn}:${kind}/${local.candidate_prefix}-*" }
  training_arn   = "${local.sagemaker_arn}:training-job/${var.context.name_prefix}-*"
  evaluation_arn = "${local.sagemaker_arn}:processing-job/${var.context.name_prefix}-*"

  statements = [
    {
      Sid      = "Crawl"
      Action   = ["glue:StartCrawler", "glue:GetCrawler"]
      Resource = [for name in values(var.glue.crawler_names) : "arn:${local.partition}:glue:${local.region_arn}:crawler/${name}"]
    },
    {
      Sid      = "EvaluateQuality"
      Action   = ["glue:StartDataQualityRulesetEvaluationRun"]
      Resource = ["arn:${local.partition}:glue:${local.region_arn}:dataQualityRuleset/${var.glue.quality.ruleset_name}"]
    },
    {
      # Runs and results have their own ids, independent of the ruleset's name.
      Sid      = "WatchQuality"
      Action   = ["glue:GetDataQualityRulesetEvaluationRun", "glue:GetDataQualityResult"]
      Resource = ["arn:${local.partition}:glue:${local.region_arn}:dataQualityRuleset/*"]
    },
    {
      Sid       = "PassRoleToQualityRun"
      Action    = ["iam:PassRole"]
      Resource  = [var.glue.role_arn]
      Condition = { StringEquals = { "iam:PassedToService" = "glue.amazonaws.com" } }
    },
    {
      # `.sync` polls with the last two, and stops the job when the execution is stopped.
      Sid      = "RunEtl"
      Action   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
      Resource = ["arn:${local.partition}:glue:${local.region_arn}:job/${var.glue.job_name}"]
    },
    {
      Sid      = "InvokeFunctions"
      Action   = ["lambda:InvokeFunction"]
      Resource = values(var.function_arns)
    },
    {
      Sid      = "Train"
      Action   = ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob", "sagemaker:AddTags"]
      Resource = [local.training_arn]
    },
    {
      Sid      = "Evaluate"
      Action   = ["sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob", "sagemaker:AddTags"]
      Resource = [local.evaluation_arn]
    },
    {
      Sid    = "RegisterModel"
      Action = ["sagemaker:CreateModelPackage"]
      Resource = [
        "${local.sagemaker_arn}:model-package-group/${var.registry.group_name}",
        "${local.sagemaker_arn}:model-package/${var.registry.group_name}/*",
      ]
    },
    {
      # Reads the approval status; sets stages and withdraws approvals.
      Sid      = "StageVersions"
      Action   = ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"]
      Resource = ["${local.sagemaker_arn}:model-package/${var.registry.group_name}/*"]
    },
    {
      Sid      = "CandidateModel"
      Action   = ["sagemaker:CreateModel", "sagemaker:DeleteModel", "sagemaker:AddTags"]
      Resource = [local.candidate_arns["model"]]
    },
    {
      Sid      = "CandidateConfig"
      Action   = ["sagemaker:CreateEndpointConfig", "sagemaker:DeleteEndpointConfig", "sagemaker:AddTags"]
      Resource = [local.candidate_arns["endpoint-config"]]
    },
    {
      # Creating an endpoint also requires permission on its configuration.
      Sid      = "CandidateEndpoint"
      Action   = ["sagemaker:CreateEndpoint"]
      Resource = [local.candidate_arns["endpoint"], local.candidate_arns["endpoint-config"]]
    },
    {
      Sid      = "WatchAndDeleteCandidate"
      Action   = ["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:AddTags"]
      Resource = [local.candidate_arns["endpoint"]]
    },
    {
      Sid       = "PassRoles"
      Action    = ["iam:PassRole"]
      Resource  = [var.training.role_arn, var.evaluation.role_arn, var.training.endpoint_role_arn]
      Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
    },
    {
      # `.sync` watches jobs through managed rules with these fixed names.
      Sid      = "WatchJobs"
      Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
      Resource = [for kind in ["Training", "Processing"] : "arn:${local.partition}:events:${local.region_arn}:rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule"]
    },
    {
      Sid      = "SetLiveVersion"
      Action   = ["ssm:GetParameter", "ssm:PutParameter"]
      Resource = ["arn:${local.partition}:ssm:${local.region_arn}:parameter${var.registry.live_parameter_name}"]
    },
    {
      Sid      = "StartReleases"
      Action   = ["states:StartExecution"]
      Resource = [var.release_machine_arn]
    },
    {
      Sid       = "PublishMetrics"
      Action    = ["cloudwatch:PutMetricData"]
      Resource  = ["*"] # the action has no resource type, only namespaces
      Condition = { StringEquals = { "cloudwatch:namespace" = local.metric_namespace } }
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
  ]
}

locals {
  ingestion_statements = var.feature_ingestion == null ? [] : [{
    Sid      = "StartFeatureIngestion"
    Action   = ["glue:StartJobRun"]
    Resource = ["arn:${local.partition}:glue:${local.region_arn}:job/${var.feature_ingestion.job_name}"]
  }]

  registry_statements = var.registry.encrypt_versions ? [{
    Sid       = "EncryptVersions"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource  = [var.kms_key_arns.models]
    Condition = { StringEquals = { "kms:ViaService" = "sagemaker.${var.context.region}.amazonaws.com" } }
  }] : []
}

resource "aws_iam_role" "this" {
  name                 = local.name
  description          = "Training pipeline of ${var.context.name_prefix}."
  permissions_boundary = var.boundary_arn
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.context.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:states:${local.region_arn}:stateMachine:${local.name}" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  # checkov:skip=CKV_AWS_290: PutMetricData, X-Ray and log delivery have no resource types; the first is limited to one namespace
  # checkov:skip=CKV_AWS_355: PutMetricData, X-Ray and log delivery have no resource types; the first is limited to one namespace
  name   = "pipeline"
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [for s in concat(local.statements, local.ingestion_statements, local.registry_statements, local.approval_statements) : merge({ Effect = "Allow" }, s)] })
}

# Step 1 lists raw data. CreateModelPackage takes no role: SageMaker reads the artifact with the caller's permissions.
resource "aws_iam_role_policy" "bucket" {
  name   = "bucket"
  role   = aws_iam_role.this.id
  policy = var.bucket_policy_document
}
