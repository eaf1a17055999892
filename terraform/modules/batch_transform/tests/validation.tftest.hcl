mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "refuses_a_name_that_is_none" {
  command = plan

  variables {
    blueprint = { name = "Reviews" }
  }

  expect_failures = [var.blueprint]
}

run "refuses_an_unknown_format" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", batch = { format = "xml" } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_delimiter_that_no_csv_has" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", batch = { delimiter = ":" } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_strategy_that_sagemaker_does_not_know" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", batch = { strategy = "All" } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_more_megabytes_at_once_than_sagemaker_sends" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", batch = { max_payload_mb = 26, max_concurrent_transforms = 4 } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_files_without_records" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", batch = { records_per_file = 0 } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_half_an_instance" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", instance_count = 1.5 }
  }

  expect_failures = [var.blueprint]
}

run "refuses_an_artifact_of_another_bucket" {
  command = plan

  variables {
    model_version = { model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/3", model_data_url = "s3://elsewhere/model.tar.gz", image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3" }
  }

  expect_failures = [var.model_version]
}

run "refuses_an_image_without_a_tag" {
  command = plan

  variables {
    model_version = { model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/3", model_data_url = "s3://mlops-dev-data-123456789012-us-east-1/model.tar.gz", image = "sagemaker-scikit-learn" }
  }

  expect_failures = [var.model_version]
}

run "refuses_containers_without_a_subnet" {
  command = plan

  variables {
    network = { subnet_ids = [], security_group_ids = ["sg-0a"] }
  }

  expect_failures = [var.network]
}

run "refuses_a_routes_prefix_that_ends_with_a_slash" {
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
    blueprint = { name = "reviews-batch", limits = { max_tokens = 0 } }
  }

  expect_failures = [var.blueprint]
}

run "an_unknown_container_format_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", format = "protobuf" }
  }

  expect_failures = [var.blueprint]
}

run "a_column_of_an_unknown_type_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", batch = { column = "*", types = { age = "float" } } }
  }

  expect_failures = [var.blueprint]
}
