mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "variants_share_the_traffic_and_keep_their_versions" {
  command = plan

  variables {
    blueprint = {
      name        = "reviews"
      weight      = 9
      autoscaling = { min = 1, max = 3 }
      variants = {
        challenger = { weight = 1, version = 3 }
        larger     = { weight = 0, instance_type = "ml.m5.xlarge", instance_count = 2 }
      }
    }
  }

  assert {
    condition     = { for each in aws_sagemaker_endpoint_configuration.launch.production_variants : each.variant_name => [each.initial_variant_weight, each.instance_type, each.initial_instance_count] } == { primary = [9, "ml.m5.large", 1], challenger = [1, "ml.m5.large", 1], larger = [0, "ml.m5.xlarge", 2] }
    error_message = "Each variant must have its weight and its instances."
  }

  assert {
    condition     = { for each in aws_sagemaker_endpoint_configuration.launch.production_variants : each.variant_name => each.model_name == aws_sagemaker_model.launch.name } == { primary = true, challenger = false, larger = true }
    error_message = "A variant without its own version must use the primary variant's model."
  }

  assert {
    condition     = aws_sagemaker_model.pinned["3"].name == "mlops-dev-reviews-pinned-v3" && one(aws_sagemaker_model.pinned["3"].primary_container).model_package_name == "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/3"
    error_message = "A pinned version must be that of the group."
  }

  assert {
    condition     = aws_sagemaker_model.pinned["3"].enable_network_isolation && toset(one(aws_sagemaker_model.pinned["3"].vpc_config).subnets) == toset(["subnet-0a", "subnet-0b"]) && toset(one(aws_sagemaker_model.pinned["3"].vpc_config).security_group_ids) == toset(["sg-0a"])
    error_message = "Every model must be isolated in private subnets."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.variant_errors["challenger"].threshold == 5 && aws_cloudwatch_metric_alarm.variant_errors["challenger"].evaluation_periods == 2 && aws_cloudwatch_metric_alarm.variant_errors["challenger"].comparison_operator == "GreaterThanThreshold" && contains(aws_cloudwatch_metric_alarm.variant_errors["challenger"].alarm_actions, var.topic_arn)
    error_message = "Every variant must have an alarm that reaches the topic."
  }

  assert {
    condition     = toset(one(one(aws_sagemaker_endpoint.this.deployment_config).auto_rollback_configuration).alarms[*].alarm_name) == toset(["mlops-dev-reviews-errors", "mlops-dev-reviews-latency", "mlops-dev-reviews-challenger-errors", "mlops-dev-reviews-larger-errors"])
    error_message = "The alarms of all variants must guard releases."
  }

  assert {
    condition     = { for name, each in aws_appautoscaling_target.variants : name => [each.resource_id, each.min_capacity, each.max_capacity] } == { challenger = ["endpoint/mlops-dev-reviews/variant/challenger", 1, 3], larger = ["endpoint/mlops-dev-reviews/variant/larger", 1, 3] } && toset(keys(aws_appautoscaling_policy.variants)) == toset(["challenger", "larger"])
    error_message = "All variants must scale."
  }
}

run "releases_make_the_same_variants" {
  # The launch is frozen in the state, so each run has its own state.
  state_key = "variants"

  variables {
    blueprint = {
      name     = "reviews"
      weight   = 9
      variants = { challenger = { weight = 1, version = 3 }, larger = { weight = 2 } }
    }
  }

  assert {
    condition     = [for each in jsondecode(aws_ssm_parameter.release.value).config.ProductionVariants : [each.VariantName, each.InitialVariantWeight, try(each.ModelName, "")]] == [["primary", 9, ""], ["challenger", 1, "mlops-dev-reviews-pinned-v3"], ["larger", 2, ""]]
    error_message = "A pinned variant must keep its model; the others must get the release's model."
  }
}

run "a_shadow_gets_a_share_of_the_requests" {
  # The launch is frozen in the state, so each run has its own state.
  state_key = "shadow"

  variables {
    blueprint = {
      name   = "reviews"
      shadow = { sampling_percent = 40, version = 2, instance_type = "ml.c5.large" }
    }
  }

  assert {
    condition     = [for each in aws_sagemaker_endpoint_configuration.launch.shadow_production_variants : [each.variant_name, each.initial_variant_weight, each.model_name, each.instance_type]] == [["shadow", 40, "mlops-dev-reviews-pinned-v2", "ml.c5.large"]]
    error_message = "The shadow's weight must be the percentage, of the primary one's 100."
  }

  assert {
    condition     = one(aws_sagemaker_endpoint_configuration.launch.production_variants).initial_variant_weight == 100
    error_message = "The primary variant must have the weight that the percentage is of."
  }

  assert {
    condition     = one(jsondecode(aws_ssm_parameter.release.value).config.ShadowProductionVariants).InitialVariantWeight == 40
    error_message = "Releases must keep the shadow variant."
  }
}

