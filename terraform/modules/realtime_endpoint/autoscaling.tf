locals {
  autoscaling = var.blueprint.autoscaling == null ? [] : [var.blueprint.autoscaling]
}

resource "aws_appautoscaling_target" "variant" {
  count = length(local.autoscaling)

  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.this.name}/variant/${local.variant_name}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = local.autoscaling[count.index].min
  max_capacity       = local.autoscaling[count.index].max
}

resource "aws_appautoscaling_policy" "invocations" {
  count = length(local.autoscaling)

  name               = "${local.endpoint_name}-invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.variant[count.index].service_namespace
  resource_id        = aws_appautoscaling_target.variant[count.index].resource_id
  scalable_dimension = aws_appautoscaling_target.variant[count.index].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value = local.autoscaling[count.index].invocations_per_minute

    # A new instance takes minutes: scale out soon, scale in late.
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
