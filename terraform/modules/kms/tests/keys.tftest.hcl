mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    project     = "mlops"
    environment = "test"
    region      = "eu-west-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
}

run "three_keys_rotate_and_have_an_alias" {
  assert {
    condition     = toset(keys(output.key_arns)) == toset(["data", "models", "logs"])
    error_message = "keys: ${jsonencode(keys(output.key_arns))}"
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.rotation_period_in_days == 365 && key.deletion_window_in_days == 30])
    error_message = "every key rotates yearly and can be recovered for 30 days"
  }
  assert {
    condition     = aws_kms_alias.this["models"].name == "alias/mlops-test-models"
    error_message = "alias: ${aws_kms_alias.this["models"].name}"
  }
}

run "a_policy_hands_out_no_whole_service_and_names_no_role" {
  assert {
    condition     = alltrue([for key in aws_kms_key.this : !strcontains(key.policy, "\"kms:*\"") && !strcontains(key.policy, ":role/")])
    error_message = "a key policy allows kms:* or names a role"
  }
  assert {
    condition = alltrue([
      for key in aws_kms_key.this : alltrue([
        for statement in jsondecode(key.policy).Statement : can(statement.Condition) || contains(["AdministerFromThisAccount", "DeliverEvents"], statement.Sid)
      ])
    ])
    error_message = "only administration, and EventBridge in the logs key, may be without a condition"
  }
  assert {
    condition     = !contains(jsondecode(aws_kms_key.this["data"].policy).Statement[0].Action, "kms:Decrypt")
    error_message = "administrators must not read with the key"
  }
}

run "use_is_limited_to_services_or_to_roles_of_the_environment" {
  assert {
    condition     = jsondecode(aws_kms_key.this["data"].policy).Statement[1].Condition.StringEquals["kms:ViaService"] == ["s3.eu-west-1.amazonaws.com", "glue.eu-west-1.amazonaws.com", "athena.eu-west-1.amazonaws.com"]
    error_message = "services of the data key"
  }
  assert {
    condition     = jsondecode(aws_kms_key.this["data"].policy).Statement[2].Condition.StringEquals["aws:PrincipalTag/environment"] == "test"
    error_message = "roles of another environment could use the key"
  }
}

run "only_the_logs_key_admits_services_under_their_own_name" {
  assert {
    condition = {
      for name, key in aws_kms_key.this : name => length([for statement in jsondecode(key.policy).Statement : statement if can(statement.Principal.Service)])
    } == { data = 0, models = 0, logs = 3 }
    error_message = "service principals per key"
  }
  assert {
    condition     = [for each in jsondecode(aws_kms_key.this["logs"].policy).Statement : each.Sid if !can(each.Condition)] == ["AdministerFromThisAccount", "DeliverEvents"]
    error_message = "EventBridge cannot meet a condition, and everybody else must"
  }
  assert {
    condition     = strcontains(aws_kms_key.this["logs"].policy, "logs.eu-west-1.amazonaws.com") && strcontains(aws_kms_key.this["logs"].policy, "events.amazonaws.com") && strcontains(aws_kms_key.this["logs"].policy, "cloudwatch.amazonaws.com")
    error_message = "log groups, rules and alarms could not use the logs key"
  }
}

run "refuses_an_account_that_is_no_account" {
  command = plan
  variables {
    context = {
      project     = "mlops"
      environment = "test"
      region      = "eu-west-1"
      account_id  = "1234"
      name_prefix = "mlops-test"
    }
  }
  expect_failures = [var.context]
}

run "refuses_a_rotation_that_kms_does_not_offer" {
  command = plan
  variables {
    rotation_days = 30
  }
  expect_failures = [var.rotation_days]
}

run "refuses_a_deletion_window_that_kms_does_not_offer" {
  command = plan
  variables {
    deletion_window_days = 3
  }
  expect_failures = [var.deletion_window_days]
}
