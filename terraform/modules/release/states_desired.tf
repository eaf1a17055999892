# Desired and actual state: specification, version and record on one side, the endpoint on the other.
locals {
  desired_states = {
    ReadSpec = {
      Type           = "Task"
      Resource       = "${local.sdk}:ssm:getParameter"
      Parameters     = { "Name.$" = "$.paths.specs" }
      ResultSelector = { "content.$" = "States.StringToJson($.Parameter.Value)" }
      ResultPath     = "$.spec"
      Retry          = local.retry.lookup
      Catch          = concat([{ ErrorEquals = ["Ssm.ParameterNotFoundException"], ResultPath = null, Next = "NoEndpoint" }], local.caught.FreeLockAfterFailure)
      Next           = "ReadRecord"
    }
    ReadRecord = {
      Type           = "Task"
      Resource       = "${local.sdk}:ssm:getParameter"
      Parameters     = { "Name.$" = "$.paths.records" }
      ResultSelector = { "content.$" = "States.StringToJson($.Parameter.Value)" }
      ResultPath     = "$.record"
      Retry          = local.retry.lookup
      Catch          = concat([{ ErrorEquals = ["Ssm.ParameterNotFoundException"], ResultPath = null, Next = "NoRecord" }], local.caught.FreeLockAfterFailure)
      Next           = "HasEndpoint"
    }
    NoRecord = {
      Comment    = "The first release: the endpoint runs what Terraform launched it with"
      Type       = "Pass"
      Result     = { content = { status = "launched", config_name = "", model_package_arn = "", asked = false, previous_config_name = "", older_config_name = "" } }
      ResultPath = "$.record"
      Next       = "HasEndpoint"
    }
    HasEndpoint = {
      Comment = "Batch blueprints have none: their jobs take the model that the record names, or the first one"
      Type    = "Choice"
      Choices = [
        { Variable = "$.spec.content.config", IsPresent = true, Next = "DescribeEndpoint" },
        { Variable = "$.record.content.config_name", StringEquals = "", Next = "TakeLaunchedModel" },
      ]
      Default = "TakeRecordedModel"
    }
    TakeLaunchedModel = {
      Type       = "Pass"
      Parameters = { status = "InService", "config.$" = "$.spec.content.launch_config_name" }
      ResultPath = "$.before"
      Next       = "VersionAsked"
    }
    TakeRecordedModel = {
      Type       = "Pass"
      Parameters = { status = "InService", "config.$" = "$.record.content.config_name" }
      ResultPath = "$.before"
      Next       = "VersionAsked"
    }
    DescribeEndpoint = {
      Type           = "Task"
      Resource       = "${local.sdk}:sagemaker:describeEndpoint"
      Parameters     = { "EndpointName.$" = "$.spec.content.endpoint_name" }
      ResultSelector = { "status.$" = "$.EndpointStatus", "config.$" = "$.EndpointConfigName" }
      ResultPath     = "$.before"
      Retry          = local.retry.api
      Catch          = local.caught.FreeLockAfterFailure
      Next           = "VersionAsked"
    }
    VersionAsked = {
      Type    = "Choice"
      Choices = [{ Variable = "$.asked", BooleanEquals = true, Next = "DescribeVersion" }]
      Default = "ReadLiveVersion"
    }
    ReadLiveVersion = {
      Type           = "Task"
      Resource       = "${local.sdk}:ssm:getParameter"
      Parameters     = { "Name.$" = "$.spec.content.live_parameter_name" }
      ResultSelector = { "content.$" = "States.StringToJson($.Parameter.Value)" }
      ResultPath     = "$.live"
      Retry          = local.retry.lookup
      Catch          = local.caught.RecordFailed
      Next           = "TakeLiveVersion"
    }
    TakeLiveVersion = {
      Type       = "Pass"
      Parameters = { "arn.$" = "$.live.content.model_package_arn" }
      ResultPath = "$.version"
      Next       = "DescribeVersion"
    }
    DescribeVersion = {
      Type       = "Task"
      Resource   = "${local.sdk}:sagemaker:describeModelPackage"
      Parameters = { "ModelPackageName.$" = "$.version.arn" }
      ResultPath = "$.package"
      Retry      = local.retry.api
      Catch      = local.caught.RecordFailed
      Next       = "VersionFits"
    }
    VersionFits = {
      Type = "Choice"
      Choices = [{
        And = [
          { Variable = "$.package.ModelPackageGroupName", StringEqualsPath = "$.spec.content.model_group_name" },
          { Variable = "$.package.ModelApprovalStatus", StringEquals = "Approved" },
          # An imported version has no training job: its identity is the hash of its archive.
          { Or = [
            { Variable = "$.package.CustomerMetadataProperties.training_job", IsPresent = true },
            { And = [for name in ["imported", "model_sha256"] : { Variable = "$.package.CustomerMetadataProperties.${name}", IsPresent = true }] },
          ] },
        ]
        Next = "NameRelease"
      }]
      Default = "VersionRefused"
    }
    VersionHashed = {
      Comment = "A version from before archives were registered by their hash can stay where it runs, and goes nowhere else"
      Type    = "Choice"
      Choices = [{
        And  = [for name in ["model_sha256", "model_files_sha256"] : { Variable = "$.package.CustomerMetadataProperties.${name}", IsPresent = true }]
        Next = "CompareArchive"
      }]
      Default = "VersionWithoutHash"
    }
    CompareArchive = {
      Type     = "Task"
      Resource = "arn:${local.partition}:states:::lambda:invoke"
      Parameters = {
        FunctionName = var.model_artifacts_function_arn
        Payload = {
          action             = "verify"
          "model_data_url.$" = "$.wanted.container.ModelDataUrl"
          "sha256.$"         = "$.package.CustomerMetadataProperties.model_sha256"
        }
      }
      ResultPath = null
      Retry      = local.retry.function
      Catch      = local.caught.RecordFailed
      Next       = "NameFiles"
    }
    NameFiles = {
      Comment    = "The container compares the unpacked files with this before it loads them"
      Type       = "Pass"
      Parameters = { "MODEL_FILES_SHA256.$" = "$.package.CustomerMetadataProperties.model_files_sha256" }
      ResultPath = "$.wanted.files"
      Next       = "FindModel"
    }
    NameRelease = {
      Comment = "Model and configuration are named by content, so that of the same there is one"
      Type    = "Pass"
      Parameters = {
        "name.$"      = "States.Format('${var.context.name_prefix}-{}-{}-v{}', $.blueprint, $.spec.content.hash, $.package.ModelPackageVersion)"
        "container.$" = "States.ArrayGetItem($.package.InferenceSpecification.Containers, 0)"
      }
      ResultPath = "$.wanted"
      Next       = "VersionTrained"
    }
    VersionTrained = {
      Type    = "Choice"
      Choices = [{ Variable = "$.package.CustomerMetadataProperties.training_job", IsPresent = true, Next = "ExpectTrainingJob" }]
      Default = "ExpectAnyAnswer"
    }
    ExpectTrainingJob = {
      Comment    = "A trained model says in each answer which job has trained it"
      Type       = "Pass"
      Parameters = { "training_job.$" = "$.package.CustomerMetadataProperties.training_job" }
      ResultPath = "$.wanted.speaker"
      Next       = "CutContainer"
    }
    ExpectAnyAnswer = {
      Comment    = "Of an imported model, the archive's hash is compared, and not what it says about itself"
      Type       = "Pass"
      Parameters = { "training_job.$" = "$.package.CustomerMetadataProperties.model_sha256", any_training_job = true }
      ResultPath = "$.wanted.speaker"
      Next       = "CutContainer"
    }
    CutContainer = {
      Comment    = "Of the version's container, what a model is made from"
      Type       = "Pass"
      Parameters = { "Image.$" = "$.wanted.container.Image", "ModelDataUrl.$" = "$.wanted.container.ModelDataUrl" }
      ResultPath = "$.wanted.container"
      Next       = "EndpointReady"
    }
    EndpointReady = {
      Type = "Choice"
      Choices = [
        { And = [{ Variable = "$.before.status", StringEquals = "InService" }, { Variable = "$.before.config", StringEqualsPath = "$.wanted.name" }], Next = "AlreadyRecorded" },
        { Variable = "$.before.status", StringEquals = "InService", Next = "VersionHashed" },
      ]
      Default = "EndpointBusy"
    }
    AlreadyRecorded = {
      Comment = "Nothing new"
      Type    = "Choice"
      Choices = [{
        And = [
          { Variable = "$.record.content.status", StringEquals = "released" },
          { Variable = "$.record.content.config_name", StringEqualsPath = "$.wanted.name" },
          { Variable = "$.record.content.asked", BooleanEqualsPath = "$.asked" },
        ]
        Next = "FreeLock"
      }]
      Default = "ComposeConfirmation"
    }
    ComposeConfirmation = {
      Comment = "It runs, but nothing says so yet: the launch, or what a failed release came back to"
      Type    = "Pass"
      Parameters = merge(local.record_of_success, {
        "previous_config_name.$" = "$.record.content.previous_config_name"
        "older_config_name.$"    = "$.record.content.older_config_name"
      })
      ResultPath = "$.new_record"
      Next       = "ConfirmRecord"
    }
    ConfirmRecord = merge(local.write_record, {
      Catch = local.caught.FreeLockAfterFailure
      Next  = "FreeLock"
    })
  }
}
