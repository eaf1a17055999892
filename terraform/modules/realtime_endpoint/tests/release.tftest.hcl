mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_specification_makes_what_the_launch_made" {
  assert {
    condition     = aws_ssm_parameter.release.name == "/mlops/dev/releases/specs/reviews" && aws_ssm_parameter.release.type == "String"
    error_message = "The release parameter must have the name that the state machine reads."
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.name == "mlops-dev-reviews-${jsondecode(aws_ssm_parameter.release.value).hash}-v1" && aws_sagemaker_model.launch.name == aws_sagemaker_endpoint_configuration.launch.name
    error_message = "Released again, the launched version must be found to run already."
  }

  assert {
    condition = nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).model)) == jsonencode({
      Container              = { Environment = one(aws_sagemaker_model.launch.primary_container).environment }
      EnableNetworkIsolation = true
      VpcConfig              = { Subnets = ["subnet-0a", "subnet-0b"], SecurityGroupIds = ["sg-0a"] }
    })
    error_message = "Released models are as isolated as the launched one."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).config == { ProductionVariants = [{ VariantName = "primary", InstanceType = "ml.m5.large", InitialInstanceCount = 1, InitialVariantWeight = 1 }], KmsKeyId = var.kms_key_arns.models }
    error_message = "The release parameter must describe the launch configuration; got ${nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).config))}."
  }

  assert {
    condition     = { for key in ["endpoint_name", "model_group_name", "live_parameter_name", "launch_config_name", "execution_role_arn"] : key => jsondecode(aws_ssm_parameter.release.value)[key] } == { endpoint_name = "mlops-dev-reviews", model_group_name = "mlops-dev-reviews", live_parameter_name = "/mlops/dev/models/reviews/live", launch_config_name = aws_sagemaker_endpoint_configuration.launch.name, execution_role_arn = module.role.arn }
    error_message = "The release parameter must name the endpoint, group, live parameter, launch configuration and role of this module; got ${nonsensitive(aws_ssm_parameter.release.value)}."
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.release.value).deployment == {
      BlueGreenUpdatePolicy     = { TrafficRoutingConfiguration = { Type = "ALL_AT_ONCE", WaitIntervalInSeconds = 120 }, TerminationWaitInSeconds = 120, MaximumExecutionTimeoutInSeconds = 3600 }
      AutoRollbackConfiguration = { Alarms = [{ AlarmName = "mlops-dev-reviews-errors" }, { AlarmName = "mlops-dev-reviews-latency" }] }
    }
    error_message = "Releases must shift all traffic at once and roll back on alarms."
  }
}

run "the_primary_variant_is_probed_and_says_its_training_job" {
  command = plan

  assert {
    condition     = local.probe == { endpoint_name = "mlops-dev-reviews", target_variant = "primary" }
    error_message = "Probed is the variant that the version is in: ${jsonencode(local.probe)}"
  }
}

run "another_pace_keeps_the_endpoint" {
  variables {
    blueprint = {
      name           = "reviews"
      instance_count = 2
      rollout        = { strategy = "canary", step_percent = 25, bake_seconds = 300 }
    }
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).deployment.BlueGreenUpdatePolicy.TrafficRoutingConfiguration == { Type = "CANARY", WaitIntervalInSeconds = 300, CanarySize = { Type = "CAPACITY_PERCENT", Value = 25 } }
    error_message = "A canary release must first shift 25 percent of the capacity; got ${nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).deployment))}."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).retain == { all = false, except = [] }
    error_message = "Without autoscaling the count is the configuration's."
  }
}

run "a_linear_rollout_of_a_scaled_fleet_keeps_its_count" {
  command = plan

  variables {
    blueprint = {
      name         = "reviews"
      autoscaling  = { min = 2, max = 4 }
      data_capture = { sampling_percent = 50 }
      rollout      = { strategy = "linear", step_percent = 50 }
    }
  }

  assert {
    condition     = local.deployment.BlueGreenUpdatePolicy.TrafficRoutingConfiguration == { Type = "LINEAR", WaitIntervalInSeconds = 120, LinearStepSize = { Type = "CAPACITY_PERCENT", Value = 50 } }
    error_message = "A linear release must shift 50 percent of the capacity at a time; got ${jsonencode(local.deployment.BlueGreenUpdatePolicy)}."
  }

  assert {
    condition     = local.deployment.BlueGreenUpdatePolicy.MaximumExecutionTimeoutInSeconds == 3600
    error_message = "An hour is enough for two short waits."
  }

  assert {
    condition     = local.desired.config.DataCaptureConfig == { EnableCapture = true, InitialSamplingPercentage = 50, DestinationS3Uri = "s3://mlops-dev-data-123456789012-us-east-1/inference/realtime/logs/reviews", KmsKeyId = var.kms_key_arns.data, CaptureOptions = [{ CaptureMode = "Input" }, { CaptureMode = "Output" }], CaptureContentTypeHeader = { JsonContentTypes = ["application/json"] } }
    error_message = "Data capture must be encrypted with the data key."
  }
}

run "a_rollout_has_more_time_than_it_waits" {
  command = plan

  variables {
    blueprint = {
      name           = "reviews"
      instance_count = 4
      rollout        = { strategy = "linear", step_percent = 30, bake_seconds = 3600, keep_old_seconds = 600 }
    }
  }

  assert {
    condition     = local.deployment.BlueGreenUpdatePolicy.MaximumExecutionTimeoutInSeconds == 4 * 3600 + 600 + 1800
    error_message = "Four steps: SageMaker refuses an update that may take less than it waits."
  }
}

run "an_instance_with_local_disks_gets_no_volume_key_from_releases_either" {
  command = plan

  variables {
    blueprint = {
      name          = "reviews"
      instance_type = "ml.g5.xlarge"
    }
  }

  assert {
    condition     = !can(local.desired.config.KmsKeyId)
    error_message = "Releases must set no volume key for instances with local disks, which SageMaker refuses; got ${jsonencode(local.desired.config)}."
  }
}

run "a_strategy_that_sagemaker_does_not_know_is_refused" {
  command = plan
  variables {
    blueprint = { name = "reviews", instance_count = 2, rollout = { strategy = "rolling" } }
  }
  expect_failures = [var.blueprint]
}

run "more_than_half_in_one_step_is_refused" {
  command = plan
  variables {
    blueprint = { name = "reviews", rollout = { step_percent = 60 } }
  }
  expect_failures = [var.blueprint]
}

run "a_canary_of_one_instance_is_refused" {
  command = plan
  variables {
    blueprint = { name = "reviews", rollout = { strategy = "canary" } }
  }
  expect_failures = [var.blueprint]
}

run "two_hours_of_baking_are_refused" {
  command = plan
  variables {
    blueprint = { name = "reviews", rollout = { bake_seconds = 7200 } }
  }
  expect_failures = [var.blueprint]
}

run "a_release_is_probed_with_the_golden_cases_in_the_container_s_format" {
  variables {
    blueprint = {
      name   = "reviews"
      format = "csv"
      golden = [{ input = [1, 2.5], value = 3 }, { input = "4,{{x}}", value = 0.1, tolerance = 0.0000001 }]
    }
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).probe.format == "csv" && jsondecode(jsondecode(aws_ssm_parameter.release.value).probe.cases) == [{ input = [1, 2.5], value = 3 }, { input = "4,{{x}}", value = 0.1, tolerance = 0.0000001 }] && !strcontains(aws_ssm_parameter.release.value, "{{")
    error_message = "The specification must have all cases and the format."
  }
}
