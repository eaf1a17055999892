mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "a_long_name_is_refused" {
  command = plan

  variables {
    blueprint = { name = "a-name-of-twenty-four-ch" }
  }

  expect_failures = [var.blueprint]
}

run "the_name_of_a_candidate_is_refused" {
  command = plan

  variables {
    blueprint = { name = "candidate-1" }
  }

  expect_failures = [var.blueprint]
}

run "a_type_that_is_none_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", instance_type = "m5.large" }
  }

  expect_failures = [var.blueprint]
}

run "more_at_least_than_at_most_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", instances = { min = 3, max = 2 } }
  }

  expect_failures = [var.blueprint]
}

run "no_backlog_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", backlog_per_instance = 0 }
  }

  expect_failures = [var.blueprint]
}

run "no_concurrency_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", max_concurrency = 0 }
  }

  expect_failures = [var.blueprint]
}

run "too_much_concurrency_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", max_concurrency = 1001 }
  }

  expect_failures = [var.blueprint]
}

run "a_life_of_seconds_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", ttl_seconds = 59 }
  }

  expect_failures = [var.blueprint]
}

run "more_than_an_hour_at_the_model_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", invocation_timeout_seconds = 3601 }
  }

  expect_failures = [var.blueprint]
}

run "more_than_a_gigabyte_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", max_input_mb = 1025 }
  }

  expect_failures = [var.blueprint]
}

run "names_too_long_together_are_refused" {
  command = plan

  variables {
    context = {
      project     = "mlops"
      environment = "dev"
      region      = "us-east-1"
      account_id  = "123456789012"
      name_prefix = "a-project-of-many-words-in-dev-of-a-team"
    }
  }

  expect_failures = [var.blueprint]
}

run "a_model_elsewhere_is_refused" {
  command = plan

  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
      model_data_url    = "s3://somewhere-else/model.tar.gz"
      image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    }
  }

  expect_failures = [var.model_version]
}

run "an_image_elsewhere_is_refused" {
  command = plan

  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
      model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/model.tar.gz"
      image             = "docker.io/library/python"
    }
  }

  expect_failures = [var.model_version]
}

run "no_subnet_is_refused" {
  command = plan

  variables {
    network = { subnet_ids = [], security_group_ids = ["sg-0c0123456789abcde"] }
  }

  expect_failures = [var.network]
}

run "a_prefix_with_a_slash_at_its_end_is_refused" {
  command = plan

  variables {
    routes_prefix = "/mlops/dev/routes/"
  }

  expect_failures = [var.routes_prefix]
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
    blueprint = { name = "reviews-async", limits = { max_tokens = 0 } }
  }

  expect_failures = [var.blueprint]
}

run "an_unknown_container_format_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", format = "protobuf" }
  }

  expect_failures = [var.blueprint]
}

run "a_golden_case_without_an_input_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", golden = [{ label = "positive" }] }
  }

  expect_failures = [var.blueprint]
}
