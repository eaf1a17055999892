# Model and configuration, unless they are there.
locals {
  optional_members = ["KmsKeyId", "DataCaptureConfig", "ShadowProductionVariants", "AsyncInferenceConfig"]

  # A member that is not there cannot be passed on, so there is one state for each combination of those that may miss.
  # Asynchronous endpoints have neither a shadow nor a capture.
  combinations = { for chosen in concat(
    [for each in setproduct([[], ["KmsKeyId"]], [[], ["DataCaptureConfig"]], [[], ["ShadowProductionVariants"]]) : flatten(each)],
    [["AsyncInferenceConfig"], ["KmsKeyId", "AsyncInferenceConfig"]],
    ) :
    join("", concat(["CreateConfig"], [for member in chosen : { KmsKeyId = "WithKey", DataCaptureConfig = "WithCapture", ShadowProductionVariants = "WithShadow", AsyncInferenceConfig = "WithQueue" }[member]])) => chosen
  }

  # Settings of every endpoint model; serverless ones have neither VPC nor network isolation.
  own_of_model = { "ModelName.$" = "$.wanted.name", "ExecutionRoleArn.$" = "$.spec.content.execution_role_arn", Tags = local.tags }
  network_of_model = {
    "EnableNetworkIsolation.$" = "$.spec.content.model.EnableNetworkIsolation"
    "VpcConfig.$"              = "$.spec.content.model.VpcConfig"
  }

  # The version's image and archive, overridden by the container's specification: its archive takes precedence.
  merged_container = "States.JsonMerge($.wanted.container, $.spec.content.model.Container, false)"

  # If the container loads the version's archive, it gets the hash of the archive's files.
  checked_container = "States.JsonMerge(${local.merged_container}, $.wanted.checked, false)"

  # One state for each form of a model, since members that are not there cannot be passed on.
  create_model = {
    CreateModel               = merge(local.own_of_model, local.network_of_model, { "PrimaryContainer.$" = local.checked_container })
    CreateModelWithoutNetwork = merge(local.own_of_model, { "PrimaryContainer.$" = local.checked_container })
    CreateModelOfMany         = merge(local.own_of_model, local.network_of_model, { "PrimaryContainer.$" = local.merged_container })
    CreateModelOfContainers = merge(local.own_of_model, local.network_of_model, {
      "Containers.$"               = "$.containers.merged"
      "InferenceExecutionConfig.$" = "$.spec.content.model.InferenceExecutionConfig"
    })
  }

  create_states = merge(
    {
      FindModel = {
        Type           = "Task"
        Resource       = "${local.sdk}:sagemaker:describeModel"
        Parameters     = { "ModelName.$" = "$.wanted.name" }
        ResultSelector = { "name.$" = "$.ModelName" }
        ResultPath     = "$.found_model"
        Retry          = local.retry.throttle
        # SageMaker has no specific not-found error. After any other error, creation fails too and reports the cause.
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "ChooseModel" }]
        Next  = "NeedsConfig"
      }
      ChooseModel = {
        Type = "Choice"
        Choices = [
          { Variable = "$.spec.content.model.Containers", IsPresent = true, Next = "ComposeContainers" },
          { Variable = "$.spec.content.model.Container.ModelDataUrl", IsPresent = true, Next = "CreateModelOfMany" },
        ]
        Default = "ComposeEnvironment"
      }
      ComposeEnvironment = {
        Type       = "Pass"
        Parameters = { "Environment.$" = "States.JsonMerge($.spec.content.model.Container.Environment, $.wanted.files, false)" }
        ResultPath = "$.wanted.checked"
        Next       = "ChooseNetwork"
      }
      ChooseNetwork = {
        Type    = "Choice"
        Choices = [{ Variable = "$.spec.content.model.VpcConfig", IsPresent = false, Next = "CreateModelWithoutNetwork" }]
        Default = "CreateModel"
      }
      ComposeContainers = {
        Comment      = "The first container is the version's; one that names its model package keeps it"
        Type         = "Map"
        ItemsPath    = "$.spec.content.model.Containers"
        ItemSelector = { "version.$" = "$.wanted.container", "container.$" = "$$.Map.Item.Value" }
        ItemProcessor = {
          ProcessorConfig = { Mode = "INLINE" }
          StartAt         = "ContainerPinned"
          States = {
            ContainerPinned = {
              Type    = "Choice"
              Choices = [{ Variable = "$.container.ModelPackageName", IsPresent = true, Next = "KeepContainer" }]
              Default = "MergeContainer"
            }
            KeepContainer  = { Type = "Pass", Parameters = { "merged.$" = "$.container" }, End = true }
            MergeContainer = { Type = "Pass", Parameters = { "merged.$" = "States.JsonMerge($.version, $.container, false)" }, End = true }
          }
        }
        ResultSelector = { "merged.$" = "$[*].merged" }
        ResultPath     = "$.containers"
        Next           = "CreateModelOfContainers"
      }
      NeedsConfig = {
        Type    = "Choice"
        Choices = [{ Variable = "$.spec.content.config", IsPresent = true, Next = "FindConfig" }]
        Default = "ComposeModelRecord"
      }
      FindConfig = {
        Type           = "Task"
        Resource       = "${local.sdk}:sagemaker:describeEndpointConfig"
        Parameters     = { "EndpointConfigName.$" = "$.wanted.name" }
        ResultSelector = { "name.$" = "$.EndpointConfigName" }
        ResultPath     = "$.found_config"
        Retry          = local.retry.throttle
        Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "ComposeVariants" }]
        Next           = "MayHaveNoInstance"
      }
      ComposeVariants = {
        Comment        = "A variant that names its own model keeps it"
        Type           = "Map"
        ItemsPath      = "$.spec.content.config.ProductionVariants"
        ItemSelector   = { "model" = { "ModelName.$" = "$.wanted.name" }, "variant.$" = "$$.Map.Item.Value" }
        ItemProcessor  = local.with_model["ComposeVariants"]
        ResultSelector = { "production.$" = "$[*].merged" }
        ResultPath     = "$.variants"
        Next           = "ChooseConfig"
      }
      ChooseConfig = {
        Type = "Choice"
        Choices = [for name, members in local.combinations : {
          And  = [for member in local.optional_members : { Variable = "$.spec.content.config.${member}", IsPresent = contains(members, member) }]
          Next = contains(members, "ShadowProductionVariants") ? replace(name, "CreateConfig", "ComposeShadow") : name
        }]
        Default = "CreateConfig"
      }
    },
    { for name, parameters in local.create_model : name => {
      Type       = "Task"
      Resource   = "${local.sdk}:sagemaker:createModel"
      Parameters = parameters
      ResultPath = null
      Retry      = local.retry.api
      Catch      = local.caught.RecordFailed
      Next       = "NeedsConfig"
    } },
    { for name, members in local.combinations : replace(name, "CreateConfig", "ComposeShadow") => {
      Type           = "Map"
      ItemsPath      = "$.spec.content.config.ShadowProductionVariants"
      ItemSelector   = { "model" = { "ModelName.$" = "$.wanted.name" }, "variant.$" = "$$.Map.Item.Value" }
      ItemProcessor  = local.with_model[replace(name, "CreateConfig", "ComposeShadow")]
      ResultSelector = { "shadow.$" = "$[*].merged" }
      ResultPath     = "$.shadows"
      Next           = name
    } if contains(members, "ShadowProductionVariants") },
    { for name, members in local.combinations : name => {
      Type     = "Task"
      Resource = "${local.sdk}:sagemaker:createEndpointConfig"
      Parameters = merge(
        { "EndpointConfigName.$" = "$.wanted.name", "ProductionVariants.$" = "$.variants.production", Tags = local.tags },
        { for member in members : "${member}.$" => member == "ShadowProductionVariants" ? "$.shadows.shadow" : "$.spec.content.config.${member}" },
      )
      ResultPath = null
      Retry      = local.retry.api
      Catch      = local.caught.RecordFailed
      Next       = "MayHaveNoInstance"
    } },
  )

  # Names of states are unique in the whole machine, maps included.
  with_model = { for parent in concat(["ComposeVariants"], [for name, members in local.combinations : replace(name, "CreateConfig", "ComposeShadow") if contains(members, "ShadowProductionVariants")]) : parent => {
    ProcessorConfig = { Mode = "INLINE" }
    StartAt         = "MergeModelOf${parent}"
    States = {
      "MergeModelOf${parent}" = {
        Type       = "Pass"
        Parameters = { "merged.$" = "States.JsonMerge($.model, $.variant, false)" }
        End        = true
      }
    }
  } }
}
