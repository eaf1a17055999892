mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context          = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-test" }
  bucket_name      = "mlops-test-data"
  boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  kms_key_arns     = { data = "arn:aws:kms:us-east-1:123456789012:key/1", models = "arn:aws:kms:us-east-1:123456789012:key/2" }
  policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  program          = { path = "tests/program.zip", sha256_base64 = "JAjq/ZNa+NnTzcBgqV3mGnzlEUFuTkqBBtgXSWcPSTk=" }
  network          = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  flows            = { reviews = { text = "{\"nodes\":[]}", source = "data/raw/reviews/", target = "data/processed/reviews-wrangled/" } }
}

run "program_and_flow_are_encrypted_and_where_they_belong" {
  assert {
    condition     = aws_s3_object.program.key == "artifacts/code/processing/JAjqZNaNnTzcBgqV/run_flow.zip" && aws_s3_object.program.kms_key_id == var.kms_key_arns.data
    error_message = "The program must be stored under its hash, encrypted with the data key; got ${aws_s3_object.program.key}."
  }
  assert {
    condition     = aws_s3_object.flow["reviews"].key == "artifacts/code/flows/${substr(sha256(var.flows.reviews.text), 0, 16)}/reviews.flow" && aws_s3_object.flow["reviews"].kms_key_id == var.kms_key_arns.data && aws_s3_object.flow["reviews"].content == "{\"nodes\":[]}"
    error_message = "The flow must be stored under its hash, encrypted with the data key; got ${aws_s3_object.flow["reviews"].key}."
  }
}

run "a_request_has_all_but_the_name" {
  assert {
    condition = output.requests.reviews.AppSpecification.ContainerEntrypoint == ["python3", "/opt/ml/processing/input/code/run_flow.zip"] && output.requests.reviews.AppSpecification.ContainerArguments == [
      "--flow", "/opt/ml/processing/input/flow/reviews.flow",
      "--source", "s3://mlops-test-data/data/raw/reviews/=/opt/ml/processing/input/source",
      "--target", "s3://mlops-test-data/data/processed/reviews-wrangled/=/opt/ml/processing/output",
      "--message", "/opt/ml/output/message",
    ]
    error_message = "The request must start run_flow.zip with the flow's arguments; got ${jsonencode(output.requests.reviews.AppSpecification)}."
  }
  assert {
    condition = { for input in output.requests.reviews.ProcessingInputs : input.InputName => [input.S3Input.S3Uri, input.S3Input.LocalPath] } == {
      code   = ["s3://mlops-test-data/artifacts/code/processing/JAjqZNaNnTzcBgqV", "/opt/ml/processing/input/code"]
      flow   = ["s3://mlops-test-data/artifacts/code/flows/${substr(sha256(var.flows.reviews.text), 0, 16)}/reviews.flow", "/opt/ml/processing/input/flow"]
      source = ["s3://mlops-test-data/data/raw/reviews/", "/opt/ml/processing/input/source"]
    }
    error_message = "The request must take code, flow and source from their prefixes; got ${jsonencode(output.requests.reviews.ProcessingInputs)}."
  }
  assert {
    condition     = output.requests.reviews.ProcessingOutputConfig.KmsKeyId == var.kms_key_arns.data && output.requests.reviews.ProcessingResources.ClusterConfig.VolumeKmsKeyId == var.kms_key_arns.models && output.requests.reviews.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri == "s3://mlops-test-data/data/processed/reviews-wrangled"
    error_message = "The request must encrypt results with the data key and volumes with the models key, and write to the flow's target; got ${jsonencode(output.requests.reviews.ProcessingOutputConfig)}."
  }
  assert {
    condition     = jsonencode(output.requests.reviews.NetworkConfig.VpcConfig) == jsonencode({ Subnets = ["subnet-1"], SecurityGroupIds = ["sg-1"] }) && output.requests.reviews.StoppingCondition.MaxRuntimeInSeconds == 3600
    error_message = "The request must name the network and end after 3600 seconds; got ${jsonencode(output.requests.reviews.NetworkConfig)} and ${jsonencode(output.requests.reviews.StoppingCondition)}."
  }
}

run "the_role_is_sagemakers_under_the_boundary" {
  assert {
    condition     = module.role.boundary_arn == var.boundary_arn && jsondecode(module.role.trust_policy).Statement[0].Principal == { Service = "sagemaker.amazonaws.com" } && jsondecode(module.role.trust_policy).Statement[0].Condition == { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    error_message = "Only SageMaker may assume the role, for account 123456789012 and under the boundary; got ${module.role.trust_policy}."
  }
  assert {
    condition     = jsondecode(module.role.policies["logs"]).Statement[0].Resource == ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/ProcessingJobs", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/ProcessingJobs:*"] && module.role.policies["bucket"] == var.policy_documents.bucket
    error_message = "The role must write to the log group of processing jobs and have the bucket's document; got ${module.role.policies["logs"]}."
  }
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arns = { data = "a", models = "b" }
  }
  expect_failures = [var.kms_key_arns]
}

run "refuses_a_program_that_is_not_a_zip" {
  command = plan
  variables {
    program = { path = "run_flow.py", sha256_base64 = "x" }
  }
  expect_failures = [var.program]
}

run "refuses_a_flow_without_nodes" {
  command = plan
  variables {
    flows = { reviews = { text = "{}", source = "data/raw/reviews/", target = "data/processed/x/" } }
  }
  expect_failures = [var.flows]
}

run "refuses_a_flow_that_reads_the_whole_bucket" {
  command = plan
  variables {
    flows = { reviews = { text = "{\"nodes\":[]}", source = "/", target = "data/processed/x/" } }
  }
  expect_failures = [var.flows]
}

run "refuses_a_flow_with_a_blank_in_its_name" {
  command = plan
  variables {
    flows = { "my flow" = { text = "{\"nodes\":[]}", source = "data/raw/", target = "data/processed/x/" } }
  }
  expect_failures = [var.flows]
}

run "refuses_a_job_of_a_week" {
  command = plan
  variables {
    resources = { max_runtime_seconds = 604800 }
  }
  expect_failures = [var.resources]
}

run "refuses_jobs_outside_the_network" {
  command = plan
  variables {
    network = { subnet_ids = [], security_group_ids = [] }
  }
  expect_failures = [var.network]
}
