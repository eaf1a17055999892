mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context       = { name_prefix = "mlops-test" }
  crawler_names = { raw = "raw", processed = "processed", features = "features" }
  job_name      = "etl"
}

run "crawl_then_transform_then_crawl_what_came_out" {
  assert {
    condition     = one(aws_glue_trigger.start.actions).crawler_name == "raw" && aws_glue_trigger.start.type == "ON_DEMAND"
    error_message = "Without a schedule the trigger must be ON_DEMAND and start the raw crawler."
  }
  assert {
    condition     = one(one(aws_glue_trigger.transform.predicate).conditions).crawler_name == "raw" && one(one(aws_glue_trigger.transform.predicate).conditions).crawl_state == "SUCCEEDED" && one(aws_glue_trigger.transform.actions).job_name == "etl"
    error_message = "the ETL follows a crawl that succeeded"
  }
  assert {
    condition     = one(one(aws_glue_trigger.catalogue.predicate).conditions).state == "SUCCEEDED" && toset(aws_glue_trigger.catalogue.actions[*].crawler_name) == toset(["processed", "features"])
    error_message = "both layers are crawled after an ETL that succeeded"
  }
  assert {
    condition     = toset([aws_glue_trigger.start.workflow_name, aws_glue_trigger.transform.workflow_name, aws_glue_trigger.catalogue.workflow_name]) == toset([output.workflow_name]) && aws_glue_workflow.reviews.max_concurrent_runs == 1
    error_message = "one workflow, one run at a time"
  }
}

run "a_schedule_starts_it" {
  variables {
    schedule = "cron(0 2 * * ? *)"
  }
  assert {
    condition     = aws_glue_trigger.start.type == "SCHEDULED" && aws_glue_trigger.start.schedule == "cron(0 2 * * ? *)"
    error_message = "With a schedule the trigger must be SCHEDULED with cron(0 2 * * ? *); got ${aws_glue_trigger.start.type}."
  }
}

run "refuses_a_rate" {
  command = plan
  variables {
    schedule = "rate(1 day)"
  }
  expect_failures = [var.schedule]
}
