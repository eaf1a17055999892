mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context          = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-test" }
  persona          = "data-scientist"
  boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
}

run "the_role_is_the_personas_and_sagemakers_under_the_boundary" {
  assert {
    condition     = module.role.name == "mlops-test-experiments-data-scientist" && module.role.boundary_arn == var.boundary_arn
    error_message = "The role must be mlops-test-experiments-data-scientist and have the boundary; got ${module.role.name}."
  }
  assert {
    condition     = jsondecode(module.role.trust_policy).Statement[0].Principal == { Service = "sagemaker.amazonaws.com" } && jsondecode(module.role.trust_policy).Statement[0].Condition == { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    error_message = "Only SageMaker may assume the role, for account 123456789012; got ${module.role.trust_policy}."
  }
  assert {
    condition     = keys(module.role.policies) == ["bucket", "logs"] && length(jsondecode(module.role.policies["logs"]).Statement[0].Resource) == 4
    error_message = "The role must have the policies bucket and logs, and write to the log groups of processing and training jobs; got ${module.role.policies["logs"]}."
  }
}

run "refuses_a_persona_that_is_not_a_tag" {
  command = plan
  variables {
    persona = "data_scientist"
  }
  expect_failures = [var.persona]
}
