mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/mlops-test-training"
    }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/mlops-test-training"
    }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = {
      arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-test-training"
    }
  }
}

variables {
  context = {
    project            = "mlops"
    environment        = "test"
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-test"
    tags               = { project = "mlops", environment = "test", owner = "ml-platform" }
    log_retention_days = 30
  }
  boundary_arn           = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  bucket_policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  models_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  logs_key_arn           = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  topic_arn              = "arn:aws:sns:us-east-1:123456789012:mlops-test-notifications"
  bucket_name            = "mlops-test-data-123456789012-us-east-1"
  glue = {
    crawler_names = { raw = "mlops-test-raw-reviews", processed = "mlops-test-processed-reviews", features = "mlops-test-features-reviews" }
    job_name      = "mlops-test-etl"
    role_arn      = "arn:aws:iam::123456789012:role/mlops-test-glue"
    quality       = { ruleset_name = "mlops-test-processed-reviews", database_name = "mlops_test_processed", table_name = "reviews" }
  }
  release_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-test-release"
  lambda_arns = {
    data_validation  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-data-validation"
    model_evaluation = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-model-evaluation"
    model_artifacts  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-model-artifacts"
    endpoint_probe   = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-endpoint-probe"
  }
  training = {
    role_arn           = "arn:aws:iam::123456789012:role/mlops-test-job"
    endpoint_role_arn  = "arn:aws:iam::123456789012:role/mlops-test-candidate"
    image_uri          = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    source_uri         = "s3://mlops-test-data-123456789012-us-east-1/artifacts/code/training/abc/sourcedir.tar.gz"
    subnet_ids         = ["subnet-1", "subnet-2"]
    security_group_ids = ["sg-1"]
  }
  registry = { group_name = "mlops-test-reviews", live_parameter_name = "/mlops/test/models/reviews/live" }
}

run "a_version_is_staged_then_live_then_archived" {
  command = plan

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters.ModelLifeCycle == { Stage = "Staging", "StageStatus.$" = "$.registration.stage_status" }
    error_message = "A version is registered in Staging."
  }
  assert {
    condition     = [for state in ["ApproveAutomatically", "ApproveManually"] : jsondecode(aws_sfn_state_machine.training.definition).States[state].Result.stage_status] == ["Approved", "PendingApproval"]
    error_message = "The stage's status follows the approval."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.WithdrawApproval.Parameters.ModelLifeCycle == { Stage = "Staging", StageStatus = "Rejected" }
    error_message = "A version whose candidate failed is rejected in its stage."
  }
  assert {
    condition     = [for state in ["FindPreviousVersion", "SetLiveVersion", "PromoteModel"] : jsondecode(aws_sfn_state_machine.training.definition).States[state].Next] == ["SetLiveVersion", "PromoteModel", "PreviousToArchive"]
    error_message = "Production is said of a version that is live already, and who was live is read before."
  }
  assert {
    condition     = [for state in ["PromoteModel", "ArchivePreviousVersion"] : jsondecode(aws_sfn_state_machine.training.definition).States[state].Parameters.ModelLifeCycle.Stage] == ["Production", "Archived"]
    error_message = "Stages of the new and of the old version."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.ArchivePreviousVersion.Catch[0].Next == "NotifyUnarchived"
    error_message = "People are told of a version that could not be archived."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters.MetadataProperties == { "GeneratedBy.$" = "$.training.arn" }
    error_message = "A version names the job that made it."
  }
}

run "descriptions_of_versions_are_not_encrypted_by_default" {
  command = plan

  assert {
    condition     = !contains(keys(jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters), "SecurityConfig") && !strcontains(aws_iam_role_policy.this.policy, "EncryptVersions")
    error_message = "A key that readers have no right on."
  }
}

run "descriptions_of_versions_have_the_models_key_when_asked_for" {
  command = plan
  variables {
    registry = { group_name = "mlops-test-reviews", live_parameter_name = "/mlops/test/models/reviews/live", encrypt_versions = true }
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters.SecurityConfig == { KmsKeyId = var.models_key_arn }
    error_message = "The key of the versions."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Resource if s.Sid == "EncryptVersions"]) == [var.models_key_arn]
    error_message = "The pipeline may not use the key that it names."
  }
}
