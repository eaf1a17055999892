mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
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
