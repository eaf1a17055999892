# Variants besides the primary one: production variants that share the traffic by weight, or one shadow variant that
# gets a copy of it.
locals {
  # The weight of the shadow is the share that it gets a copy of, in the units of the production variant's.
  desired_weight = var.blueprint.shadow == null ? var.blueprint.weight : 100

  # A variant with its own version keeps it through all releases; the others use the primary variant's model.
  desired_versions  = compact(concat(values(var.blueprint.variants)[*].version, var.blueprint.shadow[*].version))
  launched_versions = compact(concat([for each in values(local.launched.variants) : each.version], local.launched.shadow[*].version))
  group_arn         = trimsuffix(var.model_version.model_package_arn, "/${element(split("/", var.model_version.model_package_arn), -1)}")

  # The same for releases, which create the model of variants without a version.
  desired_variants = [for name, each in var.blueprint.variants : merge(
    { VariantName = name, InstanceType = each.instance_type, InitialInstanceCount = each.instance_count, InitialVariantWeight = each.weight },
    each.version == null ? {} : { ModelName = "${local.endpoint_name}-pinned-v${each.version}" },
  )]
  desired_shadows = [for each in var.blueprint.shadow[*] : merge(
    { VariantName = "shadow", InstanceType = each.instance_type, InitialInstanceCount = each.instance_count, InitialVariantWeight = each.sampling_percent },
    each.version == null ? {} : { ModelName = "${local.endpoint_name}-pinned-v${each.version}" },
  )]
}

# Those of the launch, whose configuration may still be in use, and those of the current files, which the next release
# uses.
resource "aws_sagemaker_model" "pinned" {
  for_each = toset(concat(local.launched_versions, local.desired_versions))

  name                     = "${local.endpoint_name}-pinned-v${each.key}"
  execution_role_arn       = module.role.arn
  enable_network_isolation = true

  primary_container {
    model_package_name = "${local.group_arn}/${each.key}"
    environment        = local.container_environment
  }

  vpc_config {
    subnets            = local.launch.subnet_ids
    security_group_ids = local.launch.security_group_ids
  }

  # SageMaker checks with this role that it may read the artifact and the image.
  depends_on = [module.role]

  lifecycle {
    create_before_destroy = true
  }
}

# The primary variant's alarms watch that variant only.
resource "aws_cloudwatch_metric_alarm" "variant_errors" {
  for_each = local.launched.variants

  alarm_name          = "${local.endpoint_name}-${each.key}-errors"
  alarm_description   = "More than ${var.thresholds.error_rate_percent} % of the invocations of the variant ${each.key} failed in the container (HTTP 5xx)."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_rate_percent
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]

  metric_query {
    id          = "rate"
    label       = "failed invocations in percent"
    expression  = "100 * errors / invocations"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "Invocation5XXErrors", invocations = "Invocations" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/SageMaker"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 60
        dimensions  = { EndpointName = local.endpoint_name, VariantName = each.key }
      }
    }
  }
}

resource "aws_appautoscaling_target" "variants" {
  for_each = length(local.autoscaling) == 0 ? {} : local.launched.variants

  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.this.name}/variant/${each.key}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = local.autoscaling[0].min
  max_capacity       = local.autoscaling[0].max
}

resource "aws_appautoscaling_policy" "variants" {
  for_each = aws_appautoscaling_target.variants

  name               = "${local.endpoint_name}-${each.key}-invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = each.value.service_namespace
  resource_id        = each.value.resource_id
  scalable_dimension = each.value.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = local.autoscaling[0].invocations_per_minute
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
