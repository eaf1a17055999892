# Named by content: a configuration cannot be changed, only followed by another one.
resource "aws_sagemaker_endpoint_configuration" "launch" {
  name        = local.content_name
  kms_key_arn = local.has_local_disk ? null : local.launch.models_key_arn

  production_variants {
    variant_name           = local.variant_name
    model_name             = aws_sagemaker_model.launch.name
    instance_type          = local.launch.instance_type
    initial_instance_count = 1 # SageMaker starts none with 0; autoscaling takes it away when nothing comes
    initial_variant_weight = 1
  }

  async_inference_config {
    output_config {
      s3_output_path  = local.places.output
      s3_failure_path = local.places.failures
      kms_key_id      = local.launch.data_key_arn

      notification_config {
        success_topic = local.launch.topic_arns.success
        error_topic   = local.launch.topic_arns.error
      }
    }

    client_config {
      max_concurrent_invocations_per_instance = local.launch.max_concurrency
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = local.endpoint_name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.launch.name

  # Otherwise the containers' first log lines would create the log group without key and retention.
  depends_on = [aws_cloudwatch_log_group.endpoint]

  lifecycle {
    # Releases own both: Terraform cannot see that SageMaker rolled an update back.
    ignore_changes = [endpoint_config_name, deployment_config]
  }
}
