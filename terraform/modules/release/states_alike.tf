# States that differ in few values: each kind is a table, followed by what its rows have in common.
locals {
  # Failures that no task reports.
  failures = {
    NoEndpoint           = { error = "NoEndpoint", next = "FreeLockAfterFailure", cause = "'There is no parameter {}: no endpoint of this blueprint is deployed.', $.paths.specs" }
    VersionRefused       = { error = "VersionRefused", next = "RecordFailed", cause = "'{} is {} and of group {}: an approved version of {} that says its training_job, or was imported, is needed.', $.version.arn, $.package.ModelApprovalStatus, $.package.ModelPackageGroupName, $.spec.content.model_group_name" }
    VersionWithoutHash   = { error = "VersionRefused", next = "RecordFailed", cause = "'{} does not say the sha256 of its archive (model_sha256, model_files_sha256), so nothing tells whether it was replaced: train a new version.', $.version.arn" }
    EndpointBusy         = { error = "EndpointBusy", next = "RecordFailed", cause = "'Endpoint {} is {}; only one that is InService can be released to.', $.spec.content.endpoint_name, $.before.status" }
    WaitedTooLong        = { error = "ReleaseBusy", next = "NotifyFailure", cause = "'Another release of {} is still under way: {}', $.blueprint, $.lock.Parameter.Value" }
    RolledBackWithReason = { error = "UpdateRolledBack", next = "LookAfterFailure", cause = "'SageMaker kept {} on {}; wanted was {}: {}', $.spec.content.endpoint_name, $.update.EndpointConfigName, $.wanted.name, $.update.FailureReason" }
    RolledBackSilently   = { error = "UpdateRolledBack", next = "LookAfterFailure", cause = "'SageMaker kept {} on {} and gives no reason; wanted was {}. Its alarms may have fired.', $.spec.content.endpoint_name, $.update.EndpointConfigName, $.wanted.name" }
    UpdateNotSettled     = { error = "UpdateNotSettled", next = "LookAfterFailure", cause = "'Endpoint {} is {} after {} looks.', $.spec.content.endpoint_name, $.update.EndpointStatus, $.polls.count" }
    RenameError          = { error = "StepFailed", next = "Failed", cause = "'{}: {}', $.failure.Error, $.failure.Cause" }
  }
  failure_states = { for name, failure in local.failures : name => {
    Type       = "Pass"
    Parameters = { Error = failure.error, "Cause.$" = "States.Format(${failure.cause})" }
    ResultPath = "$.failure"
    Next       = failure.next
  } }

  counters = {
    CountWait = { of = "waits", next = "WaitForLock" }
    CountPoll = { of = "polls", next = "UpdateEnded" }
    CountLook = { of = "return_polls", next = "BackAgain" }
  }
  counter_states = { for name, counter in local.counters : name => {
    Type       = "Pass"
    Parameters = { "count.$" = "States.MathAdd($.${counter.of}.count, 1)" }
    ResultPath = "$.${counter.of}"
    Next       = counter.next
  } }

  free_lock_states = { for name, next in { FreeLock = "SomethingReleased", FreeLockAfterFailure = "NotifyFailure" } : name => {
    Type       = "Task"
    Resource   = "${local.sdk}:ssm:deleteParameter"
    Parameters = { "Name.$" = "$.paths.locks" }
    ResultPath = null
    Retry      = local.retry.lookup
    # The next release finds that this one no longer runs.
    Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.lock_failure", Next = next }]
    Next  = next
  } }

  notifications = {
    NotifySuccess = { subject = "model version released", message = "States.JsonToString($.new_record)", next = "Released" }
    NotifyFailure = { subject = "release failed", message = "States.Format('{} failed with {}: {}', $$.Execution.Id, $.failure.Error, $.failure.Cause)", next = "ErrorNameReserved" }
  }
  notify_states = { for name, each in local.notifications : name => {
    Type     = "Task"
    Resource = "arn:${local.partition}:states:::sns:publish"
    Parameters = {
      TopicArn    = var.topic_arn
      Subject     = "${var.context.name_prefix}: ${each.subject}"
      "Message.$" = each.message
    }
    ResultPath = null
    Retry      = local.retry.api
    Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.notification_failure", Next = each.next }]
    Next       = each.next
  } }

  success_states = { for name, changed in { Released = true, NothingNew = false } : name => {
    Type       = "Pass"
    Parameters = { changed = changed, "blueprint.$" = "$.blueprint", "config_name.$" = "$.wanted.name", "previous_config_name.$" = "$.before.config", "model_package_arn.$" = "$.version.arn" }
    End        = true
  } }
}
