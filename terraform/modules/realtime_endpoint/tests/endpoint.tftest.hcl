mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_endpoint_is_isolated_encrypted_and_named_by_content" {
  assert {
    condition     = aws_sagemaker_endpoint.this.name == "mlops-dev-reviews"
    error_message = "The endpoint must be <name_prefix>-<name>."
  }

  assert {
    condition     = can(regex("^mlops-dev-reviews-[0-9a-f]{8}-v1$", aws_sagemaker_endpoint_configuration.launch.name)) && aws_sagemaker_model.launch.name == aws_sagemaker_endpoint_configuration.launch.name
    error_message = "The names of model and configuration must contain the specification's hash."
  }

  assert {
    condition     = aws_sagemaker_model.launch.enable_network_isolation && toset(one(aws_sagemaker_model.launch.vpc_config).subnets) == toset(["subnet-0a", "subnet-0b"])
    error_message = "The container must be isolated in private subnets."
  }

  assert {
    condition     = toset(one(aws_sagemaker_model.launch.vpc_config).security_group_ids) == toset(var.network.security_group_ids)
    error_message = "The container must be in the given security groups."
  }

  assert {
    condition     = one(aws_sagemaker_model.launch.primary_container).environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    error_message = "The code must be taken from the artifact."
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.kms_key_arn == var.kms_key_arns.models
    error_message = "Volumes must be encrypted with the models key."
  }

  assert {
    condition     = one(aws_sagemaker_endpoint_configuration.launch.production_variants).initial_variant_weight == 1
    error_message = "Weights must be integers."
  }
}

run "a_failing_update_is_rolled_back_by_the_alarms" {
  assert {
    condition     = toset(one(one(aws_sagemaker_endpoint.this.deployment_config).auto_rollback_configuration).alarms[*].alarm_name) == toset(["mlops-dev-reviews-errors", "mlops-dev-reviews-latency"])
    error_message = "Both alarms must guard releases."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.latency.threshold == 2000000
    error_message = "ModelLatency is in microseconds."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.threshold == var.thresholds.error_rate_percent
    error_message = "The error alarm must have the given threshold."
  }

  assert {
    condition     = contains(aws_cloudwatch_metric_alarm.errors.alarm_actions, var.topic_arn)
    error_message = "Alarms must reach the topic."
  }
}

run "the_router_finds_the_endpoint" {
  variables {
    blueprint = {
      name       = "reviews"
      parameters = { threshold = 0.5, mode = "{{fast}}", stop = "7" }
      limits     = { max_tokens = 500, max_inputs = 20, max_total_tokens = 5000 }
    }
  }

  assert {
    condition     = aws_ssm_parameter.route.name == "/mlops/dev/routes/reviews"
    error_message = "The record must be stored under the prefix."
  }

  assert {
    condition     = !strcontains(aws_ssm_parameter.route.value, "{{") && jsondecode(aws_ssm_parameter.route.value) == { blueprint = "reviews", kind = "realtime", source = "sagemaker", targets = [{ name = "primary", endpoint_name = "mlops-dev-reviews", weight = 1 }], parameters = { threshold = 0.5, mode = "{{fast}}", stop = "7" }, limits = { max_tokens = 500, max_inputs = 20, max_total_tokens = 5000 } }
    error_message = "The record must name the endpoint, with numbers as numbers."
  }
}

run "the_router_learns_the_container_s_format" {
  variables {
    blueprint = { name = "reviews", format = "csv" }
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).targets == [{ name = "primary", endpoint_name = "mlops-dev-reviews", weight = 1, format = "csv" }]
    error_message = "The record must name a format that is not the platform's own."
  }
}

run "the_role_gets_the_policies_of_other_modules_and_writes_its_own_logs" {
  assert {
    condition     = module.role.boundary_arn == var.boundary_arn
    error_message = "The role must have the boundary."
  }

  assert {
    condition     = module.role.name == "mlops-dev-reviews-endpoint"
    error_message = "The role must have the name that releases pass."
  }

  assert {
    condition     = tomap({ for name, policy in module.role.policies : name => policy if name != "logs" }) == tomap(var.policy_documents)
    error_message = "The role must have exactly the attached policy documents."
  }

  assert {
    condition     = jsondecode(module.role.policies["logs"]).Statement == [{ Sid = "WriteLogs", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.endpoint.arn}:*"] }]
    error_message = "module.role must write to the endpoint's own log group only; its policy is ${module.role.policies["logs"]}."
  }
}

run "autoscaling_and_capture_are_created_on_request" {
  variables {
    blueprint = {
      name         = "reviews"
      autoscaling  = { max = 4, invocations_per_minute = 100 }
      data_capture = { sampling_percent = 50 }
    }
  }

  assert {
    condition     = aws_appautoscaling_target.variant[0].resource_id == "endpoint/mlops-dev-reviews/variant/primary" && aws_appautoscaling_target.variant[0].max_capacity == 4
    error_message = "The variant must scale between its limits."
  }

  assert {
    condition     = one(aws_appautoscaling_policy.invocations[0].target_tracking_scaling_policy_configuration).target_value == 100
    error_message = "The policy must track invocations."
  }
}

run "the_record_names_other_blueprints" {
  variables {
    blueprint = {
      name = "reviews"
      routing = {
        fallback         = ["spare", "next"]
        share_percent    = { next = 10, other = 5 }
        shadow           = { blueprint = "candidate-b", percent = 25 }
        retries          = 1
        cooldown_seconds = 60
        timeout_seconds  = 9
      }
    }
  }

  assert {
    condition     = [for target in jsondecode(aws_ssm_parameter.route.value).targets : "${target.name} ${target.weight} ${try(target.blueprint, target.endpoint_name)}"] == ["primary 85 mlops-dev-reviews", "spare 0 spare", "next 10 next", "other 5 other"]
    error_message = "The own target must have the rest of the shares; the others must follow in the order of the fallback."
  }

  assert {
    condition     = !can(jsondecode(aws_ssm_parameter.route.value).limits)
    error_message = "Limits that are not given are the router's defaults."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).shadow == { share = 0.25, target = { name = "candidate-b", blueprint = "candidate-b" } }
    error_message = "The record must name the shadow's blueprint and its share."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).retry == { retries = 1 } && jsondecode(aws_ssm_parameter.route.value).cooldown == { seconds = 60 } && jsondecode(aws_ssm_parameter.route.value).targets[0].timeout_seconds == 9
    error_message = "The route record must contain the given limits."
  }
}
