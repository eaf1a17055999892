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
      arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/mlops-dev-reviews-async"
    }
  }

  mock_resource "aws_appautoscaling_policy" {
    defaults = {
      arn = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/sagemaker/endpoint/mlops-dev-reviews-async/variant/primary:policyName/wake-up"
    }
  }
}

variables {
  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  blueprint = {
    name            = "reviews-async"
    instances       = { min = 0, max = 4 }
    max_concurrency = 8
  }

  model_group = { key = "reviews", name = "mlops-dev-reviews" }

  model_version = {
    model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
    model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-1/output/model.tar.gz"
    image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
  }

  network = {
    subnet_ids         = ["subnet-0a0123456789abcde", "subnet-0b0123456789abcde"]
    security_group_ids = ["sg-0c0123456789abcde"]
  }

  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }

  bucket_name = "mlops-dev-data-123456789012-us-east-1"

  topic_arns = {
    success = "arn:aws:sns:us-east-1:123456789012:mlops-dev-reviews-async-completed"
    error   = "arn:aws:sns:us-east-1:123456789012:mlops-dev-reviews-async-failed"
  }

  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/*"]
    }]
  }) }

  boundary_arn  = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  topic_arn     = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  routes_prefix = "/mlops/dev/routes"
}

run "the_specification_makes_what_the_launch_made" {
  assert {
    condition     = aws_ssm_parameter.release.name == "/mlops/dev/releases/specs/reviews-async" && aws_ssm_parameter.release.type == "String" && output.release_parameter_name == aws_ssm_parameter.release.name
    error_message = "The state machine looks for it here."
  }

  assert {
    condition     = aws_sagemaker_endpoint_configuration.launch.name == "mlops-dev-reviews-async-${jsondecode(aws_ssm_parameter.release.value).hash}-v1" && aws_sagemaker_model.launch.name == aws_sagemaker_endpoint_configuration.launch.name
    error_message = "Released again, the launched version must be found to run already."
  }

  assert {
    condition     = nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).model)) == jsonencode({ Container = { Environment = one(aws_sagemaker_model.launch.primary_container).environment }, EnableNetworkIsolation = true, VpcConfig = { SecurityGroupIds = var.network.security_group_ids, Subnets = var.network.subnet_ids } })
    error_message = "The container stays isolated, in the same network."
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.release.value).config == {
      ProductionVariants = [{ VariantName = "primary", InstanceType = "ml.m5.large", InitialInstanceCount = 1, InitialVariantWeight = 1 }]
      KmsKeyId           = var.kms_key_arns.models
      AsyncInferenceConfig = {
        OutputConfig = {
          S3OutputPath       = one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).s3_output_path
          S3FailurePath      = one(one(aws_sagemaker_endpoint_configuration.launch.async_inference_config).output_config).s3_failure_path
          KmsKeyId           = var.kms_key_arns.data
          NotificationConfig = { SuccessTopic = var.topic_arns.success, ErrorTopic = var.topic_arns.error }
        }
        ClientConfig = { MaxConcurrentInvocationsPerInstance = 8 }
      }
    }
    error_message = "Volumes and results stay encrypted, and results go where the launch put them."
  }

  assert {
    condition     = { for key in ["endpoint_name", "model_group_name", "live_parameter_name", "launch_config_name", "execution_role_arn"] : key => jsondecode(aws_ssm_parameter.release.value)[key] } == { endpoint_name = "mlops-dev-reviews-async", model_group_name = "mlops-dev-reviews", live_parameter_name = "/mlops/dev/models/reviews/live", launch_config_name = aws_sagemaker_endpoint_configuration.launch.name, execution_role_arn = module.role.arn }
    error_message = "The release parameter must name the endpoint, group, live parameter, launch configuration and role of this module; got ${nonsensitive(aws_ssm_parameter.release.value)}."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).probe == { endpoint_name = "mlops-dev-reviews-async", queue = { input = "s3://mlops-dev-data-123456789012-us-east-1/inference/async/input/reviews-async/releases", timeout_seconds = 60 } }
    error_message = "It is asked as callers ask it, with an input that its role may read."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.release.value).retain == { all = true, except = [{ VariantPropertyType = "DesiredWeight" }, { VariantPropertyType = "DataCaptureConfig" }] }
    error_message = "A release must keep the instance count that autoscaling set (retain); got ${nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value).retain))}."
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.release.value).deployment == {
      BlueGreenUpdatePolicy     = { TrafficRoutingConfiguration = { Type = "ALL_AT_ONCE", WaitIntervalInSeconds = 120 }, TerminationWaitInSeconds = 120, MaximumExecutionTimeoutInSeconds = 3720 }
      AutoRollbackConfiguration = { Alarms = [{ AlarmName = "mlops-dev-reviews-async-errors" }] }
    }
    error_message = "All at once, and back when requests fail; a long queue says nothing against a version."
  }
}

run "what_the_old_fleet_has_begun_it_may_finish" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", invocation_timeout_seconds = 900 }
  }

  assert {
    condition     = local.deployment.BlueGreenUpdatePolicy.TerminationWaitInSeconds == 900 && local.deployment.BlueGreenUpdatePolicy.MaximumExecutionTimeoutInSeconds == 4500
    error_message = "It must stay as long as a request may take."
  }
}

run "instances_with_disks_of_their_own_take_no_key" {
  command = plan

  variables {
    blueprint = { name = "reviews-async", instance_type = "ml.g5.xlarge" }
  }

  assert {
    condition     = !can(local.wanted.config.KmsKeyId)
    error_message = "SageMaker refuses a key for NVMe disks."
  }

  # The launch had another type.
  expect_failures = [aws_ssm_parameter.release]
}
