# The update and its verification: SageMaker may roll back and still report the endpoint as InService.
locals {
  update_states = {
    MayHaveNoInstance = {
      Comment = "An asynchronous endpoint keeps autoscaling's count, but none would be no fleet that could be tried"
      Type    = "Choice"
      Choices = [{ Variable = "$.spec.content.config.AsyncInferenceConfig", IsPresent = true, Next = "CountInstances" }]
      Default = "UpdateEndpoint"
    }
    CountInstances = {
      Type           = "Task"
      Resource       = "${local.sdk}:sagemaker:describeEndpoint"
      Parameters     = { "EndpointName.$" = "$.spec.content.endpoint_name" }
      ResultSelector = { "variant.$" = "$.ProductionVariants[0]" }
      ResultPath     = "$.instances"
      Retry          = local.retry.api
      Catch          = local.caught.RecordFailed
      Next           = "HasInstance"
    }
    HasInstance = {
      Type    = "Choice"
      Choices = [{ Variable = "$.instances.variant.DesiredInstanceCount", NumericEquals = 0, Next = "StartInstance" }]
      Default = "UpdateEndpoint"
    }
    StartInstance = {
      Comment    = "As many as the configuration says; autoscaling takes them away again"
      Type       = "Pass"
      Result     = { all = false, except = [] }
      ResultPath = "$.spec.content.retain"
      Next       = "UpdateEndpoint"
    }
    UpdateEndpoint = {
      Type     = "Task"
      Resource = "${local.sdk}:sagemaker:updateEndpoint"
      Parameters = {
        "EndpointName.$"                     = "$.spec.content.endpoint_name"
        "EndpointConfigName.$"               = "$.wanted.name"
        "RetainAllVariantProperties.$"       = "$.spec.content.retain.all"
        "ExcludeRetainedVariantProperties.$" = "$.spec.content.retain.except"
        "DeploymentConfig.$"                 = "$.spec.content.deployment"
      }
      ResultPath = null
      Retry      = local.retry.throttle
      Catch      = local.caught.LookAfterFailure
      Next       = "WaitForUpdate"
    }
    WaitForUpdate = { Type = "Wait", Seconds = var.poll_seconds, Next = "DescribeUpdate" }
    DescribeUpdate = {
      Type       = "Task"
      Resource   = "${local.sdk}:sagemaker:describeEndpoint"
      Parameters = { "EndpointName.$" = "$.spec.content.endpoint_name" }
      ResultPath = "$.update"
      Retry      = local.retry.api
      Catch      = local.caught.LookAfterFailure
      Next       = "CountPoll"
    }
    UpdateEnded = {
      Type = "Choice"
      Choices = [
        { And = [{ Variable = "$.update.EndpointStatus", StringEquals = "InService" }, { Variable = "$.update.EndpointConfigName", StringEqualsPath = "$.wanted.name" }], Next = "HasQueue" },
        { And = [{ Variable = "$.update.EndpointStatus", StringEquals = "InService" }, { Variable = "$.update.FailureReason", IsPresent = true }], Next = "RolledBackWithReason" },
        { Variable = "$.update.EndpointStatus", StringEquals = "InService", Next = "RolledBackSilently" },
        { Variable = "$.polls.count", NumericGreaterThanEquals = local.poll_limit, Next = "UpdateNotSettled" },
        { Or = [for status in ["Updating", "SystemUpdating", "RollingBack"] : { Variable = "$.update.EndpointStatus", StringEquals = status }], Next = "WaitForUpdate" },
      ]
      Default = "UpdateNotSettled"
    }
    HasQueue = {
      Type    = "Choice"
      Choices = [{ Variable = "$.spec.content.probe.queue", IsPresent = true, Next = "ProbeQueue" }]
      Default = "Probe"
    }
    ProbeQueue = {
      Comment  = "One request behind those that wait; the response names the place of its answer at once"
      Type     = "Task"
      Resource = "arn:${local.partition}:states:::lambda:invoke"
      Parameters = {
        FunctionName = var.probe_function_arn
        "Payload.$"  = "States.JsonMerge($.spec.content.probe, $.wanted.speaker, false)"
      }
      ResultSelector = { "places.$" = "$.Payload" }
      ResultPath     = "$.asked_queue"
      Retry          = local.retry.probe
      Catch          = local.caught.LookAfterFailure
      Next           = "ReadAnswer"
    }
    ReadAnswer = {
      Comment  = "Until it is there. An endpoint that takes longer than an hour to answer does not work"
      Type     = "Task"
      Resource = "arn:${local.partition}:states:::lambda:invoke"
      Parameters = {
        FunctionName = var.probe_function_arn
        "Payload.$"  = "States.JsonMerge($.asked_queue.places, $.wanted.speaker, false)"
      }
      ResultPath = null
      Retry = concat(
        [{ ErrorEquals = ["AnswerPending"], IntervalSeconds = var.poll_seconds, MaxAttempts = local.answer_polls, BackoffRate = 1.0001 }], # not a whole number: statelint wants a float
        local.retry.probe,
      )
      Catch = local.caught.LookAfterFailure
      Next  = "ComposeRecord"
    }
    Probe = {
      Comment  = "Invoked as the specification says; the response names the training job of its model"
      Type     = "Task"
      Resource = "arn:${local.partition}:states:::lambda:invoke"
      Parameters = {
        FunctionName = var.probe_function_arn
        "Payload.$"  = "States.JsonMerge($.spec.content.probe, $.wanted.speaker, false)"
      }
      ResultPath = null
      Retry      = local.retry.probe
      Catch      = local.caught.LookAfterFailure
      Next       = "ComposeRecord"
    }
    ComposeRecord = {
      Type = "Pass"
      Parameters = merge(local.record_of_success, {
        "previous_config_name.$" = "$.before.config"
        "older_config_name.$"    = "$.record.content.previous_config_name"
      })
      ResultPath = "$.new_record"
      Next       = "WriteRecord"
    }
  }
}
