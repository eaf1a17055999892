mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context          = { account_id = "123456789012" }
  name             = "mlops-test-reviews-endpoint"
  description      = "Model containers of the reviews endpoint."
  service          = "sagemaker.amazonaws.com"
  boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  policy_documents = { bucket = "{\"Statement\":[]}" }
}

run "the_service_assumes_the_role_for_this_account_only" {
  assert {
    condition     = jsondecode(output.trust_policy).Statement == [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } } }]
    error_message = "trust_policy must admit SageMaker for account 123456789012 only; got ${output.trust_policy}."
  }

  assert {
    condition     = output.name == var.name && output.arn == aws_iam_role.this.arn && output.boundary_arn == var.boundary_arn
    error_message = "The role must have the given name and boundary; got ${output.name} and ${output.boundary_arn}."
  }

  assert {
    condition     = output.policies == { bucket = "{\"Statement\":[]}" } && length(aws_iam_role_policy.logs) == 0
    error_message = "Without log_groups the role must have the attached documents only; got ${jsonencode(keys(output.policies))}."
  }
}

run "a_source_arn_narrows_the_trust" {
  variables {
    service    = "bedrock.amazonaws.com"
    source_arn = "arn:aws:bedrock:us-east-1:123456789012:agent/*"
  }

  assert {
    condition     = jsondecode(output.trust_policy).Statement[0].Condition == { StringEquals = { "aws:SourceAccount" = "123456789012" }, ArnLike = { "aws:SourceArn" = "arn:aws:bedrock:us-east-1:123456789012:agent/*" } }
    error_message = "trust_policy must require the account and the agents' ARN; got ${output.trust_policy}."
  }
}

run "an_existing_log_group_is_only_written_to" {
  variables {
    log_groups = { arns = ["arn:aws:logs:us-east-1:123456789012:log-group:/own"] }
  }

  assert {
    condition     = jsondecode(output.policies["logs"]).Statement == [{ Sid = "WriteLogs", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], Resource = ["arn:aws:logs:us-east-1:123456789012:log-group:/own:*"] }]
    error_message = "policies.logs must write to the streams of /own and create no group; got ${output.policies["logs"]}."
  }

  assert {
    condition     = keys(output.policies) == ["bucket", "logs"]
    error_message = "The role must have the policies bucket and logs; got ${jsonencode(keys(output.policies))}."
  }
}

run "a_shared_log_group_may_be_created" {
  variables {
    log_groups = { arns = ["arn:aws:logs:us-east-1:123456789012:log-group:/shared"], create = true }
  }

  assert {
    condition     = contains(jsondecode(output.policies["logs"]).Statement[0].Action, "logs:CreateLogGroup") && jsondecode(output.policies["logs"]).Statement[0].Resource == ["arn:aws:logs:us-east-1:123456789012:log-group:/shared", "arn:aws:logs:us-east-1:123456789012:log-group:/shared:*"]
    error_message = "policies.logs must allow creating /shared and writing to its streams; got ${output.policies["logs"]}."
  }
}

run "refuses_a_service_that_is_not_a_principal" {
  command = plan
  variables {
    service = "sagemaker"
  }
  expect_failures = [var.service]
}

run "refuses_an_attached_document_called_logs_beside_log_groups" {
  command = plan
  variables {
    policy_documents = { logs = "{}" }
    log_groups       = { arns = ["arn:aws:logs:us-east-1:123456789012:log-group:/own"] }
  }
  expect_failures = [var.policy_documents]
}
