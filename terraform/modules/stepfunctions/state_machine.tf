data "aws_partition" "current" {}

locals {
  partition        = data.aws_partition.current.partition
  name             = var.name == null ? "${var.context.name_prefix}-training" : "${var.context.name_prefix}-${var.name}-pipeline"
  candidate_prefix = "${var.context.name_prefix}-candidate"
  metric_namespace = "${var.context.project}/training"

  # A spot job may wait this long for capacity in addition to its running time.
  spot_wait_seconds = 3600
  # The candidate usually needs four to six minutes; a crawler two.
  poll_limit_seconds = 1800

  tags = [for key in sort(keys(var.context.tags)) : { Key = key, Value = var.context.tags[key] }]

  # Code for endpoints without network travels in the artifact, where training put it.
  container_environment = {
    SAGEMAKER_PROGRAM             = "inference.py"
    SAGEMAKER_SUBMIT_DIRECTORY    = "/opt/ml/model/code"
    SAGEMAKER_CONTAINER_LOG_LEVEL = "20"
    SAGEMAKER_REGION              = var.context.region
  }

  training_vpc_config = length(var.training.subnet_ids) == 0 ? {} : {
    VpcConfig = { Subnets = var.training.subnet_ids, SecurityGroupIds = var.training.security_group_ids }
  }

  stopping_condition = merge(
    { MaxRuntimeInSeconds = var.training.max_runtime_seconds },
    # SageMaker refuses a waiting time for jobs that are not on spot capacity.
    var.training.spot ? { MaxWaitTimeInSeconds = var.training.max_runtime_seconds + local.spot_wait_seconds } : {},
  )

  raw_choices = concat(
    [{ Variable = "$.raw.objects", NumericGreaterThan = 0, Next = "StartCrawler" }],
    # There is nothing to catalogue; whether there is input, the ETL finds out.
    [for elsewhere in [var.glue.raw_elsewhere] : { Variable = "$.raw.objects", IsPresent = true, Next = "RunEtl" } if elsewhere],
  )

  definition = templatefile("${path.module}/templates/training.asl.json.tftpl", {
    partition            = local.partition
    name_prefix          = var.context.name_prefix
    region               = var.context.region
    candidate_prefix     = local.candidate_prefix
    bucket_name          = var.bucket_name
    topic_arn            = var.topic_arn
    models_key_arn       = var.kms_key_arns.models
    data_key_arn         = var.kms_key_arns.data
    processing           = local.processing
    glue                 = var.glue
    raw_choices          = jsonencode(local.raw_choices)
    feature_ingestion    = var.feature_ingestion
    release_machine_arn  = var.release_machine_arn
    after_validation     = var.feature_ingestion == null ? "PrepareTraining" : "StartFeatureIngestion"
    function_arns        = var.function_arns
    registry             = var.registry
    training             = var.training
    metric_namespace     = local.metric_namespace
    poll_seconds         = var.poll_seconds
    poll_limit           = ceil(local.poll_limit_seconds / var.poll_seconds)
    timeout_seconds      = 2 * var.training.max_runtime_seconds + local.spot_wait_seconds + 4 * 3600 + local.approval_seconds
    registration         = local.registration
    approval_states      = local.approval_states
    tags                 = jsonencode(local.tags)
    evaluation           = var.evaluation
    group                = local.group
    metric_definitions   = jsonencode([for name in var.training.metrics : { Name = name, Regex = "${name}=([-+0-9.eE]+)" }])
    evaluation_arguments = jsonencode(local.evaluation_arguments)
    evaluation_network   = jsonencode(merge({ EnableNetworkIsolation = true }, local.training_vpc_config))
    comparisons          = { for name, each in local.comparisons : name => jsonencode(each) }
    # As text: names of columns may end with `.$`, which means a path to Step Functions.
    golden                = jsonencode(jsonencode(var.golden))
    container_environment = jsonencode(local.container_environment)
    stopping_condition    = jsonencode(local.stopping_condition)
    # Version metadata can be encrypted with a key; the artifact is encrypted either way.
    security_config_member = var.registry.encrypt_versions ? "\"SecurityConfig\": { \"KmsKeyId\": \"${var.kms_key_arns.models}\" }," : ""
    vpc_config_members     = join("", [for name, value in local.training_vpc_config : "${jsonencode(name)}: ${jsonencode(value)},"])
    retry                  = local.retry
    catch                  = local.catch
  })
}

