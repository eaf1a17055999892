mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
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
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  kms_key_arns = {
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }
  topic_arn                    = "arn:aws:sns:us-east-1:123456789012:mlops-test-notifications"
  probe_function_arn           = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-endpoint-probe"
  model_artifacts_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-model-artifacts"
  endpoint_names               = { reviews = "mlops-test-reviews" }
  model_group_names            = ["mlops-test-reviews"]
}

run "the_machine_logs_encrypted_traces_and_runs_under_the_boundary" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arns.logs && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Logs are encrypted and end."
  }
  assert {
    condition     = one(aws_sfn_state_machine.this.tracing_configuration).enabled && aws_sfn_state_machine.this.type == "STANDARD"
    error_message = "Executions are traced, and last longer than five minutes."
  }
  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.boundary_arn
    error_message = "The role has the boundary."
  }
  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-test-release" }
      }
    }]
    error_message = "Only this state machine of this account assumes the role."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).TimeoutSeconds == 28800
    error_message = "The state machine must time out after 28800 seconds; got ${jsondecode(aws_sfn_state_machine.this.definition).TimeoutSeconds}."
  }
}

run "what_happened_is_logged_whole" {
  assert {
    condition     = one(aws_sfn_state_machine.this.logging_configuration).level == "ALL" && one(aws_sfn_state_machine.this.logging_configuration).include_execution_data && one(aws_sfn_state_machine.this.logging_configuration).log_destination == "${aws_cloudwatch_log_group.this.arn}:*"
    error_message = "Every state is logged with its data, into the encrypted group."
  }
}

run "a_running_version_is_unchanged" {
  command = plan

  assert {
    condition     = [for c in jsondecode(aws_sfn_state_machine.this.definition).States.EndpointReady.Choices : c.Next] == ["AlreadyRecorded", "VersionHashed"] && jsondecode(aws_sfn_state_machine.this.definition).States.EndpointReady.Default == "EndpointBusy"
    error_message = "The same name is the same content; an endpoint that is not in service is not touched."
  }
}

run "in_service_is_not_enough_and_the_way_back_names_no_alarms" {
  command = plan

  assert {
    condition     = [for c in jsondecode(aws_sfn_state_machine.this.definition).States.UpdateEnded.Choices : c.Next] == ["HasQueue", "RolledBackWithReason", "RolledBackSilently", "UpdateNotSettled", "WaitForUpdate"]
    error_message = "Only the desired configuration may be probed; any other one in service must count as a rollback."
  }
  assert {
    condition     = keys(jsondecode(aws_sfn_state_machine.this.definition).States.GoBack.Parameters.DeploymentConfig) == ["BlueGreenUpdatePolicy"] && jsondecode(aws_sfn_state_machine.this.definition).States.GoBack.Parameters["EndpointConfigName.$"] == "$.before.config"
    error_message = "A rollback must not be blocked by alarms that the new version raised."
  }
}

run "a_lock_is_taken_by_the_first_and_of_a_holder_that_is_gone" {
  command = plan

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.TakeLock.Parameters.Overwrite == false && jsondecode(aws_sfn_state_machine.this.definition).States.SucceedHolder.Parameters.Overwrite == true
    error_message = "A parameter that exists belongs to its holder."
  }
  assert {
    condition     = [for c in jsondecode(aws_sfn_state_machine.this.definition).States.HolderRuns.Choices : c.Next] == ["WaitedTooLong", "CountWait"]
    error_message = "A running release must be waited for, up to the limit."
  }
}

run "releases_that_do_not_succeed_are_reported" {
  command = plan

  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.unsuccessful : alarm.metric_name]) == toset(["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"])
    error_message = "Each bad end has an alarm."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.unsuccessful : alarm.threshold == 0 && alarm.comparison_operator == "GreaterThanThreshold" && alarm.evaluation_periods == 1 && alarm.treat_missing_data == "notBreaching" && tolist(alarm.alarm_actions) == tolist([var.topic_arn]) && alarm.dimensions.StateMachineArn == "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-test-release"])
    error_message = "One failed release must raise the alarm and notify the topic."
  }
}

