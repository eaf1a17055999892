# After a failed update: the endpoint is back on its previous configuration, rolled back by SageMaker or by this state
# machine.
locals {
  return_states = {
    LookAfterFailure = {
      Type           = "Task"
      Resource       = "${local.sdk}:sagemaker:describeEndpoint"
      Parameters     = { "EndpointName.$" = "$.spec.content.endpoint_name" }
      ResultSelector = { "status.$" = "$.EndpointStatus", "config.$" = "$.EndpointConfigName" }
      ResultPath     = "$.after"
      Retry          = local.retry.api
      Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "RecordStuck" }]
      Next           = "CountLook"
    }
    BackAgain = {
      Type = "Choice"
      Choices = [
        { And = [{ Variable = "$.after.status", StringEquals = "InService" }, { Variable = "$.after.config", StringEqualsPath = "$.before.config" }], Next = "RecordRolledBack" },
        { And = [{ Variable = "$.after.status", StringEquals = "InService" }, { Variable = "$.returned", BooleanEquals = false }], Next = "GoBack" },
        { Variable = "$.return_polls.count", NumericGreaterThanEquals = local.poll_limit, Next = "RecordStuck" },
        { Or = [for status in ["Updating", "SystemUpdating", "RollingBack"] : { Variable = "$.after.status", StringEquals = status }], Next = "WaitForReturn" },
      ]
      Default = "RecordStuck"
    }
    GoBack = {
      Comment  = "At once and without alarms: those that the new version raised would keep us from leaving it"
      Type     = "Task"
      Resource = "${local.sdk}:sagemaker:updateEndpoint"
      Parameters = {
        "EndpointName.$"                     = "$.spec.content.endpoint_name"
        "EndpointConfigName.$"               = "$.before.config"
        "RetainAllVariantProperties.$"       = "$.spec.content.retain.all"
        "ExcludeRetainedVariantProperties.$" = "$.spec.content.retain.except"
        DeploymentConfig = {
          BlueGreenUpdatePolicy = {
            TrafficRoutingConfiguration = { Type = "ALL_AT_ONCE", WaitIntervalInSeconds = 0 }
          }
        }
      }
      ResultPath = null
      Retry      = local.retry.throttle
      Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "RecordStuck" }]
      Next       = "NoteReturn"
    }
    NoteReturn    = { Type = "Pass", Result = true, ResultPath = "$.returned", Next = "WaitForReturn" }
    WaitForReturn = { Type = "Wait", Seconds = var.poll_seconds, Next = "LookAfterFailure" }
    RecordRolledBack = {
      Type       = "Pass"
      Parameters = merge(local.record_of_failure, { status = "rolled-back", "config_name.$" = "$.before.config" })
      ResultPath = "$.new_record"
      Next       = "WriteFailureRecord"
    }
    RecordStuck = {
      Comment    = "The endpoint could not be brought back, or its state is unknown: an operator has to check"
      Type       = "Pass"
      Parameters = merge(local.record_of_failure, { status = "stuck", "config_name.$" = "$.before.config" })
      ResultPath = "$.new_record"
      Next       = "WriteFailureRecord"
    }
    RecordFailed = {
      Comment    = "The endpoint was not touched"
      Type       = "Pass"
      Parameters = merge(local.record_of_failure, { status = "failed", "config_name.$" = "$.before.config" })
      ResultPath = "$.new_record"
      Next       = "WriteFailureRecord"
    }
    WriteFailureRecord = merge(local.write_record, {
      Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.record_failure", Next = "FreeLockAfterFailure" }]
      Next  = "FreeLockAfterFailure"
    })
  }
}
