mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "launch" {
  assert {
    condition     = output.model_package_arn == "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
    error_message = "The endpoint must be launched with the given version."
  }
}

run "a_later_version_or_size_changes_nothing_here" {
  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/2"
      model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-2/output/model.tar.gz"
      image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    }

    blueprint = {
      name       = "reviews"
      serverless = { memory_mb = 6144 }
    }
  }

  assert {
    condition     = output.endpoint_config_name == run.launch.endpoint_config_name && output.model_id == run.launch.model_id && output.model_package_arn == run.launch.model_package_arn
    error_message = "A new version or size is a release, not a change of the configuration in use."
  }
}