run "one_container_loads_many_models" {
  # The launch is frozen in the state, so each run has its own state.
  state_key = "models"

  variables {
    blueprint = {
      name        = "reviews"
      multi_model = { default = "general.tar.gz" }
    }
  }

  assert {
    condition     = one(aws_sagemaker_model.launch.primary_container).mode == "MultiModel" && one(aws_sagemaker_model.launch.primary_container).model_data_url == "s3://mlops-dev-data-123456789012-us-east-1/artifacts/models/sagemaker-custom/reviews/"
    error_message = "The container must load from the blueprint's own prefix."
  }

  assert {
    condition     = one(jsondecode(aws_ssm_parameter.route.value).targets).target_model == "general.tar.gz"
    error_message = "The route must name the model that is meant."
  }

  assert {
    condition     = nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).model.Container)) == jsonencode({ Environment = one(aws_sagemaker_model.launch.primary_container).environment, Mode = "MultiModel", ModelDataUrl = one(aws_sagemaker_model.launch.primary_container).model_data_url })
    error_message = "A release must keep the model prefix, since a version only sets the image."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).probe == { any_training_job = true, endpoint_name = "mlops-dev-reviews", target_model = "general.tar.gz", target_variant = "primary" }
    error_message = "The model that is meant must be probed, whichever training job it comes from."
  }
}

run "several_containers_have_pinned_models" {
  # The launch is frozen in the state, so each run has its own state.
  state_key = "containers"

  variables {
    blueprint = {
      name       = "reviews"
      containers = { mode = "direct", target = "language", others = [{ name = "language", group = "mlops-dev-language", version = 4 }] }
    }
  }

  assert {
    condition     = [for each in aws_sagemaker_model.launch.container : each.container_hostname] == ["primary", "language"] && aws_sagemaker_model.launch.container[1].model_package_name == "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-language/4"
    error_message = "The containers must come in their order, the others with their pinned versions."
  }

  assert {
    condition     = one(aws_sagemaker_model.launch.inference_execution_config).mode == "Direct" && length(aws_sagemaker_model.launch.primary_container) == 0
    error_message = "Each request must name its container."
  }

  assert {
    condition     = one(jsondecode(aws_ssm_parameter.route.value).targets).target_container == "language"
    error_message = "The route must name the container that is meant."
  }

  assert {
    condition = nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).model)) == jsonencode({
      Containers = [
        { ContainerHostname = "primary", Environment = aws_sagemaker_model.launch.container[0].environment },
        { ContainerHostname = "language", Environment = aws_sagemaker_model.launch.container[0].environment, ModelPackageName = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-language/4" },
      ]
      EnableNetworkIsolation   = true
      InferenceExecutionConfig = { Mode = "Direct" }
      VpcConfig                = { SecurityGroupIds = ["sg-0a"], Subnets = ["subnet-0a", "subnet-0b"] }
    })
    error_message = "Releases must create the same containers, the first one from the version; got ${nonsensitive(aws_ssm_parameter.release.value)}"
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).probe == { any_training_job = true, endpoint_name = "mlops-dev-reviews", target_container = "language", target_variant = "primary" }
    error_message = "The container that is meant must be probed."
  }
}

run "the_versions_own_container_says_its_training_job" {
  command = plan

  variables {
    blueprint = {
      name       = "reviews"
      containers = { mode = "direct", others = [{ name = "language", group = "mlops-dev-language", version = 4 }] }
    }
  }

  assert {
    condition     = local.probe == { endpoint_name = "mlops-dev-reviews", target_container = "primary", target_variant = "primary" }
    error_message = "The probe must target the container and variant primary; got ${jsonencode(local.probe)}."
  }
}

run "the_last_container_of_a_series_answers" {
  command = plan

  variables {
    blueprint = {
      name       = "reviews"
      containers = { mode = "serial", others = [{ name = "language", group = "mlops-dev-language", version = 4 }] }
    }
  }

  assert {
    condition     = local.probe == { any_training_job = true, endpoint_name = "mlops-dev-reviews", target_variant = "primary" } && local.desired.model.InferenceExecutionConfig == { Mode = "Serial" }
    error_message = "The probe of a serial model must accept any training job; got ${jsonencode(local.probe)}."
  }
}