# Retries by error. Failed jobs are not retried: the same input fails again, and SageMaker rejects a second training job
# with the same name.
locals {
  transient_lambda_errors = ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"]

  retry = { for name, rules in {
    api      = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 2, MaxAttempts = 2, BackoffRate = 1.5 }]
    function = [{ ErrorEquals = local.transient_lambda_errors, IntervalSeconds = 2, MaxAttempts = 5, BackoffRate = 1.5 }]
    probe = [
      { ErrorEquals = local.transient_lambda_errors, IntervalSeconds = 2, MaxAttempts = 5, BackoffRate = 1.5 },
      { ErrorEquals = ["EndpointUnavailable"], IntervalSeconds = 5, MaxAttempts = 2, BackoffRate = 1.5 },
    ]
    # Another run may be crawling or transforming just now.
    crawler = [
      { ErrorEquals = ["Glue.CrawlerRunningException"], IntervalSeconds = 15, MaxAttempts = 20, BackoffRate = 1.2 },
      { ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 2, MaxAttempts = 2, BackoffRate = 1.5 },
    ]
    # An account evaluates a limited number of rulesets at a time.
    quality = [
      { ErrorEquals = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"], IntervalSeconds = 30, MaxAttempts = 10, BackoffRate = 1.5 },
      { ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 2, MaxAttempts = 2, BackoffRate = 1.5 },
    ]
    etl = [{ ErrorEquals = ["Glue.ConcurrentRunsExceededException", "Glue.ThrottlingException"], IntervalSeconds = 30, MaxAttempts = 10, BackoffRate = 1.5 }]
    # At the first deployment the job may not exist yet; training does not wait long for it.
    ingestion = [{ ErrorEquals = ["Glue.EntityNotFoundException", "Glue.ConcurrentRunsExceededException", "Glue.ThrottlingException"], IntervalSeconds = 5, MaxAttempts = 3, BackoffRate = 1.5 }]
    training = [
      { ErrorEquals = ["SageMaker.ResourceLimitExceededException"], IntervalSeconds = 60, MaxAttempts = 10, BackoffRate = 1.5 },
      { ErrorEquals = ["SageMaker.AmazonSageMakerException"], IntervalSeconds = 5, MaxAttempts = 3, BackoffRate = 1.5 },
    ]
    start  = [{ ErrorEquals = ["Sfn.ThrottlingException", "Sfn.ServiceUnavailableException"], IntervalSeconds = 2, MaxAttempts = 3, BackoffRate = 1.5 }]
    lookup = [{ ErrorEquals = ["Ssm.InternalServerErrorException"], IntervalSeconds = 2, MaxAttempts = 2, BackoffRate = 1.5 }]
    # An endpoint that is still being created cannot be deleted yet.
    cleanup = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 15, MaxAttempts = 5, BackoffRate = 1.5 }]
  } : name => jsonencode(rules) }

  caught = { for target in ["NotifyFailure", "DeleteCandidateModel", "DeleteCandidateConfig", "FindUnbornCandidate", "DeleteCandidateEndpoint"] :
    target => { ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = target }
  }

  catch = { for name, catchers in {
    failure  = [local.caught.NotifyFailure]
    model    = [local.caught.DeleteCandidateModel]
    config   = [local.caught.DeleteCandidateConfig]
    unborn   = [local.caught.FindUnbornCandidate]
    endpoint = [local.caught.DeleteCandidateEndpoint]
    # Before the first version is live there is no parameter.
    first = [
      { ErrorEquals = ["Ssm.ParameterNotFoundException"], ResultPath = "$.no_previous", Next = "NoPreviousVersion" },
      local.caught.NotifyFailure,
    ]
    champion = [
      { ErrorEquals = ["Ssm.ParameterNotFoundException"], ResultPath = null, Next = "PrepareFirstEvaluation" },
      local.caught.NotifyFailure,
    ]
    # A model is worth having without it.
    ingestion = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.ingestion_failure", Next = "NotifyFeaturesNotIngested" }]
    release = [
      { ErrorEquals = ["Sfn.StateMachineDoesNotExistException"], ResultPath = null, Next = "HasMetrics" },
      { ErrorEquals = ["States.ALL"], ResultPath = "$.release_failure", Next = "NotifyNotReleased" },
    ]
    archive = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.archive_failure", Next = "NotifyUnarchived" }]
  } : name => jsonencode(catchers) }
}

resource "aws_sfn_state_machine" "training" {
  # checkov:skip=CKV_AWS_285: With manual approval the log would contain task tokens; the history has all data for 90 days
  name       = local.name
  role_arn   = aws_iam_role.this.arn
  type       = "STANDARD"
  definition = jsonencode(jsondecode(local.definition))

  logging_configuration {
    level = "ALL"
    # Names, counts and metrics: no data rows pass through the pipeline. Task tokens would.
    include_execution_data = !local.waits
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks at creation that the role may write to the log group.
  depends_on = [aws_iam_role_policy.this]
}
