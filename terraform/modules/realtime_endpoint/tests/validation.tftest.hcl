mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "name_with_capitals_is_refused" {
  command = plan

  variables {
    blueprint = {
      name = "Reviews"
    }
  }

  expect_failures = [var.blueprint]
}

run "name_of_a_candidate_is_refused" {
  command = plan

  variables {
    blueprint = {
      name = "candidate-x"
    }
  }

  expect_failures = [var.blueprint]
}

run "name_too_long_for_sagemaker_is_refused" {
  command = plan

  variables {
    blueprint = {
      name = "a-blueprint-with-a-long-long-one"
    }

    context = {
      project            = "mlops"
      environment        = "dev"
      region             = "us-east-1"
      account_id         = "123456789012"
      name_prefix        = "a-long-project-somewhere"
      tags               = {}
      log_retention_days = 30
    }
  }

  expect_failures = [var.blueprint]
}

run "instance_type_of_ec2_is_refused" {
  command = plan

  variables {
    blueprint = {
      name          = "reviews"
      instance_type = "m5.large"
    }
  }

  expect_failures = [var.blueprint]
}

run "half_an_instance_is_refused" {
  command = plan

  variables {
    blueprint = {
      name           = "reviews"
      instance_count = 1.5
    }
  }

  expect_failures = [var.blueprint]
}

run "autoscaling_upside_down_is_refused" {
  command = plan

  variables {
    blueprint = {
      name        = "reviews"
      autoscaling = { min = 3, max = 2 }
    }
  }

  expect_failures = [var.blueprint]
}

run "capture_of_nothing_is_refused" {
  command = plan

  variables {
    blueprint = {
      name         = "reviews"
      data_capture = { sampling_percent = 0 }
    }
  }

  expect_failures = [var.blueprint]
}

run "artifact_outside_the_bucket_is_refused" {
  command = plan

  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
      model_data_url    = "s3://elsewhere/artifacts/training-outputs/run-1/output/model.tar.gz"
      image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    }
  }

  expect_failures = [var.model_version]
}

run "image_outside_ecr_is_refused" {
  command = plan

  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
      model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-1/output/model.tar.gz"
      image             = "docker.io/library/python:3"
    }
  }

  expect_failures = [var.model_version]
}

run "network_without_subnets_is_refused" {
  command = plan

  variables {
    network = {
      subnet_ids         = []
      security_group_ids = ["sg-0a"]
    }
  }

  expect_failures = [var.network]
}

run "routes_prefix_without_slash_is_refused" {
  command = plan

  variables {
    routes_prefix = "mlops/dev/routes"
  }

  expect_failures = [var.routes_prefix]
}

run "variant_called_primary_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", variants = { primary = {} } }
  }

  expect_failures = [var.blueprint]
}

run "weight_of_a_half_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", weight = 0.5 }
  }

  expect_failures = [var.blueprint]
}

run "weights_that_are_all_zero_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", weight = 0, variants = { other = { weight = 0 } } }
  }

  expect_failures = [var.blueprint]
}

run "ten_more_variants_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", variants = { for number in range(10) : "variant-${number}" => {} } }
  }

  expect_failures = [var.blueprint]
}

run "shadow_of_nothing_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", shadow = { sampling_percent = 0 } }
  }

  expect_failures = [var.blueprint]
}

run "shadow_beside_variants_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", shadow = {}, variants = { other = {} } }
  }

  expect_failures = [var.blueprint]
}

run "shadow_of_many_models_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", shadow = {}, multi_model = { default = "a.tar.gz" } }
  }

  expect_failures = [var.blueprint]
}

run "many_models_in_several_containers_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", multi_model = { default = "a.tar.gz" }, containers = { mode = "serial", others = [{ name = "next", group = "g", version = 1 }] } }
  }

  expect_failures = [var.blueprint]
}

run "variants_of_many_models_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", variants = { other = {} }, multi_model = { default = "a.tar.gz" } }
  }

  expect_failures = [var.blueprint]
}

run "model_outside_the_prefix_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", multi_model = { default = "../a.tar.gz" } }
  }

  expect_failures = [var.blueprint]
}

run "containers_without_others_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", containers = { mode = "serial", others = [] } }
  }

  expect_failures = [var.blueprint]
}

run "target_that_is_not_a_container_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", containers = { mode = "direct", target = "elsewhere", others = [{ name = "next", group = "g", version = 1 }] } }
  }

  expect_failures = [var.blueprint]
}

run "routing_to_itself_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", routing = { fallback = ["reviews"] } }
  }

  expect_failures = [var.blueprint]
}

run "routing_with_shares_of_more_than_everything_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", routing = { share_percent = { one = 60, other = 50 } } }
  }

  expect_failures = [var.blueprint]
}

run "routing_with_more_retries_than_the_router_takes_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", routing = { retries = 11 } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_hashed_version_that_lies_elsewhere" {
  command = plan

  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/3"
      model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-1/output/model.tar.gz"
      image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
      files_sha256      = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    }
  }

  expect_failures = [var.model_version]
}

run "a_launched_container_hears_what_its_archive_holds" {
  command = plan

  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/3"
      model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/models/registered/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/model.tar.gz"
      image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
      files_sha256      = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
    }
  }

  assert {
    condition     = local.launched_environment.MODEL_FILES_SHA256 == "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210" && !contains(keys(local.desired.model.Container.Environment), "MODEL_FILES_SHA256")
    error_message = "The version's own hash goes into its model, and no hash into the specification that all versions share."
  }
}

run "a_limit_of_nothing_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", limits = { max_tokens = 0 } }
  }

  expect_failures = [var.blueprint]
}

run "an_unknown_container_format_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", format = "protobuf" }
  }

  expect_failures = [var.blueprint]
}

run "a_golden_case_without_an_input_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", golden = [{ label = "positive" }] }
  }

  expect_failures = [var.blueprint]
}
