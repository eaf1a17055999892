mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_endpoint_has_the_asked_sizes_and_is_named_by_content" {
  variables {
    blueprint = {
      name       = "reviews"
      serverless = { memory_mb = 3072, max_concurrency = 20, provisioned_concurrency = 2 }
    }
  }

  assert {
    condition     = aws_sagemaker_endpoint.this.name == "mlops-dev-reviews" && aws_sagemaker_endpoint.this.endpoint_config_name == aws_sagemaker_endpoint_configuration.launch.name
    error_message = "The endpoint must be <name_prefix>-<name> and run the configuration of its launch."
  }

  assert {
    condition     = can(regex("^mlops-dev-reviews-[0-9a-f]{8}-v1$", aws_sagemaker_endpoint_configuration.launch.name)) && aws_sagemaker_model.launch.name == aws_sagemaker_endpoint_configuration.launch.name
    error_message = "The names of model and configuration must contain the specification's hash and the version."
  }

  assert {
    condition     = [for each in one(aws_sagemaker_endpoint_configuration.launch.production_variants).serverless_config : [each.memory_size_in_mb, each.max_concurrency, each.provisioned_concurrency]] == [[3072, 20, 2]]
    error_message = "The endpoint must have the given memory and concurrency."
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.kms_key_arn == null && length(aws_sagemaker_endpoint_configuration.launch.data_capture_config) == 0 && length(aws_sagemaker_model.launch.vpc_config) == 0
    error_message = "SageMaker takes no volume key, data capture or VPC here."
  }

  assert {
    condition     = one(aws_sagemaker_model.launch.primary_container).environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    error_message = "The code must be taken from the artifact."
  }
}

run "a_failing_update_is_rolled_back_by_the_alarms_and_not_by_cold_starts" {
  assert {
    condition     = toset(one(one(aws_sagemaker_endpoint.this.deployment_config).auto_rollback_configuration).alarms[*].alarm_name) == toset(["mlops-dev-reviews-errors", "mlops-dev-reviews-latency"])
    error_message = "Both alarms must guard releases."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.latency.threshold == 2000000 && aws_cloudwatch_metric_alarm.cold_starts.threshold == 30000000
    error_message = "SageMaker's times are in microseconds."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.threshold == var.thresholds.error_rate_percent
    error_message = "The error alarm must have the given threshold."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.cold_starts.metric_name == "ModelSetupTime" && aws_cloudwatch_metric_alarm.cold_starts.dimensions["EndpointName"] == "mlops-dev-reviews"
    error_message = "Cold starts of this endpoint must be watched."
  }

  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency, aws_cloudwatch_metric_alarm.cold_starts] : contains(alarm.alarm_actions, var.topic_arn) && alarm.evaluation_periods <= 3 && alarm.comparison_operator == "GreaterThanThreshold"])
    error_message = "Alarms must reach the topic soon, above their thresholds."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.provisioned) == 0
    error_message = "Without provisioned concurrency there is nothing of it to watch."
  }
}

run "warm_workers_are_watched" {
  variables {
    blueprint = {
      name       = "reviews"
      serverless = { provisioned_concurrency = 1 }
    }
  }

  assert {
    condition     = one(aws_cloudwatch_metric_alarm.provisioned).metric_name == "ServerlessProvisionedConcurrencyUtilization" && one(aws_cloudwatch_metric_alarm.provisioned).threshold == 1
    error_message = "The alarm must fire when all warm workers are busy."
  }

  assert {
    condition     = one(aws_cloudwatch_metric_alarm.provisioned).comparison_operator == "GreaterThanOrEqualToThreshold" && one(aws_cloudwatch_metric_alarm.provisioned).evaluation_periods == 3 && contains(one(aws_cloudwatch_metric_alarm.provisioned).alarm_actions, var.topic_arn)
    error_message = "The alarm must reach the topic after three minutes."
  }

  assert {
    condition     = output.alarm_names == ["mlops-dev-reviews-errors", "mlops-dev-reviews-latency", "mlops-dev-reviews-cold-starts", "mlops-dev-reviews-provisioned-concurrency"]
    error_message = "All alarms must be published."
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
    condition     = !strcontains(aws_ssm_parameter.route.value, "{{") && jsondecode(aws_ssm_parameter.route.value) == { blueprint = "reviews", kind = "serverless", source = "sagemaker", targets = [{ name = "primary", endpoint_name = "mlops-dev-reviews", weight = 1 }], parameters = { threshold = 0.5, mode = "{{fast}}", stop = "7" }, limits = { max_tokens = 500, max_inputs = 20, max_total_tokens = 5000 } }
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
    condition     = module.role.boundary_arn == var.boundary_arn && module.role.name == "mlops-dev-reviews-endpoint"
    error_message = "The role must have the boundary, and the name that releases may pass on."
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
    condition     = aws_cloudwatch_log_group.endpoint.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.endpoint.retention_in_days == 30
    error_message = "Logs must be encrypted and end."
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
    condition     = jsondecode(aws_ssm_parameter.route.value).shadow == { share = 0.25, target = { name = "candidate-b", blueprint = "candidate-b" } }
    error_message = "The record must name the shadow's blueprint and its share."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).retry == { retries = 1 } && jsondecode(aws_ssm_parameter.route.value).cooldown == { seconds = 60 } && jsondecode(aws_ssm_parameter.route.value).targets[0].timeout_seconds == 9
    error_message = "The route record must contain the given limits."
  }
}
