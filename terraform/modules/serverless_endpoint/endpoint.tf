# Named by content: a configuration cannot be changed, only followed by another one.
resource "aws_sagemaker_endpoint_configuration" "launch" {
  # checkov:skip=CKV_AWS_98: a serverless variant has no volume that a key could encrypt
  name = local.content_name

  production_variants {
    variant_name           = local.variant_name
    model_name             = aws_sagemaker_model.launch.name
    initial_variant_weight = 1

    serverless_config {
      memory_size_in_mb       = local.launch.memory_mb
      max_concurrency         = local.launch.max_concurrency
      provisioned_concurrency = local.launch.provisioned_concurrency
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
  # when one of these alarms fires. Rolling deployments exist for instances only.
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
        for_each = local.guards

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
