# Record, clean-up and notification.
locals {
  write_record = {
    Type     = "Task"
    Resource = "${local.sdk}:ssm:putParameter"
    Parameters = {
      "Name.$"  = "$.paths.records"
      Type      = "String"
      Overwrite = true
      "Value.$" = "States.JsonToString($.new_record)"
    }
    ResultPath = null
    Retry      = local.retry.api
  }

  record_of_success = {
    status                = "released"
    "blueprint.$"         = "$.blueprint"
    "asked.$"             = "$.asked"
    "config_name.$"       = "$.wanted.name"
    "model_package_arn.$" = "$.version.arn"
    "execution_arn.$"     = "$.execution"
    "at.$"                = "$$.State.EnteredTime"
  }

  # The record keeps the running configuration. The cause may be longer than a parameter, so it stays in the execution.
  record_of_failure = {
    "blueprint.$"            = "$.blueprint"
    "asked.$"                = "$.record.content.asked"
    "model_package_arn.$"    = "$.record.content.model_package_arn"
    "previous_config_name.$" = "$.record.content.previous_config_name"
    "older_config_name.$"    = "$.record.content.older_config_name"
    "reason.$"               = "$.failure.Error"
    "execution_arn.$"        = "$.execution"
    "at.$"                   = "$$.State.EnteredTime"
  }

  end_states = {
    WriteRecord = merge(local.write_record, {
      Catch = local.caught.LookAfterFailure
      Next  = "SomethingToRemove"
    })
    ComposeModelRecord = {
      Comment = "Jobs requested from here on take this model. All models stay: a repeated request keeps its own"
      Type    = "Pass"
      Parameters = merge(local.record_of_success, {
        "previous_config_name.$" = "$.before.config"
        older_config_name        = ""
      })
      ResultPath = "$.new_record"
      Next       = "WriteModelRecord"
    }
    WriteModelRecord = merge(local.write_record, {
      ResultPath = "$.update" # there was one; it is part of the notification
      Catch      = local.caught.FreeLockAfterFailure
      Next       = "FreeLock"
    })
    SomethingToRemove = {
      Comment = "Three configurations stay: the one that runs and two to go back to. The launch's belongs to Terraform."
      Type    = "Choice"
      Choices = [{
        Or = concat(
          [{ Variable = "$.record.content.older_config_name", StringEquals = "" }],
          [for keeper in ["$.new_record.config_name", "$.new_record.previous_config_name", "$.new_record.older_config_name", "$.spec.content.launch_config_name"] : { Variable = "$.record.content.older_config_name", StringEqualsPath = keeper }],
        )
        Next = "FreeLock"
      }]
      Default = "RemoveConfig"
    }
    RemoveConfig = {
      Type       = "Task"
      Resource   = "${local.sdk}:sagemaker:deleteEndpointConfig"
      Parameters = { "EndpointConfigName.$" = "$.record.content.older_config_name" }
      ResultPath = null
      Retry      = local.retry.throttle
      # It may be gone already, and costs nothing where it is not; destroying the environment removes it.
      Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.cleanup_failure", Next = "RemoveModel" }]
      Next  = "RemoveModel"
    }
    RemoveModel = {
      Type       = "Task"
      Resource   = "${local.sdk}:sagemaker:deleteModel"
      Parameters = { "ModelName.$" = "$.record.content.older_config_name" }
      ResultPath = null
      Retry      = local.retry.throttle
      Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.cleanup_failure", Next = "FreeLock" }]
      Next       = "FreeLock"
    }
    SomethingReleased = {
      Type    = "Choice"
      Choices = [{ Variable = "$.update", IsPresent = true, Next = "NotifySuccess" }]
      Default = "NothingNew"
    }
    ErrorNameReserved = {
      Comment = "Names that begin with 'States.' are the service's own; a Fail state must not use them."
      Type    = "Choice"
      Choices = [{ Variable = "$.failure.Error", StringMatches = "States.*", Next = "RenameError" }]
      Default = "Failed"
    }
    Failed = { Type = "Fail", ErrorPath = "$.failure.Error", CausePath = "$.failure.Cause" }
  }
}
