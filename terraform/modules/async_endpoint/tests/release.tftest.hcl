mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_specification_makes_what_the_launch_made" {
  assert {
    condition     = aws_ssm_parameter.release.name == "/mlops/dev/releases/specs/reviews-async" && aws_ssm_parameter.release.type == "String" && output.release_parameter_name == aws_ssm_parameter.release.name
    error_message = "The release parameter must have the name that the state machine reads."
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.name == "mlops-dev-reviews-async-${jsondecode(aws_ssm_parameter.release.value).hash}-v1" && aws_sagemaker_model.launch.name == aws_sagemaker_endpoint_configuration.launch.name
    error_message = "Released again, the launched version must be found to run already."
  }

  assert {
    condition     = nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).model)) == jsonencode({ Container = { Environment = one(aws_sagemaker_model.launch.primary_container).environment }, EnableNetworkIsolation = true, VpcConfig = { SecurityGroupIds = var.network.security_group_ids, Subnets = var.network.subnet_ids } })
    error_message = "The container stays isolated, in the same network."
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.release.value).config == {
      ProductionVariants = [{ VariantName = "primary", InstanceType = "ml.m5.large", InitialInstanceCount = 1, InitialVariantWeight = 1 }]
      KmsKeyId           = var.kms_key_arns.models
      AsyncInferenceConfig = {
        OutputConfig = {
          S3OutputPath       = one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).s3_output_path
          S3FailurePath      = one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).s3_failure_path
          KmsKeyId           = var.kms_key_arns.data
          NotificationConfig = { SuccessTopic = var.topic_arns.success, ErrorTopic = var.topic_arns.error }
        }
        ClientConfig = { MaxConcurrentInvocationsPerInstance = 8 }
      }
    }
    error_message = "Volumes and results stay encrypted, and results go where the launch put them."
  }

  assert {
    condition     = { for key in ["endpoint_name", "model_group_name", "live_parameter_name", "launch_config_name", "execution_role_arn"] : key => jsondecode(aws_ssm_parameter.release.value)[key] } == { endpoint_name = "mlops-dev-reviews-async", model_group_name = "mlops-dev-reviews", live_parameter_name = "/mlops/dev/models/reviews/live", launch_config_name = aws_sagemaker_endpoint_configuration.launch.name, execution_role_arn = module.role.arn }
    error_message = "The release parameter must name the endpoint, group, live parameter, launch configuration and role of this module; got ${nonsensitive(aws_ssm_parameter.release.value)}."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).probe == { endpoint_name = "mlops-dev-reviews-async", queue = { input = "s3://mlops-dev-data-123456789012-us-east-1/inference/async/input/reviews-async/releases", timeout_seconds = 60 } }
    error_message = "The probe must use the queue, with an input that the role may read."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).retain == { all = true, except = [{ VariantPropertyType = "DesiredWeight" }, { VariantPropertyType = "DataCaptureConfig" }] }
    error_message = "A release must keep the instance count that autoscaling set (retain); got ${nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).retain))}."
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.release.value).deployment == {
      BlueGreenUpdatePolicy     = { TrafficRoutingConfiguration = { Type = "ALL_AT_ONCE", WaitIntervalInSeconds = 120 }, TerminationWaitInSeconds = 120, MaximumExecutionTimeoutInSeconds = 3720 }
      AutoRollbackConfiguration = { Alarms = [{ AlarmName = "mlops-dev-reviews-async-errors" }] }
    }
    error_message = "Releases must shift all traffic at once and roll back on failed requests, not on a long queue."
  }
}

run "what_the_old_fleet_has_begun_it_may_finish" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", invocation_timeout_seconds = 900 }
  }

  assert {
    condition     = local.deployment.BlueGreenUpdatePolicy.TerminationWaitInSeconds == 900 && local.deployment.BlueGreenUpdatePolicy.MaximumExecutionTimeoutInSeconds == 4500
    error_message = "It must stay as long as a request may take."
  }
}

run "instances_with_local_disks_take_no_key" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", instance_type = "ml.g5.xlarge" }
  }

  assert {
    condition     = !can(local.desired.config.KmsKeyId)
    error_message = "SageMaker refuses a key for NVMe disks."
  }

  # The launch had another type.
  expect_failures = [aws_ssm_parameter.release]
}

run "a_release_is_probed_with_the_golden_cases_in_the_container_s_format" {
  variables {
    blueprint = {
      name   = "reviews-async"
      format = "csv"
      golden = [{ input = [1, 2.5], value = 3 }, { input = "4,{{x}}", value = 0.1, tolerance = 0.0000001 }]
    }
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).probe.format == "csv" && jsondecode(jsondecode(aws_ssm_parameter.release.value).probe.cases) == [{ input = [1, 2.5], value = 3 }, { input = "4,{{x}}", value = 0.1, tolerance = 0.0000001 }] && !strcontains(aws_ssm_parameter.release.value, "{{")
    error_message = "The specification must have all cases and the format."
  }
}
