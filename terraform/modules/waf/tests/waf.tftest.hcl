mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  override_resource {
    target = aws_wafv2_web_acl.this
    values = {
      arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/mlops-dev-inference/1"
    }
  }
}

variables {
  context         = { name_prefix = "mlops-dev", log_retention_days = 30 }
  name            = "mlops-dev-inference"
  stage_arn       = "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/v1"
  rate_per_second = 50
  kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
}

run "a_web_acl_stands_before_the_stage" {
  assert {
    condition     = aws_wafv2_web_acl_association.this.resource_arn == var.stage_arn && aws_wafv2_web_acl_association.this.web_acl_arn == aws_wafv2_web_acl.this.arn
    error_message = "The web ACL must be attached."
  }

  assert {
    condition     = aws_wafv2_web_acl_logging_configuration.this.resource_arn == aws_wafv2_web_acl.this.arn && aws_wafv2_web_acl_logging_configuration.this.log_destination_configs == toset([aws_cloudwatch_log_group.this.arn])
    error_message = "The web ACL must be logged."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "aws-waf-logs-mlops-dev-inference" && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "The log group must have WAF's name prefix, the key and the environment's retention."
  }

  assert {
    condition     = toset([for field in aws_wafv2_web_acl_logging_configuration.this.redacted_fields : field.single_header[0].name]) == toset(["authorization", "x-api-key"])
    error_message = "API keys must not stand in the log."
  }

  assert {
    condition     = one(aws_wafv2_web_acl.this.visibility_config).cloudwatch_metrics_enabled && { for rule in aws_wafv2_web_acl.this.rule : rule.name => rule.visibility_config[0].cloudwatch_metrics_enabled } == { AWSManagedRulesAmazonIpReputationList = true, AWSManagedRulesCommonRuleSet = true, AWSManagedRulesKnownBadInputsRuleSet = true, rate-per-address = true }
    error_message = "The ACL and each of its rules must publish metrics."
  }

  assert {
    condition     = !anytrue(concat([one(aws_wafv2_web_acl.this.visibility_config).sampled_requests_enabled], [for rule in aws_wafv2_web_acl.this.rule : rule.visibility_config[0].sampled_requests_enabled]))
    error_message = "Requests are customers' texts: none may be sampled."
  }

  assert {
    condition     = one([for rule in aws_wafv2_web_acl.this.rule : one(one(rule.statement).rate_based_statement).limit if rule.name == "rate-per-address"]) == 15000
    error_message = "The limit per address must be the API's overall rate over 5 minutes."
  }
}

run "a_name_with_a_space_is_refused" {
  command = plan

  variables {
    name = "mlops dev"
  }

  expect_failures = [var.name]
}

run "what_is_not_a_stage_is_refused" {
  command = plan

  variables {
    stage_arn = "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5"
  }

  expect_failures = [var.stage_arn]
}

run "a_rate_of_nothing_is_refused" {
  command = plan

  variables {
    rate_per_second = 0
  }

  expect_failures = [var.rate_per_second]
}
