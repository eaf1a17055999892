data "aws_partition" "current" {}

locals {
  partition    = data.aws_partition.current.partition
  name         = "${var.context.name_prefix}-release"
  region_arn   = "${var.context.region}:${var.context.account_id}"
  machine_arn  = "arn:${local.partition}:states:${local.region_arn}:stateMachine:${local.name}"
  release_path = "/${var.context.project}/${var.context.environment}/releases"
  live_path    = "/${var.context.project}/${var.context.environment}/models"
  sdk          = "arn:${local.partition}:states:::aws-sdk"

  # An update may take an hour, and so may its rollback.
  update_limit_seconds = 2 * 3600
  poll_limit           = ceil(local.update_limit_seconds / var.poll_seconds)
  # How long the probe waits for an asynchronous answer, behind the queued requests.
  answer_polls = ceil(3600 / var.poll_seconds)
  # A release that waits for another one waits as long as that may take.
  wait_limit = 2 * local.poll_limit + 60

  tags = [for key in sort(keys(var.context.tags)) : { Key = key, Value = var.context.tags[key] }]
}

# Retries by error. Errors about the request (not found, already exists) are results here and are not retried.
locals {
  transient_lambda_errors = [{
    ErrorEquals     = ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"]
    IntervalSeconds = 2
    MaxAttempts     = 5
    BackoffRate     = 1.5
  }]

  retry = {
    api      = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 2, MaxAttempts = 2, BackoffRate = 1.5 }]
    lookup   = [{ ErrorEquals = ["Ssm.InternalServerErrorException", "Ssm.TooManyUpdatesException", "Ssm.ThrottlingException"], IntervalSeconds = 2, MaxAttempts = 3, BackoffRate = 1.5 }]
    throttle = [{ ErrorEquals = ["SageMaker.ThrottlingException", "Sfn.ThrottlingException"], IntervalSeconds = 2, MaxAttempts = 3, BackoffRate = 1.5 }]
    function = local.transient_lambda_errors
    probe = concat(local.transient_lambda_errors, [
      # A serverless endpoint may take a minute or two for its first answer.
      { ErrorEquals = ["EndpointUnavailable"], IntervalSeconds = 5, MaxAttempts = 5, BackoffRate = 1.5 },
    ])
  }

  caught = { for target in ["NotifyFailure", "FreeLockAfterFailure", "RecordFailed", "LookAfterFailure", "RecordStuck"] :
    target => [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = target }]
  }
}

resource "aws_sfn_state_machine" "this" {
  name     = local.name
  role_arn = aws_iam_role.this.arn
  type     = "STANDARD"

  definition = jsonencode({
    Comment        = "Release of ${var.context.name_prefix}: an endpoint gets what its specification and a model version make, or keeps what it has"
    StartAt        = "CheckInput"
    TimeoutSeconds = 4 * local.update_limit_seconds
    States = merge(
      local.entry_states, local.every_endpoint_states, local.lock_states, local.desired_states, local.create_states, local.update_states, local.return_states, local.end_states,
      local.failure_states, local.counter_states, local.free_lock_states, local.notify_states, local.success_states,
    )
  })

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true # names, versions and settings; no request to a model passes through here
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks at creation that the role may write to the log group.
  depends_on = [aws_iam_role_policy.this]
}
