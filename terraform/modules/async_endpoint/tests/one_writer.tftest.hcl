mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_endpoint_is_launched" {
}

run "a_newer_version_and_another_concurrency_leave_the_launch_alone" {
  variables {
    blueprint = { name = "reviews-async", max_concurrency = 2 }
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/2"
      model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-2/output/model.tar.gz"
      image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    }
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.name == run.the_endpoint_is_launched.endpoint_config_name && output.model_package_arn == "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
    error_message = "The configuration that a running endpoint uses must never be replaced."
  }
}

run "another_type_is_refused" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", instance_type = "ml.m5.xlarge" }
  }

  expect_failures = [aws_ssm_parameter.release]
}
