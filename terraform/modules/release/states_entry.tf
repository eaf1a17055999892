# One blueprint, or every endpoint of a model group, each with its own execution.
locals {
  entry_states = {
    CheckInput = {
      Type = "Choice"
      Choices = [
        { And = [{ Variable = "$.blueprint", IsPresent = true }, { Variable = "$.model_version", IsPresent = true }], Next = "PrepareAsked" },
        { Variable = "$.blueprint", IsPresent = true, Next = "PrepareLive" },
        { And = [{ Variable = "$.model_package_group_name", IsPresent = true }, { Variable = "$.model_package_arn", IsPresent = true }], Next = "EveryEndpointAsked" },
        { Variable = "$.model_package_group_name", IsPresent = true, Next = "EveryEndpointLive" },
      ]
      Default = "InvalidInput"
    }
    InvalidInput = {
      Type       = "Pass"
      Result     = { Error = "InvalidInput", Cause = "The input needs blueprint (and perhaps model_version), or model_package_group_name (and perhaps model_package_arn)." }
      ResultPath = "$.failure"
      Next       = "NotifyFailure"
    }
    PrepareAsked = {
      Comment    = "A requested version, whichever is live"
      Type       = "Pass"
      Parameters = merge(local.prepared, { asked = true, "version" = { "arn.$" = "$.model_version" } })
      Next       = "TakeLock"
    }
    PrepareLive = {
      Type       = "Pass"
      Parameters = merge(local.prepared, { asked = false })
      Next       = "TakeLock"
    }
  }

  prepared = {
    "blueprint.$"  = "$.blueprint"
    "execution.$"  = "$$.Execution.Id"
    "paths"        = { for kind in ["specs", "records", "locks"] : "${kind}.$" => "States.Format('${local.release_path}/${kind}/{}', $.blueprint)" }
    "waits"        = { count = 0 }
    "polls"        = { count = 0 }
    "return_polls" = { count = 0 }
    "returned"     = false
  }

  every_endpoint_states = merge(
    { for name, extra in { EveryEndpointAsked = { "model_version.$" = "$.model_package_arn" }, EveryEndpointLive = {} } : name => {
      Type                                    = "Pass"
      Parameters                              = { "group.$" = "$.model_package_group_name", extra = extra }
      Next                                    = "ListSpecs"
    } },
    { for name, more in { ListSpecs = {}, ListMoreSpecs = { "NextToken.$" = "$.page.NextToken" } } : name => {
      Type                          = "Task"
      Resource                      = "${local.sdk}:ssm:getParametersByPath"
      Parameters                    = merge({ Path = "${local.release_path}/specs" }, more)
      ResultPath                    = "$.page"
      Retry                         = local.retry.api
      Catch                         = local.caught.NotifyFailure
      Next                          = "StartReleases"
    } },
    {
      StartReleases = {
        Type           = "Map"
        ItemsPath      = "$.page.Parameters"
        MaxConcurrency = 5
        ItemSelector   = { "value.$" = "$$.Map.Item.Value.Value", "group.$" = "$.group", "extra.$" = "$.extra" }
        ItemProcessor = {
          ProcessorConfig = { Mode = "INLINE" }
          StartAt         = "ReadItem"
          States          = local.item_states
        }
        ResultPath = "$.started"
        Catch      = local.caught.NotifyFailure
        Next       = "MoreSpecs"
      }
      MoreSpecs = {
        Type    = "Choice"
        Choices = [{ Variable = "$.page.NextToken", IsPresent = true, Next = "ListMoreSpecs" }]
        Default = "Started"
      }
      Started = { Type = "Succeed" }
    },
  )

  item_states = {
    ReadItem = {
      Type       = "Pass"
      Parameters = { "spec.$" = "States.StringToJson($.value)", "group.$" = "$.group", "extra.$" = "$.extra" }
      Next       = "SameGroup"
    }
    SameGroup = {
      Type    = "Choice"
      Choices = [{ Variable = "$.spec.model_group_name", StringEqualsPath = "$.group", Next = "ComposeInput" }]
      Default = "OtherGroup"
    }
    OtherGroup = { Type = "Pass", Result = "of another group", End = true }
    ComposeInput = {
      Type       = "Pass"
      Parameters = { input = { "blueprint.$" = "$.spec.blueprint" }, "extra.$" = "$.extra" }
      Next       = "StartRelease"
    }
    StartRelease = {
      Comment    = "Not waited for: each release tells its own end"
      Type       = "Task"
      Resource   = "arn:${local.partition}:states:::states:startExecution"
      Parameters = { StateMachineArn = local.machine_arn, "Input.$" = "States.JsonMerge($.input, $.extra, false)" }
      Retry      = local.retry.api
      End        = true
    }
  }
}
