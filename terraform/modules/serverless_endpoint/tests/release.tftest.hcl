mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_specification_makes_what_the_launch_made" {
  assert {
    condition     = aws_ssm_parameter.release.name == "/mlops/dev/releases/specs/reviews" && aws_ssm_parameter.release.type == "String" && output.release_parameter_name == aws_ssm_parameter.release.name
    error_message = "The release parameter must have the name that the state machine reads."
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.name == "mlops-dev-reviews-${jsondecode(aws_ssm_parameter.release.value).hash}-v1" && aws_sagemaker_model.launch.name == aws_sagemaker_endpoint_configuration.launch.name
    error_message = "Released again, the launched version must be found to run already."
  }

  assert {
    condition     = nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).model)) == jsonencode({ Container = { Environment = one(aws_sagemaker_model.launch.primary_container).environment } })
    error_message = "SageMaker refuses network settings of serverless models."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).config == { ProductionVariants = [{ VariantName = "primary", InitialVariantWeight = 1, ServerlessConfig = { MemorySizeInMB = 2048, MaxConcurrency = 5 } }] }
    error_message = "The release parameter must have memory and concurrency, without unset members."
  }

  assert {
    condition     = { for key in ["endpoint_name", "model_group_name", "live_parameter_name", "launch_config_name", "execution_role_arn"] : key => jsondecode(aws_ssm_parameter.release.value)[key] } == { endpoint_name = "mlops-dev-reviews", model_group_name = "mlops-dev-reviews", live_parameter_name = "/mlops/dev/models/reviews/live", launch_config_name = aws_sagemaker_endpoint_configuration.launch.name, execution_role_arn = module.role.arn }
    error_message = "The release parameter must name the endpoint, group, live parameter, launch configuration and role of this module; got ${nonsensitive(aws_ssm_parameter.release.value)}."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).probe == { endpoint_name = "mlops-dev-reviews" } && jsondecode(aws_ssm_parameter.release.value).retain == { all = false, except = [] }
    error_message = "There is one variant, and nothing that scaling changed."
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.release.value).deployment == {
      BlueGreenUpdatePolicy     = { TrafficRoutingConfiguration = { Type = "ALL_AT_ONCE", WaitIntervalInSeconds = 120 }, TerminationWaitInSeconds = 120, MaximumExecutionTimeoutInSeconds = 3600 }
      AutoRollbackConfiguration = { Alarms = [{ AlarmName = "mlops-dev-reviews-errors" }, { AlarmName = "mlops-dev-reviews-latency" }] }
    }
    error_message = "Releases must shift all traffic at once and roll back on alarms, except the one on cold starts."
  }
}

run "another_size_is_another_specification" {
  command = plan

  variables {
    blueprint = {
      name       = "reviews"
      serverless = { memory_mb = 4096, max_concurrency = 20, provisioned_concurrency = 2 }
    }
  }

  assert {
    condition     = local.desired.config.ProductionVariants[0].ServerlessConfig == { MemorySizeInMB = 4096, MaxConcurrency = 20, ProvisionedConcurrency = 2 }
    error_message = "The release parameter must have the given serverless settings."
  }

  assert {
    condition     = !endswith(run.the_specification_makes_what_the_launch_made.endpoint_config_name, "${local.desired_hash}-v1")
    error_message = "Another size must be another name."
  }
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
