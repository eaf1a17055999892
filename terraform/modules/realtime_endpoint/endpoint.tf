# Named by content: a configuration cannot be changed, only followed by another one.
resource "aws_sagemaker_endpoint_configuration" "launch" {
  name        = local.content_name
  kms_key_arn = local.has_local_disk ? null : local.launch.models_key_arn

  production_variants {
    variant_name           = local.variant_name
    model_name             = aws_sagemaker_model.launch.name
    instance_type          = local.launch.instance_type
    initial_instance_count = local.launch.instance_count
    initial_variant_weight = local.launched.weight
  }

  dynamic "production_variants" {
    for_each = local.launched.variants

    content {
      variant_name           = production_variants.key
      model_name             = production_variants.value.version == null ? aws_sagemaker_model.launch.name : aws_sagemaker_model.pinned[tostring(production_variants.value.version)].name
      instance_type          = production_variants.value.instance_type
      initial_instance_count = production_variants.value.instance_count
      initial_variant_weight = production_variants.value.weight
    }
  }

  dynamic "shadow_production_variants" {
    for_each = local.launched.shadow

    content {
      variant_name           = "shadow"
      model_name             = shadow_production_variants.value.version == null ? aws_sagemaker_model.launch.name : aws_sagemaker_model.pinned[tostring(shadow_production_variants.value.version)].name
      instance_type          = shadow_production_variants.value.instance_type
      initial_instance_count = shadow_production_variants.value.instance_count
      initial_variant_weight = shadow_production_variants.value.sampling_percent
    }
  }

  dynamic "data_capture_config" {
    for_each = local.launch.sampling_percent > 0 ? [local.launch.sampling_percent] : []

    content {
      enable_capture              = true
      initial_sampling_percentage = data_capture_config.value
      destination_s3_uri          = "s3://${var.bucket_name}/${local.capture_prefix}"
      kms_key_id                  = local.launch.data_key_arn

      capture_options {
        capture_mode = "Input"
      }

      capture_options {
        capture_mode = "Output"
      }

      capture_content_type_header {
        json_content_types = ["application/json"]
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = local.endpoint_name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.launch.name

  # SageMaker stores this as the endpoint's last deployment configuration. Releases retain it, so each is rolled back
  # when one of these alarms fires.
  deployment_config {
    blue_green_update_policy {
      termination_wait_in_seconds          = 120
      maximum_execution_timeout_in_seconds = 3600

      traffic_routing_configuration {
        type                     = "ALL_AT_ONCE"
        wait_interval_in_seconds = 120
      }
    }

    auto_rollback_configuration {
      dynamic "alarms" {
        for_each = local.alarms

        content {
          alarm_name = alarms.value.alarm_name
        }
      }
    }
  }

  # Otherwise the containers' first log lines would create the log group without key and retention.
  depends_on = [aws_cloudwatch_log_group.endpoint]

  lifecycle {
    # Releases own both: Terraform cannot see that SageMaker rolled an update back.
    ignore_changes = [endpoint_config_name, deployment_config]
  }
}
