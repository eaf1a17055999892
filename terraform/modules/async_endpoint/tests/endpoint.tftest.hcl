mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "results_failures_and_notifications_have_their_places" {
  assert {
    condition     = one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).s3_output_path == "s3://mlops-dev-data-123456789012-us-east-1/inference/async/output/reviews-async" && one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).s3_failure_path == "s3://mlops-dev-data-123456789012-us-east-1/inference/async/failures/reviews-async"
    error_message = "Results and failures must be stored in the blueprint's own folders."
  }

  assert {
    condition     = one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).kms_key_id == var.kms_key_arns.data
    error_message = "Results must be encrypted with the platform's key."
  }

  assert {
    condition     = one(one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).notification_config).success_topic == var.topic_arns.success && one(one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).notification_config).error_topic == var.topic_arns.error
    error_message = "SageMaker must notify both topics, for success and error."
  }

  assert {
    condition     = one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).client_config).max_concurrent_invocations_per_instance == 8
    error_message = "The endpoint must have the given concurrency per instance."
  }
}

run "the_container_is_isolated_and_the_volume_encrypted" {
  assert {
    condition     = aws_sagemaker_model.launch.enable_network_isolation && toset(one(aws_sagemaker_model.launch.vpc_config).subnets) == toset(var.network.subnet_ids) && one(aws_sagemaker_model.launch.vpc_config).security_group_ids == toset(var.network.security_group_ids)
    error_message = "The container must run in the private subnets with network isolation."
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.kms_key_arn == var.kms_key_arns.models
    error_message = "Volumes must be encrypted with the platform's key."
  }

  assert {
    condition     = can(regex("^mlops-dev-reviews-async-[0-9a-f]{8}-v1$", aws_sagemaker_endpoint_configuration.launch.name)) && aws_sagemaker_model.launch.name == aws_sagemaker_endpoint_configuration.launch.name && aws_sagemaker_endpoint.this.name == "mlops-dev-reviews-async"
    error_message = "The names of model and configuration must contain the specification's hash and the version."
  }

  assert {
    condition     = one(aws_sagemaker_model.launch.primary_container).environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    error_message = "The code must be taken from the artifact."
  }
}

run "instances_follow_the_queue_down_to_none" {
  assert {
    condition     = aws_appautoscaling_target.variant.min_capacity == 0 && aws_appautoscaling_target.variant.max_capacity == 4 && aws_appautoscaling_target.variant.resource_id == "endpoint/mlops-dev-reviews-async/variant/primary" && aws_appautoscaling_target.variant.scalable_dimension == "sagemaker:variant:DesiredInstanceCount"
    error_message = "Autoscaling must use the given instance counts, which may be 0."
  }

  assert {
    condition     = one(one(aws_appautoscaling_policy.backlog.target_tracking_scaling_policy_configuration).customized_metric_specification).metric_name == "ApproximateBacklogSizePerInstance" && one(aws_appautoscaling_policy.backlog.target_tracking_scaling_policy_configuration).target_value == 5 && one(one(one(aws_appautoscaling_policy.backlog.target_tracking_scaling_policy_configuration).customized_metric_specification).dimensions).value == "mlops-dev-reviews-async"
    error_message = "Target tracking must follow the backlog of this endpoint."
  }

  assert {
    condition     = aws_appautoscaling_policy.wake_up.policy_type == "StepScaling" && one(one(aws_appautoscaling_policy.wake_up.step_scaling_policy_configuration).step_adjustment).scaling_adjustment == 1 && one(aws_appautoscaling_policy.wake_up.step_scaling_policy_configuration).adjustment_type == "ChangeInCapacity"
    error_message = "A step policy must start the first instance, which target tracking cannot."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.wake_up.metric_name == "HasBacklogWithoutCapacity" && aws_cloudwatch_metric_alarm.wake_up.alarm_actions == toset([aws_appautoscaling_policy.wake_up.arn]) && aws_cloudwatch_metric_alarm.wake_up.threshold == 1 && aws_cloudwatch_metric_alarm.wake_up.comparison_operator == "GreaterThanOrEqualToThreshold" && aws_cloudwatch_metric_alarm.wake_up.evaluation_periods == 2 && aws_cloudwatch_metric_alarm.wake_up.dimensions["EndpointName"] == "mlops-dev-reviews-async"
    error_message = "Waiting requests without an instance must trigger the step policy."
  }
}

