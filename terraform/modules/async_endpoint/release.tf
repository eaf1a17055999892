# Specification for releases after the launch: the requests to SageMaker without the parts that a model version adds.
# Terraform writes it, the state machine `release` reads it.
locals {
  desired = {
    model = {
      EnableNetworkIsolation = true
      VpcConfig = {
        Subnets          = sort(var.network.subnet_ids)
        SecurityGroupIds = sort(var.network.security_group_ids)
      }
      Container = { Environment = local.container_environment }
    }

    # The release adds its model to the variant. Members that are missing are not sent.
    config = merge(
      {
        ProductionVariants = [{
          VariantName          = local.variant_name
          InstanceType         = var.blueprint.instance_type
          InitialInstanceCount = 1
          InitialVariantWeight = 1
        }]
        AsyncInferenceConfig = {
          OutputConfig = {
            S3OutputPath       = local.places.output
            S3FailurePath      = local.places.failures
            KmsKeyId           = var.kms_key_arns.data
            NotificationConfig = { SuccessTopic = var.topic_arns.success, ErrorTopic = var.topic_arns.error }
          }
          ClientConfig = { MaxConcurrentInvocationsPerInstance = var.blueprint.max_concurrency }
        }
      },
      can(regex(local.local_disk_pattern, var.blueprint.instance_type)) ? {} : { KmsKeyId = var.kms_key_arns.models },
    )
  }

  desired_hash = substr(sha256(jsonencode(local.desired)), 0, 8)

  # Waiting requests stay in the endpoint's queue for either fleet; the old fleet finishes the ones that it has started.
  keep_old_seconds = min(3600, max(120, var.blueprint.invocation_timeout_seconds))

  deployment = {
    BlueGreenUpdatePolicy = {
      TrafficRoutingConfiguration      = { Type = "ALL_AT_ONCE", WaitIntervalInSeconds = 120 }
      TerminationWaitInSeconds         = local.keep_old_seconds
      MaximumExecutionTimeoutInSeconds = 3600 + local.keep_old_seconds
    }
    # A long queue does not indicate a bad version, so its alarms do not roll back an update.
    AutoRollbackConfiguration = { Alarms = [{ AlarmName = aws_cloudwatch_metric_alarm.errors.alarm_name }] }
  }

  # Requests with known answers for the probe, as text: their shapes differ. The function knows the formats.
  probed = merge(
    length(var.blueprint.golden) == 0 ? {} : { cases = jsonencode(var.blueprint.golden) },
    local.format,
  )

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
    # One request through the queue, as a client would send it.
    probe = merge({
      endpoint_name = local.endpoint_name
      queue         = { input = "${local.places.input}/releases", timeout_seconds = var.blueprint.invocation_timeout_seconds }
    }, local.probed)
    deployment = local.deployment
    # The instance count set by autoscaling stays; the release starts one instance if there is none.
    retain = { all = true, except = [{ VariantPropertyType = "DesiredWeight" }, { VariantPropertyType = "DataCaptureConfig" }] }
  })), "{{", "{\\u007b")

  lifecycle {
    precondition {
      # Application Auto Scaling lets no update change the type of a variant that it scales, and every one here is.
      condition     = var.blueprint.instance_type == local.launch.instance_type
      error_message = "blueprint.instance_type of an asynchronous endpoint must stay ${local.launch.instance_type}, with which it was launched: AWS cannot change the type of an automatically scaled variant. To change it, destroy the blueprint and deploy it again; received ${var.blueprint.instance_type}."
    }
  }
}
