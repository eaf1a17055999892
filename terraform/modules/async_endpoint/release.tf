# What the endpoint should be made of, for the releases that follow the launch: the requests to SageMaker without
# what a model version brings. Terraform writes it, the state machine `release` reads it.
locals {
  wanted = {
    model = {
      EnableNetworkIsolation = true
      VpcConfig = {
        Subnets          = sort(var.network.subnet_ids)
        SecurityGroupIds = sort(var.network.security_group_ids)
      }
      Container = { Environment = local.container_environment }
    }

    # The model of the release goes into the variant. A member that is not there is not sent.
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

  wanted_hash = substr(sha256(jsonencode(local.wanted)), 0, 8)

  # What waits stays in the endpoint's queue, whichever fleet takes it; what the old fleet has begun it may finish.
  keep_old_seconds = min(3600, max(120, var.blueprint.invocation_timeout_seconds))

  deployment = {
    BlueGreenUpdatePolicy = {
      TrafficRoutingConfiguration      = { Type = "ALL_AT_ONCE", WaitIntervalInSeconds = 120 }
      TerminationWaitInSeconds         = local.keep_old_seconds
      MaximumExecutionTimeoutInSeconds = 3600 + local.keep_old_seconds
    }
    # A long queue says nothing against a version, so its alarms turn no update back.
    AutoRollbackConfiguration = { Alarms = [{ AlarmName = aws_cloudwatch_metric_alarm.errors.alarm_name }] }
  }

  release_path = "/${var.context.project}/${var.context.environment}/releases"
}

resource "aws_ssm_parameter" "release" {
  # checkov:skip=CKV2_AWS_34: the record describes an endpoint and holds no secret
  # checkov:skip=CKV_AWS_337: the record describes an endpoint and holds no secret
  name        = "${local.release_path}/specs/${var.blueprint.name}"
  description = "What releases make the endpoint of ${var.blueprint.name} from."
  type        = "String"

  # SSM refuses two opening braces together, and a text may have them: JSON can write one in another way.
  value = replace(jsonencode(merge(local.wanted, {
    blueprint           = var.blueprint.name
    hash                = local.wanted_hash
    endpoint_name       = aws_sagemaker_endpoint.this.name
    model_group_name    = var.model_group.name
    live_parameter_name = "/${var.context.project}/${var.context.environment}/models/${var.model_group.key}/live"
    launch_config_name  = aws_sagemaker_endpoint_configuration.launch.name
    execution_role_arn  = module.role.arn
    # One request through the queue, as callers send theirs.
    probe = {
      endpoint_name = local.endpoint_name
      queue         = { input = "${local.places.input}/releases", timeout_seconds = var.blueprint.invocation_timeout_seconds }
    }
    deployment = local.deployment
    # Autoscaling's count stays; the release starts one instance where there is none.
    retain = { all = true, except = [{ VariantPropertyType = "DesiredWeight" }, { VariantPropertyType = "DataCaptureConfig" }] }
  })), "{{", "{\\u007b")

  lifecycle {
    precondition {
      # Application Auto Scaling lets no update change the type of a variant that it scales, and every one here is.
      condition     = var.blueprint.instance_type == local.launch.instance_type
      error_message = "blueprint.instance_type of an asynchronous endpoint must stay what it was launched with, ${local.launch.instance_type}: AWS changes no type under automatic scaling. Destroy the blueprint and deploy it again for another; received ${var.blueprint.instance_type}."
    }
  }
}
