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

  network = {
    subnet_ids         = ["subnet-0b", "subnet-0a"]
    security_group_ids = ["sg-0a"]
  }

  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }

  bucket_name = "mlops-dev-data-123456789012-us-east-1"

  policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }

  boundary_arn  = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  topic_arn     = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  routes_prefix = "/mlops/dev/routes"
}

run "an_instance_with_local_disks_gets_no_volume_key" {
  command = plan

  variables {
    blueprint = {
      name          = "reviews"
      instance_type = "ml.g5.xlarge"
      data_capture  = { sampling_percent = 50 }
    }
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.kms_key_arn == null
    error_message = "SageMaker refuses a volume key for instances that encrypt their own disks."
  }

  assert {
    condition     = one(aws_sagemaker_endpoint_configuration.launch.data_capture_config).initial_sampling_percentage == 50
    error_message = "Half of the requests must be captured."
  }

  assert {
    condition     = one(aws_sagemaker_endpoint_configuration.launch.data_capture_config).destination_s3_uri == "s3://mlops-dev-data-123456789012-us-east-1/inference/realtime/logs/reviews"
    error_message = "Captured data must go to the real-time logs."
  }
}
