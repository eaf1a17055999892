# One release per blueprint at a time: the first execution creates the parameter, and the others wait. The lock of an
# execution that is no longer running (stopped, timed out) is taken over.
locals {
  lock_states = {
    TakeLock = {
      Type       = "Task"
      Resource   = "${local.sdk}:ssm:putParameter"
      Parameters = { "Name.$" = "$.paths.locks", "Value.$" = "$.execution", Type = "String", Overwrite = false }
      ResultPath = null
      Retry      = local.retry.lookup
      Catch      = concat([{ ErrorEquals = ["Ssm.ParameterAlreadyExistsException"], ResultPath = null, Next = "ReadLock" }], local.caught.NotifyFailure)
      Next       = "ReadSpec"
    }
    ReadLock = {
      Type       = "Task"
      Resource   = "${local.sdk}:ssm:getParameter"
      Parameters = { "Name.$" = "$.paths.locks" }
      ResultPath = "$.lock"
      Retry      = local.retry.lookup
      Catch      = concat([{ ErrorEquals = ["Ssm.ParameterNotFoundException"], ResultPath = null, Next = "TakeLock" }], local.caught.NotifyFailure)
      Next       = "HoldsLock"
    }
    HoldsLock = {
      Type    = "Choice"
      Choices = [{ Variable = "$.lock.Parameter.Value", StringEqualsPath = "$.execution", Next = "ReadSpec" }]
      Default = "DescribeLockHolder"
    }
    DescribeLockHolder = {
      Type           = "Task"
      Resource       = "${local.sdk}:sfn:describeExecution"
      Parameters     = { "ExecutionArn.$" = "$.lock.Parameter.Value" }
      ResultSelector = { "status.$" = "$.Status" }
      ResultPath     = "$.holder"
      Retry          = local.retry.throttle
      # Executions are forgotten after 90 days.
      Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.holder", Next = "SucceedHolder" }]
      Next  = "HolderRuns"
    }
    HolderRuns = {
      Type = "Choice"
      Choices = [
        { And = [{ Variable = "$.holder.status", StringEquals = "RUNNING" }, { Variable = "$.waits.count", NumericGreaterThanEquals = local.wait_limit }], Next = "WaitedTooLong" },
        { Variable = "$.holder.status", StringEquals = "RUNNING", Next = "CountWait" },
      ]
      Default = "SucceedHolder"
    }
    WaitForLock = { Type = "Wait", Seconds = var.poll_seconds, Next = "TakeLock" }
    SucceedHolder = {
      Comment    = "Two may succeed the same holder; after the pause the parameter says which of them did"
      Type       = "Task"
      Resource   = "${local.sdk}:ssm:putParameter"
      Parameters = { "Name.$" = "$.paths.locks", "Value.$" = "$.execution", Type = "String", Overwrite = true }
      ResultPath = null
      Retry      = local.retry.lookup
      Catch      = local.caught.NotifyFailure
      Next       = "LetLockSettle"
    }
    LetLockSettle = { Type = "Wait", Seconds = 2, Next = "ReadLock" }
  }
}
