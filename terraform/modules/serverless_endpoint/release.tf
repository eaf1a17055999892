# Specification for releases after the launch: the requests to SageMaker without the parts that a model version adds.
# Terraform writes it, the state machine `release` reads it.
locals {
  desired = {
    # Neither VPC nor network isolation, which SageMaker Serverless Inference refuses.
    model = { Container = { Environment = local.container_environment } }

    # The model of the release goes into the variant.
    config = {
      ProductionVariants = [{
        VariantName          = local.variant_name
        InitialVariantWeight = 1
        # A member that is not there is not sent.
        ServerlessConfig = { for name, figure in {
          MemorySizeInMB         = var.blueprint.serverless.memory_mb
          MaxConcurrency         = var.blueprint.serverless.max_concurrency
          ProvisionedConcurrency = var.blueprint.serverless.provisioned_concurrency
        } : name => figure if figure != null }
      }]
    }
  }

  desired_hash = substr(sha256(jsonencode(local.desired)), 0, 8)

  # All traffic at once: there is no fleet to replace in parts. Requests in progress are completed.
  deployment = {
    BlueGreenUpdatePolicy = {
      TrafficRoutingConfiguration      = { Type = "ALL_AT_ONCE", WaitIntervalInSeconds = 120 }
      TerminationWaitInSeconds         = 120
      MaximumExecutionTimeoutInSeconds = 3600
    }
    AutoRollbackConfiguration = { Alarms = [for alarm in local.guards : { AlarmName = alarm.alarm_name }] }
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
    probe               = merge({ endpoint_name = local.endpoint_name }, local.probed)
    deployment          = local.deployment
    # The endpoint has no separate state: memory and concurrency come from the configuration.
    retain = { all = false, except = [] }
  })), "{{", "{\\u007b")
}