run "failures_and_long_waits_are_reported" {
  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.age, aws_cloudwatch_metric_alarm.depth, aws_cloudwatch_metric_alarm.notifications] : alarm.alarm_actions == toset([var.topic_arn]) && alarm.comparison_operator == "GreaterThanThreshold" && alarm.evaluation_periods <= 2])
    error_message = "Alarms must reach the topic soon, above their thresholds."
  }

  assert {
    condition     = [aws_cloudwatch_metric_alarm.errors.threshold, aws_cloudwatch_metric_alarm.age.threshold, aws_cloudwatch_metric_alarm.depth.threshold, aws_cloudwatch_metric_alarm.notifications.threshold] == [5, 1800, 1000, 0]
    error_message = "Alarms must have the given thresholds, and lost notifications must raise one."
  }

  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.age, aws_cloudwatch_metric_alarm.depth, aws_cloudwatch_metric_alarm.notifications] : alarm.dimensions["EndpointName"] == "mlops-dev-reviews-async"])
    error_message = "Alarms must watch this endpoint."
  }

  assert {
    condition     = output.alarm_names == ["mlops-dev-reviews-async-errors", "mlops-dev-reviews-async-age", "mlops-dev-reviews-async-depth", "mlops-dev-reviews-async-notifications"]
    error_message = "All alarms must be published."
  }
}

run "the_job_api_finds_the_endpoint" {
  variables {
    blueprint = {
      name                       = "reviews-async"
      ttl_seconds                = 600
      invocation_timeout_seconds = 120
      max_input_mb               = 50
      parameters                 = { threshold = 0.5, mode = "{{fast}}", stop = "7" }
      limits                     = { max_tokens = 500, max_inputs = 20, max_total_tokens = 5000 }
    }
  }

  assert {
    condition     = !strcontains(aws_ssm_parameter.route.value, "{{") && jsondecode(aws_ssm_parameter.route.value) == { blueprint = "reviews-async", kind = "async", source = "sagemaker", targets = [{ name = "primary", endpoint_name = "mlops-dev-reviews-async" }], parameters = { threshold = 0.5, mode = "{{fast}}", stop = "7" }, job = { ttl_seconds = 600, invocation_timeout_seconds = 120, max_input_mb = 50 }, limits = { max_tokens = 500, max_inputs = 20, max_total_tokens = 5000 } }
    error_message = "The route record must describe how to invoke the endpoint, with numbers as numbers."
  }
}

run "the_role_gets_the_policies_of_other_modules_and_writes_its_own_logs" {
  assert {
    condition     = module.role.boundary_arn == var.boundary_arn && module.role.name == "mlops-dev-reviews-async-endpoint"
    error_message = "The role must have the boundary."
  }

  assert {
    condition     = tomap({ for name, policy in module.role.policies : name => policy if name != "logs" }) == tomap(var.policy_documents)
    error_message = "The role must have exactly the attached policy documents."
  }

  assert {
    condition     = jsondecode(module.role.policies["logs"]).Statement == [{ Sid = "WriteLogs", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.endpoint.arn}:*"] }]
    error_message = "module.role must write to the endpoint's own log group only; its policy is ${module.role.policies["logs"]}."
  }

  assert {
    condition     = jsondecode(module.role.trust_policy).Statement == [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } } }]
    error_message = "module.role must let SageMaker act for account 123456789012 only; its trust policy is ${module.role.trust_policy}."
  }

  assert {
    condition     = aws_cloudwatch_log_group.endpoint.kms_key_id == var.kms_key_arns.logs && aws_cloudwatch_log_group.endpoint.retention_in_days == 30
    error_message = "Logs must be encrypted and end."
  }
}

run "the_job_api_learns_the_container_s_format" {
  variables {
    blueprint = { name = "reviews-async", format = "csv" }
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).targets == [{ name = "primary", endpoint_name = "mlops-dev-reviews-async", format = "csv" }]
    error_message = "The record must name a format that is not the platform's own."
  }
}
