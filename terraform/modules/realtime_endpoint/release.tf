# Specification for releases after the launch: the requests to SageMaker without the parts that a model version adds.
# Terraform writes it, the state machine `release` reads it.
locals {
  desired = {
    # A member that is not there is not sent.
    model = { for name, member in {
      EnableNetworkIsolation = true
      VpcConfig = {
        Subnets          = sort(var.network.subnet_ids)
        SecurityGroupIds = sort(var.network.security_group_ids)
      }
      Container                = var.blueprint.containers == null ? local.desired_container : null
      Containers               = var.blueprint.containers == null ? null : local.desired_containers
      InferenceExecutionConfig = var.blueprint.containers == null ? null : { Mode = title(try(var.blueprint.containers.mode, "")) }
    } : name => member if member != null }

    # The model of the release goes into every variant that names none.
    config = merge(
      {
        ProductionVariants = concat([{
          VariantName          = local.variant_name
          InstanceType         = var.blueprint.instance_type
          InitialInstanceCount = var.blueprint.instance_count
          InitialVariantWeight = local.desired_weight
        }], local.desired_variants)
      },
      length(local.desired_shadows) == 0 ? {} : { ShadowProductionVariants = local.desired_shadows },
      anytrue([for each in local.desired_types : can(regex(local.local_disk_pattern, each))]) ? {} : { KmsKeyId = var.kms_key_arns.models },
      var.blueprint.data_capture == null ? {} : { DataCaptureConfig = local.desired_capture },
    )
  }

  desired_types = concat([var.blueprint.instance_type], values(var.blueprint.variants)[*].instance_type, var.blueprint.shadow[*].instance_type)

  # A version's image and archive are merged into this. A multi-model endpoint only takes the image, since its models
  # are the objects below its prefix.
  desired_container = merge(
    { Environment = local.container_environment },
    var.blueprint.multi_model == null ? {} : { Mode = "MultiModel", ModelDataUrl = local.multi_model_url },
  )

  # The first of several is the version's; the others are pinned in the file, and another pin there is a release.
  desired_containers = concat(
    [{ ContainerHostname = "primary", Environment = local.container_environment }],
    [for each in flatten(var.blueprint.containers[*].others) : {
      ContainerHostname = each.name
      ModelPackageName  = "${local.registry_arn}/${each.group}/${each.version}"
      Environment       = local.container_environment
    }],
  )

  # Target of the probe after a release, as the router would choose it. Where another container or model answers, the
  # answer does not name the version's training job.
  probed_container = try(var.blueprint.containers.mode, "") == "direct" ? var.blueprint.containers.target : null

  probe = merge({ for name, member in {
    endpoint_name    = local.endpoint_name
    target_variant   = local.variant_name
    target_model     = try(var.blueprint.multi_model.default, null)
    target_container = local.probed_container
    any_training_job = var.blueprint.multi_model != null || (var.blueprint.containers != null && local.probed_container != "primary")
  } : name => member if member != null && member != false }, local.probed)

  # Requests with known answers for the probe, as text: their shapes differ. The function knows the formats.
  probed = merge(
    length(var.blueprint.golden) == 0 ? {} : { cases = jsonencode(var.blueprint.golden) },
    local.format,
  )

  desired_capture = {
    EnableCapture             = true
    InitialSamplingPercentage = try(var.blueprint.data_capture.sampling_percent, 0)
    DestinationS3Uri          = "s3://${var.bucket_name}/${local.capture_prefix}"
    KmsKeyId                  = var.kms_key_arns.data
    CaptureOptions            = [{ CaptureMode = "Input" }, { CaptureMode = "Output" }]
    CaptureContentTypeHeader  = { JsonContentTypes = ["application/json"] }
  }

  desired_hash = substr(sha256(jsonencode(local.desired)), 0, 8)

  # How traffic gets from the old fleet to the new one. It is not part of the hash: another pace keeps the endpoint.
  step = { Type = "CAPACITY_PERCENT", Value = var.blueprint.rollout.step_percent }

  traffic = merge(
    { Type = upper(var.blueprint.rollout.strategy), WaitIntervalInSeconds = var.blueprint.rollout.bake_seconds },
    var.blueprint.rollout.strategy == "canary" ? { CanarySize = local.step } : {},
    var.blueprint.rollout.strategy == "linear" ? { LinearStepSize = local.step } : {},
  )

  # SageMaker requires a timeout longer than the deployment's own waits, and accepts at most 28 800 s.
  steps           = lookup({ canary = 2, linear = ceil(100 / var.blueprint.rollout.step_percent) }, var.blueprint.rollout.strategy, 1)
  waiting_seconds = local.steps * var.blueprint.rollout.bake_seconds + var.blueprint.rollout.keep_old_seconds

  deployment = {
    BlueGreenUpdatePolicy = {
      TrafficRoutingConfiguration      = local.traffic
      TerminationWaitInSeconds         = var.blueprint.rollout.keep_old_seconds
      MaximumExecutionTimeoutInSeconds = min(28800, max(3600, local.waiting_seconds + 1800))
    }
    AutoRollbackConfiguration = { Alarms = [for alarm in local.alarms : { AlarmName = alarm.alarm_name }] }
  }

  release_path = "/${var.context.project}/${var.context.environment}/releases"
}

resource "aws_ssm_parameter" "release" {
  # checkov:skip=CKV2_AWS_34: the record describes an endpoint and holds no secret
  # checkov:skip=CKV_AWS_337: the record describes an endpoint and holds no secret
  name        = "${local.release_path}/specs/${var.blueprint.name}"
  description = "What releases make the endpoint of ${var.blueprint.name} from."
  type        = "String"
  tier        = "Intelligent-Tiering" # golden cases may take it beyond 4 KB

  # SSM rejects `{{` in values, and a text may contain it, so the second brace is written as a JSON escape.
  value = replace(jsonencode(merge(local.desired, {
    blueprint           = var.blueprint.name
    hash                = local.desired_hash
    endpoint_name       = aws_sagemaker_endpoint.this.name
    model_group_name    = var.model_group.name
    live_parameter_name = "/${var.context.project}/${var.context.environment}/models/${var.model_group.key}/live"
    launch_config_name  = aws_sagemaker_endpoint_configuration.launch.name
    execution_role_arn  = module.role.arn
    probe               = local.probe
    deployment          = local.deployment
    # The instance count set by autoscaling stays; weights, other counts and data capture come from the configuration.
    retain = {
      all    = var.blueprint.autoscaling != null
      except = var.blueprint.autoscaling == null ? [] : [{ VariantPropertyType = "DesiredWeight" }, { VariantPropertyType = "DataCaptureConfig" }]
    }
  })), "{{", "{\\u007b")
}
