mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    project     = "mlops"
    environment = "test"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/1"
    models = "arn:aws:kms:us-east-1:123456789012:key/2"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/3"
  }
  bucket_arns = ["arn:aws:s3:::mlops-test-data"]
  read_policy_arns = {
    raw        = "arn:aws:iam::123456789012:policy/r-raw"
    processed  = "arn:aws:iam::123456789012:policy/r-processed"
    features   = "arn:aws:iam::123456789012:policy/r-features"
    quarantine = "arn:aws:iam::123456789012:policy/r-quarantine"
    code       = "arn:aws:iam::123456789012:policy/r-code"
    training   = "arn:aws:iam::123456789012:policy/r-training"
    athena     = "arn:aws:iam::123456789012:policy/r-athena"
  }
  write_policy_arns = {
    raw        = "arn:aws:iam::123456789012:policy/w-raw"
    quarantine = "arn:aws:iam::123456789012:policy/w-quarantine"
    code       = "arn:aws:iam::123456789012:policy/w-code"
    training   = "arn:aws:iam::123456789012:policy/w-training"
    athena     = "arn:aws:iam::123456789012:policy/w-athena"
  }
}

run "every_role_has_the_boundary" {
  assert {
    condition     = toset(keys(output.persona_role_arns)) == toset(["data_scientist", "ml_engineer", "data_engineer", "production"])
    error_message = "roles: ${jsonencode(keys(output.persona_role_arns))}"
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.persona : role.permissions_boundary == output.boundary_arn])
    error_message = "a role without boundary"
  }
  assert {
    condition     = jsondecode(aws_iam_role.persona["data_scientist"].assume_role_policy).Statement[0].Condition.StringEquals["aws:PrincipalTag/persona"] == "data-scientist"
    error_message = "the role is open to everybody in the account"
  }
}

run "no_policy_allows_everything" {
  assert {
    condition = alltrue([
      for policy in concat([aws_iam_policy.boundary.policy, aws_iam_policy.execution.policy], [for persona in aws_iam_role_policy.persona : persona.policy]) :
      alltrue([for action in flatten([for statement in jsondecode(policy).Statement : statement.Action]) : !endswith(action, ":*") && action != "*"])
    ])
    error_message = "a policy allows a whole service"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Sid if statement.Resource == "*"] == ["NoResourceType"]
    error_message = "the boundary reaches beyond the environment"
  }
  assert {
    condition     = length(aws_iam_policy.boundary.policy) <= 6144
    error_message = "the boundary has ${length(aws_iam_policy.boundary.policy)} characters"
  }
  assert {
    condition     = !strcontains(aws_iam_policy.boundary.policy, "\"iam:Create") && !strcontains(aws_iam_policy.boundary.policy, "\"iam:Put") && !strcontains(aws_iam_policy.boundary.policy, "\"iam:Attach")
    error_message = "a role could give itself more"
  }
}

run "the_base_policy_reads_the_catalog_and_never_writes_it" {
  assert {
    condition     = strcontains(aws_iam_policy.execution.policy, "glue:GetTable") && length(regexall("glue:(Create|Update|Delete|BatchCreate)", aws_iam_policy.execution.policy)) == 0
    error_message = "policy: ${aws_iam_policy.execution.policy}"
  }
  assert {
    condition     = contains([for statement in jsondecode(aws_iam_policy.execution.policy).Statement : statement.Resource if statement.Sid == "ReadCatalog"][0], "arn:aws:glue:us-east-1:123456789012:database/mlops_test_*")
    error_message = "the catalog of other environments is open"
  }
}

run "a_data_scientist_reads_data_and_deploys_nothing" {
  assert {
    condition     = anytrue([for statement in jsondecode(aws_iam_role_policy.persona["data_scientist"].policy).Statement : statement.Effect == "Deny" && contains(flatten([statement.Action]), "sagemaker:CreateEndpoint")])
    error_message = "deployment is not denied"
  }
  assert {
    condition     = toset([for key, attachment in aws_iam_role_policy_attachment.persona : attachment.policy_arn if startswith(key, "data_scientist/write/")]) == toset(["arn:aws:iam::123456789012:policy/w-training", "arn:aws:iam::123456789012:policy/w-athena"])
    error_message = "a data scientist writes data"
  }
}

run "production_serves_and_changes_neither_data_nor_models" {
  assert {
    condition     = length([for key, attachment in aws_iam_role_policy_attachment.persona : key if startswith(key, "production/write/")]) == 0
    error_message = "production writes to the bucket"
  }
  assert {
    condition     = strcontains(aws_iam_role_policy.persona["production"].policy, "sagemaker:UpdateEndpoint") && !strcontains(aws_iam_role_policy.persona["production"].policy, "sagemaker:CreateTrainingJob")
    error_message = "production: ${aws_iam_role_policy.persona["production"].policy}"
  }
}

run "no_role_has_more_policies_than_iam_allows" {
  assert {
    condition     = alltrue([for persona in keys(output.persona_role_arns) : length([for key in keys(aws_iam_role_policy_attachment.persona) : key if startswith(key, "${persona}/")]) <= 10])
    error_message = "more than ten policies on a role"
  }
}

run "the_boundary_fits_the_longest_names" {
  command = plan
  variables {
    context = {
      project     = "customer-intel-x"
      environment = "staging"
      region      = "ap-southeast-2"
      account_id  = "123456789012"
      name_prefix = "customer-intel-x-staging"
    }
  }
  assert {
    condition     = length(jsonencode(local.boundary)) <= 6144
    error_message = "the boundary has ${length(jsonencode(local.boundary))} characters"
  }
}

run "refuses_an_account_that_is_no_account" {
  command = plan
  variables {
    context = {
      project     = "mlops"
      environment = "test"
      region      = "us-east-1"
      account_id  = "me"
      name_prefix = "mlops-test"
    }
  }
  expect_failures = [var.context]
}

run "refuses_no_keys" {
  command = plan
  variables {
    kms_key_arns = {}
  }
  expect_failures = [var.kms_key_arns]
}

run "refuses_what_is_no_bucket" {
  command = plan
  variables {
    bucket_arns = ["mlops-test-data"]
  }
  expect_failures = [var.bucket_arns]
}

run "refuses_missing_read_policies" {
  command = plan
  variables {
    read_policy_arns = { raw = "arn:aws:iam::123456789012:policy/r-raw" }
  }
  expect_failures = [var.read_policy_arns]
}

run "refuses_missing_write_policies" {
  command = plan
  variables {
    write_policy_arns = { raw = "arn:aws:iam::123456789012:policy/w-raw" }
  }
  expect_failures = [var.write_policy_arns]
}
