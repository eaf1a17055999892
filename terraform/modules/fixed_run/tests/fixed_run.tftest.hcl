mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context      = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-test", log_retention_days = 30 }
  name         = "etl"
  description  = "Runs the ETL job"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/3"
  definition   = "{\"StartAt\":\"Run\",\"States\":{\"Run\":{\"Type\":\"Succeed\"}}}"
  statements   = "[{\"Sid\":\"RunJob\",\"Action\":[\"glue:StartJobRun\"],\"Resource\":[\"arn:aws:glue:us-east-1:123456789012:job/mlops-test-etl\"]}]"
}

run "the_machine_runs_its_definition_under_its_own_role" {
  assert {
    condition     = aws_sfn_state_machine.this.name == "mlops-test-etl" && jsondecode(aws_sfn_state_machine.this.definition) == { Comment = "Runs the ETL job", StartAt = "Run", States = { Run = { Type = "Succeed" } } }
    error_message = "The state machine mlops-test-etl must run the given definition; got ${aws_sfn_state_machine.this.definition}."
  }
  assert {
    condition     = aws_iam_role.this.name == "mlops-test-etl-run" && aws_iam_role.this.permissions_boundary == var.boundary_arn && jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.ArnLike["aws:SourceArn"] == "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-test-etl"
    error_message = "The role mlops-test-etl-run must have the boundary and trust this state machine only; got ${aws_iam_role.this.assume_role_policy}."
  }
  assert {
    condition     = [for each in jsondecode(aws_iam_role_policy.this.policy).Statement : each.Sid] == ["RunJob", "TraceAndLog"] && alltrue([for each in jsondecode(aws_iam_role_policy.this.policy).Statement : each.Effect == "Allow"])
    error_message = "The role must have the given statement and the one for traces and logs; got ${aws_iam_role_policy.this.policy}."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "The log group must be encrypted with kms_key_arn and kept for 30 days; got ${aws_cloudwatch_log_group.this.kms_key_id} and ${aws_cloudwatch_log_group.this.retention_in_days} days."
  }
}

run "refuses_a_name_with_a_blank" {
  command = plan
  variables {
    name = "my etl"
  }
  expect_failures = [var.name]
}

run "refuses_a_definition_without_states" {
  command = plan
  variables {
    definition = "{}"
  }
  expect_failures = [var.definition]
}

run "refuses_statements_without_an_action" {
  command = plan
  variables {
    statements = "[{}]"
  }
  expect_failures = [var.statements]
}
