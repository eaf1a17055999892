# No account is needed: the provider is mocked, and answers what AWS would compute.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/mock"
    }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/mlops-dev-reviews"
    }
  }
}

variables {
  context = {
    project            = "mlops"
    environment        = "dev"
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-dev"
    tags               = {}
    log_retention_days = 30
  }

  blueprint = {
    name = "reviews"
  }

  model_group = {
    key  = "reviews"
    name = "mlops-dev-reviews"
  }

  model_version = {
    model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
    model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-1/output/model.tar.gz"
    image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
  }

  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"

  bucket_name = "mlops-dev-data-123456789012-us-east-1"

  policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }

  boundary_arn  = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  topic_arn     = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  routes_prefix = "/mlops/dev/routes"
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
