mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = {
      arn = "arn:aws:events:us-east-1:123456789012:rule/mock"
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
    name     = "reviews-batch"
    schedule = "cron(0 2 * * ? *)"
  }

  submitter = {
    name = "mlops-dev-batch-submitter"
    arn  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-batch-submitter"
  }

  kms_key_arns = {
    data = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    logs = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }

  policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  bucket_name      = "mlops-dev-data-123456789012-us-east-1"
  boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  topic_arn        = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
}

run "results_and_errors_are_two_tables_of_one_database" {
  assert {
    condition     = aws_glue_catalog_database.results.name == "mlops_dev_reviews_batch"
    error_message = "SQL needs names without hyphens."
  }

  assert {
    condition     = [for target in aws_glue_crawler.results.s3_target : target.path] == ["s3://mlops-dev-data-123456789012-us-east-1/inference/batch/output/reviews-batch/results", "s3://mlops-dev-data-123456789012-us-east-1/inference/batch/output/reviews-batch/errors"]
    error_message = "The crawler must read results and errors, and neither request states nor raw job outputs."
  }

  assert {
    condition     = jsondecode(aws_glue_crawler.results.configuration).Grouping.TableLevelConfiguration == 6
    error_message = "The folder `results` must become the table."
  }

  assert {
    condition     = aws_glue_crawler.results.name == "mlops-dev-reviews-batch-results" && aws_glue_crawler.results.role == module.role.arn && aws_glue_crawler.results.security_configuration == aws_glue_security_configuration.results.name
    error_message = "The submitter starts crawlers of this name; its logs must be encrypted."
  }

  assert {
    condition     = aws_glue_crawler.results.schema_change_policy[0].delete_behavior == "LOG" && aws_glue_crawler.results.recrawl_policy[0].recrawl_behavior == "CRAWL_EVERYTHING"
    error_message = "A table that finds its folder empty is logged, not dropped."
  }
}

run "everything_the_crawler_writes_is_encrypted" {
  assert {
    condition     = aws_glue_security_configuration.results.encryption_configuration[0].cloudwatch_encryption[0].cloudwatch_encryption_mode == "SSE-KMS" && aws_glue_security_configuration.results.encryption_configuration[0].cloudwatch_encryption[0].kms_key_arn == var.kms_key_arns.logs
    error_message = "Logs must be encrypted with the logs key."
  }

  assert {
    condition     = aws_glue_security_configuration.results.encryption_configuration[0].job_bookmarks_encryption[0].job_bookmarks_encryption_mode == "CSE-KMS" && aws_glue_security_configuration.results.encryption_configuration[0].job_bookmarks_encryption[0].kms_key_arn == var.kms_key_arns.data
    error_message = "Bookmarks must be encrypted with the data key."
  }

  assert {
    condition     = aws_glue_security_configuration.results.encryption_configuration[0].s3_encryption[0].s3_encryption_mode == "SSE-KMS" && aws_glue_security_configuration.results.encryption_configuration[0].s3_encryption[0].kms_key_arn == var.kms_key_arns.data
    error_message = "Objects must be encrypted with the data key."
  }
}

run "the_crawler_has_a_separate_role_with_its_own_database_only" {
  assert {
    condition     = module.role.name == "mlops-dev-reviews-batch-crawler" && module.role.boundary_arn == var.boundary_arn
    error_message = "The role must carry the prefix and the boundary."
  }

  assert {
    condition     = jsondecode(module.role.trust_policy).Statement == [{ Effect = "Allow", Principal = { Service = "glue.amazonaws.com" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } } }]
    error_message = "module.role must let Glue act for account 123456789012 only; its trust policy is ${module.role.trust_policy}."
  }

  assert {
    condition = data.aws_iam_policy_document.catalog.statement[0].resources == toset([
      "arn:aws:glue:us-east-1:123456789012:catalog",
      "arn:aws:glue:us-east-1:123456789012:database/mlops_dev_reviews_batch",
      "arn:aws:glue:us-east-1:123456789012:table/mlops_dev_reviews_batch/*",
    ])
    error_message = "It must write no other's tables."
  }

  assert {
    condition     = data.aws_iam_policy_document.catalog.statement[1].resources == toset(["arn:aws:logs:us-east-1:123456789012:log-group:/aws-glue/*"]) && data.aws_iam_policy_document.catalog.statement[2].actions == toset(["glue:GetSecurityConfiguration"])
    error_message = "The crawler's policy must only cover its tables, logs and security configuration."
  }

  assert {
    condition     = keys(module.role.policies) == ["bucket"] && module.role.policies["bucket"] == var.policy_documents["bucket"]
    error_message = "The role must have the attached policy documents."
  }
}

run "the_schedule_sweeps_the_folder" {
  assert {
    condition     = aws_cloudwatch_event_rule.schedule[0].schedule_expression == "cron(0 2 * * ? *)" && aws_cloudwatch_event_rule.schedule[0].name == "mlops-dev-reviews-batch-schedule"
    error_message = "The rule must have the blueprint's schedule, and the prefix that the dead-letter queue admits."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_target.schedule[0].input) == { action = "sweep", blueprint = "reviews-batch" } && aws_cloudwatch_event_target.schedule[0].arn == var.submitter.arn
    error_message = "The schedule's input must name the action and the blueprint."
  }

  assert {
    condition     = aws_cloudwatch_event_target.schedule[0].dead_letter_config[0].arn == "arn:aws:sqs:us-east-1:123456789012:mlops-dev-dead-letters" && aws_cloudwatch_event_target.schedule[0].retry_policy[0].maximum_retry_attempts == 3
    error_message = "The target must retry and then use the dead-letter queue."
  }

  assert {
    condition     = aws_lambda_permission.schedule[0].principal == "events.amazonaws.com" && aws_lambda_permission.schedule[0].source_arn == aws_cloudwatch_event_rule.schedule[0].arn && aws_lambda_permission.schedule[0].source_account == "123456789012"
    error_message = "EventBridge must call in the name of this rule only."
  }
}

run "without_a_schedule_there_is_no_rule" {
  variables {
    blueprint = { name = "reviews-batch" }
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.schedule) + length(aws_cloudwatch_event_target.schedule) + length(aws_lambda_permission.schedule) == 0
    error_message = "Without a schedule there must be no rule."
  }
}

run "failed_jobs_refusals_and_lost_records_are_reported" {
  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.this : alarm.metric_name => alarm.threshold } == { JobsFailed = 0, RequestsRefused = 0, RecordsWithoutOutputShare = 5 }
    error_message = "Each must have its alarm."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : one(alarm.alarm_actions) == var.topic_arn && one(alarm.ok_actions) == var.topic_arn && alarm.namespace == "mlops-dev/batch" && alarm.dimensions["Blueprint"] == "reviews-batch" && alarm.treat_missing_data == "notBreaching"])
    error_message = "Alarms must watch the submitter's metrics of this blueprint and notify the topic."
  }
}

run "refuses_a_name_that_is_none" {
  command = plan

  variables {
    blueprint = { name = "Reviews" }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_name_that_leaves_no_room_for_jobs" {
  command = plan

  variables {
    blueprint = { name = "reviews-of-everything-we-sell-ev" }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_schedule_that_eventbridge_does_not_know" {
  command = plan

  variables {
    blueprint = { name = "reviews-batch", schedule = "every night" }
  }

  expect_failures = [var.blueprint]
}
