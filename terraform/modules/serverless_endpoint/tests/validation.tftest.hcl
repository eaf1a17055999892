mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "name_with_capitals_is_refused" {
  command = plan

  variables {
    blueprint = { name = "Reviews" }
  }

  expect_failures = [var.blueprint]
}

run "name_of_a_candidate_is_refused" {
  command = plan

  variables {
    blueprint = { name = "candidate-x" }
  }

  expect_failures = [var.blueprint]
}

run "memory_between_the_steps_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", serverless = { memory_mb = 1536 } }
  }

  expect_failures = [var.blueprint]
}

run "memory_above_the_most_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", serverless = { memory_mb = 7168 } }
  }

  expect_failures = [var.blueprint]
}

run "no_concurrency_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", serverless = { max_concurrency = 0 } }
  }

  expect_failures = [var.blueprint]
}

run "concurrency_above_200_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", serverless = { max_concurrency = 201 } }
  }

  expect_failures = [var.blueprint]
}

run "half_a_request_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", serverless = { max_concurrency = 1.5 } }
  }

  expect_failures = [var.blueprint]
}

run "more_warm_workers_than_requests_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", serverless = { max_concurrency = 2, provisioned_concurrency = 3 } }
  }

  expect_failures = [var.blueprint]
}

run "no_warm_worker_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews", serverless = { provisioned_concurrency = 0 } }
  }

  expect_failures = [var.blueprint]
}

run "vpc_is_refused" {
  command = plan

  variables {
    refused = { network = { subnet_ids = ["subnet-0a"], security_group_ids = ["sg-0a"] } }
  }

  expect_failures = [var.refused]
}

run "network_isolation_is_refused" {
  command = plan

  variables {
    refused = { enable_network_isolation = true }
  }

  expect_failures = [var.refused]
}

run "data_capture_is_refused" {
  command = plan

  variables {
    refused = { data_capture = {} }
  }

  expect_failures = [var.refused]
}

run "a_second_variant_is_refused" {
  command = plan

  variables {
    refused = { variants = { challenger = { weight = 1 } } }
  }

  expect_failures = [var.refused]
}

run "routes_prefix_with_trailing_slash_is_refused" {
  command = plan

  variables {
    routes_prefix = "/mlops/dev/routes/"
  }

  expect_failures = [var.routes_prefix]
}

run "artifact_of_another_bucket_is_refused" {
  command = plan

  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
      model_data_url    = "s3://somewhere/model.tar.gz"
      image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    }
  }

  expect_failures = [var.model_version]
}

run "image_of_a_private_registry_is_refused" {
  command = plan

  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
      model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-1/output/model.tar.gz"
      image             = "registry.example.com/model:1"
    }
  }

  expect_failures = [var.model_version]
}

run "name_too_long_for_sagemaker_is_refused" {
  command = plan

  variables {
    blueprint = { name = "a-blueprint-with-a-long-long-one" }

    context = {
      project     = "mlops"
      environment = "dev"
      region      = "us-east-1"
      account_id  = "123456789012"
      name_prefix = "a-long-project-somewhere"
    }
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