run "it_touches_what_is_the_environments_and_passes_on_the_endpoints_roles_alone" {
  command = plan

  assert {
    condition     = { for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Sid => s.Resource if startswith(s.Action[0], "sagemaker:") } == { ManageModels = ["arn:aws:sagemaker:us-east-1:123456789012:model/mlops-test-*"], ManageConfigurations = ["arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/mlops-test-*"], UpdateEndpoints = ["arn:aws:sagemaker:us-east-1:123456789012:endpoint/mlops-test-*", "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/mlops-test-*"], WatchEndpoints = ["arn:aws:sagemaker:us-east-1:123456789012:endpoint/mlops-test-*"], DescribeVersions = ["arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-test-reviews/*"] }
    error_message = "SageMaker statements must name resources of this environment only; got ${aws_iam_role_policy.this.policy}."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "PassEndpointRoles"]) == { Effect = "Allow", Sid = "PassEndpointRoles", Action = ["iam:PassRole"], Resource = ["arn:aws:iam::123456789012:role/mlops-test-reviews-endpoint"], Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } } }
    error_message = "The role must pass the endpoints' roles to SageMaker and no others; got ${aws_iam_role_policy.this.policy}."
  }
  assert {
    condition     = { for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Sid => s.Resource if startswith(s.Action[0], "ssm:") } == { ReadSpecifications = ["arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/releases/*", "arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/models/*"], ListSpecifications = ["arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/releases/specs"], WriteRecords = ["arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/releases/records/*", "arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/releases/locks/*"], DeleteLocks = ["arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/releases/locks/*"] }
    error_message = "Parameter statements must name the release and live parameters of this environment only; got ${aws_iam_role_policy.this.policy}."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "GrantVolumeKey"]).Condition == { Bool = { "kms:GrantIsForAWSResource" = "true" }, StringEquals = { "kms:ViaService" = "sagemaker.us-east-1.amazonaws.com" } } && one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "EncryptNotifications"]).Condition == { StringEquals = { "kms:ViaService" = "sns.us-east-1.amazonaws.com" } }
    error_message = "Keys are used through their services."
  }
}

run "without_endpoints_there_is_nothing_to_release" {
  command = plan
  variables {
    endpoint_names = {}
  }

  assert {
    condition     = length([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if contains(["PassEndpointRoles", "UpdateEndpoints"], s.Sid)]) == 0
    error_message = "It may update nothing and pass on no role."
  }
}

run "encrypted_versions_are_read_with_the_key" {
  command = plan
  variables {
    encrypt_versions = true
  }

  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "ReadVersions"]) == { Effect = "Allow", Sid = "ReadVersions", Action = ["kms:Decrypt"], Resource = [var.kms_key_arns.models], Condition = { StringEquals = { "kms:ViaService" = "sagemaker.us-east-1.amazonaws.com" } } }
    error_message = "ReadVersions must use the models key through SageMaker only; got ${aws_iam_role_policy.this.policy}."
  }
}

run "a_model_of_jobs_is_made_with_its_role_and_touches_no_endpoint" {
  command = plan
  variables {
    job_names = { nightly = "mlops-test-nightly" }
  }

  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "PassEndpointRoles"]).Resource == ["arn:aws:iam::123456789012:role/mlops-test-reviews-endpoint", "arn:aws:iam::123456789012:role/mlops-test-nightly-model"]
    error_message = "PassEndpointRoles must name the roles of endpoints and jobs; got ${aws_iam_role_policy.this.policy}."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.NeedsConfig.Default == "ComposeModelRecord" && jsondecode(aws_sfn_state_machine.this.definition).States.WriteModelRecord.Next == "FreeLock"
    error_message = "Without a configuration the record is all that changes."
  }
}

run "jobs_of_another_environment_are_refused" {
  command = plan
  variables {
    job_names = { nightly = "mlops-prod-nightly" }
  }
  expect_failures = [var.job_names]
}

run "an_endpoint_of_another_environment_is_refused" {
  command = plan
  variables {
    endpoint_names = { reviews = "mlops-prod-reviews" }
  }
  expect_failures = [var.endpoint_names]
}

run "no_group_is_refused" {
  command = plan
  variables {
    model_group_names = []
  }
  expect_failures = [var.model_group_names]
}

run "a_comparison_that_is_not_a_function_is_refused" {
  command = plan
  variables {
    model_artifacts_function_arn = "model-artifacts"
  }
  expect_failures = [var.model_artifacts_function_arn]
}

run "a_probe_that_is_not_a_function_is_refused" {
  command = plan
  variables {
    probe_function_arn = "endpoint-probe"
  }
  expect_failures = [var.probe_function_arn]
}

run "an_hour_between_two_looks_is_refused" {
  command = plan
  variables {
    poll_seconds = 3600
  }
  expect_failures = [var.poll_seconds]
}

run "more_endpoints_than_a_policy_holds_are_refused" {
  command = plan
  variables {
    endpoint_names = { for number in range(61) : "e${number}" => "mlops-test-e${number}" }
  }
  expect_failures = [aws_iam_role_policy.this]
}
