# What the endpoint should be made of, for the releases that follow the launch: the requests to SageMaker without
# what a model version brings. Terraform writes it, the state machine `release` reads it.
locals {
  wanted = {
    model = {
      EnableNetworkIsolation = true
      Environment            = local.container_environment
      VpcConfig = {
        Subnets          = sort(var.network.subnet_ids)
        SecurityGroupIds = sort(var.network.security_group_ids)
      }
    }
    # A member that is not there is not sent. The model of the release goes into every variant that names none.
    config = merge(
      {
        ProductionVariants = concat([{
          VariantName          = local.variant_name
          InstanceType         = var.blueprint.instance_type
          InitialInstanceCount = var.blueprint.instance_count
          InitialVariantWeight = local.wanted_weight
        }], local.wanted_variants)
      },
      length(local.wanted_shadows) == 0 ? {} : { ShadowProductionVariants = local.wanted_shadows },
      anytrue([for each in local.wanted_types : can(regex(local.local_disk_pattern, each))]) ? {} : { KmsKeyId = var.kms.models_key_arn },
      var.blueprint.data_capture == null ? {} : { DataCaptureConfig = local.wanted_capture },
    )
  }

  wanted_types = concat([var.blueprint.instance_type], values(var.blueprint.variants)[*].instance_type, var.blueprint.shadow[*].instance_type)

  # Models of a multi-model endpoint are objects below its prefix, and those of several containers are pinned: a new
  # version of the one group has no place of its own there.
  has_releases = var.blueprint.multi_model == null && var.blueprint.containers == null

  wanted_capture = {
    EnableCapture             = true
    InitialSamplingPercentage = try(var.blueprint.data_capture.sampling_percent, 0)
    DestinationS3Uri          = "s3://${var.bucket.name}/${local.capture_prefix}"
    KmsKeyId                  = var.kms.data_key_arn
    CaptureOptions            = [{ CaptureMode = "Input" }, { CaptureMode = "Output" }]
    CaptureContentTypeHeader  = { JsonContentTypes = ["application/json"] }
  }

  wanted_hash = substr(sha256(jsonencode(local.wanted)), 0, 8)

  # How traffic gets from the old fleet to the new one. It is no part of the hash: another pace is no other endpoint.
  step = { Type = "CAPACITY_PERCENT", Value = var.blueprint.rollout.step_percent }

  traffic = merge(
    { Type = upper(var.blueprint.rollout.strategy), WaitIntervalInSeconds = var.blueprint.rollout.bake_seconds },
    var.blueprint.rollout.strategy == "canary" ? { CanarySize = local.step } : {},
    var.blueprint.rollout.strategy == "linear" ? { LinearStepSize = local.step } : {},
  )

  deployment = {
    BlueGreenUpdatePolicy = {
      TrafficRoutingConfiguration      = local.traffic
      TerminationWaitInSeconds         = var.blueprint.rollout.keep_old_seconds
      MaximumExecutionTimeoutInSeconds = 3600
    }
    AutoRollbackConfiguration = { Alarms = [for alarm in local.alarms : { AlarmName = alarm.alarm_name }] }
  }

  release_path = "/${var.context.project}/${var.context.environment}/releases"
}

resource "aws_ssm_parameter" "release" {
  count = local.has_releases ? 1 : 0

  # checkov:skip=CKV2_AWS_34: the record describes an endpoint and holds no secret
  # checkov:skip=CKV_AWS_337: the record describes an endpoint and holds no secret
  name        = "${local.release_path}/specs/${var.blueprint.name}"
  description = "What releases make the endpoint of ${var.blueprint.name} from."
  type        = "String"

  value = jsonencode(merge(local.wanted, {
    blueprint           = var.blueprint.name
    hash                = local.wanted_hash
    endpoint_name       = aws_sagemaker_endpoint.this.name
    variant_name        = local.variant_name
    model_group_name    = var.model_group.name
    live_parameter_name = "/${var.context.project}/${var.context.environment}/models/${var.model_group.key}/live"
    launch_config_name  = aws_sagemaker_endpoint_configuration.launch.name
    execution_role_arn  = aws_iam_role.endpoint.arn
    deployment          = local.deployment
    # Autoscaling's count stays; weights, counts of others and data capture are what the configuration says.
    retain = {
      all    = var.blueprint.autoscaling != null
      except = var.blueprint.autoscaling == null ? [] : [{ VariantPropertyType = "DesiredWeight" }, { VariantPropertyType = "DataCaptureConfig" }]
    }
  }))
}
