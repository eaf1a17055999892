# Model and configuration, unless they are there.
locals {
  optional_members = ["KmsKeyId", "DataCaptureConfig", "ShadowProductionVariants"]

  # A member that is not there cannot be passed on, so there is one state for each combination of those that may miss.
  combinations = { for chosen in setproduct([[], ["KmsKeyId"]], [[], ["DataCaptureConfig"]], [[], ["ShadowProductionVariants"]]) :
    join("", concat(["CreateConfig"], [for member in flatten(chosen) : { KmsKeyId = "WithKey", DataCaptureConfig = "WithCapture", ShadowProductionVariants = "WithShadow" }[member]])) => flatten(chosen)
  }

  make_states = merge(
    {
      FindModel = {
        Type           = "Task"
        Resource       = "${local.sdk}:sagemaker:describeModel"
        Parameters     = { "ModelName.$" = "$.wanted.name" }
        ResultSelector = { "name.$" = "$.ModelName" }
        ResultPath     = "$.found_model"
        Retry          = local.retry.throttle
        # SageMaker has no error of its own for what is not there. After any other, creation fails as well and says why.
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "CreateModel" }]
        Next  = "FindConfig"
      }
      CreateModel = {
        Type     = "Task"
        Resource = "${local.sdk}:sagemaker:createModel"
        Parameters = {
          "ModelName.$"              = "$.wanted.name"
          "ExecutionRoleArn.$"       = "$.spec.content.execution_role_arn"
          "EnableNetworkIsolation.$" = "$.spec.content.model.EnableNetworkIsolation"
          "VpcConfig.$"              = "$.spec.content.model.VpcConfig"
          PrimaryContainer = {
            "Image.$"        = "$.wanted.container.Image"
            "ModelDataUrl.$" = "$.wanted.container.ModelDataUrl"
            "Environment.$"  = "$.spec.content.model.Environment"
          }
          Tags = local.tags
        }
        ResultPath = null
        Retry      = local.retry.api
        Catch      = local.caught.RecordFailed
        Next       = "FindConfig"
      }
      FindConfig = {
        Type           = "Task"
        Resource       = "${local.sdk}:sagemaker:describeEndpointConfig"
        Parameters     = { "EndpointConfigName.$" = "$.wanted.name" }
        ResultSelector = { "name.$" = "$.EndpointConfigName" }
        ResultPath     = "$.found_config"
        Retry          = local.retry.throttle
        Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "ComposeVariants" }]
        Next           = "UpdateEndpoint"
      }
      ComposeVariants = {
        Comment        = "A variant that names a model of its own keeps it"
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
      Next       = "UpdateEndpoint"
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
