mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "instances_with_local_disks_take_no_key" {
  variables {
    blueprint = {
      name          = "reviews-async"
      instance_type = "ml.g5.xlarge"
    }
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.kms_key_arn == null
    error_message = "SageMaker refuses a key for NVMe disks."
  }
}
