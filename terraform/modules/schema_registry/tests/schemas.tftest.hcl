mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = { name_prefix = "mlops-test" }
  schemas = { raw = { definition = "{\"type\": \"record\", \"name\": \"Raw\", \"fields\": []}" } }
}

run "later_versions_must_be_readable_by_todays_readers" {
  assert {
    condition     = aws_glue_schema.this["raw"].compatibility == "BACKWARD" && aws_glue_schema.this["raw"].data_format == "AVRO"
    error_message = "The schema raw must be AVRO with BACKWARD compatibility; got ${aws_glue_schema.this["raw"].compatibility}."
  }
  assert {
    condition     = aws_glue_schema.this["raw"].registry_arn == aws_glue_registry.this.arn && output.registry_name == "mlops-test-data"
    error_message = "The schema raw must be in the registry mlops-test-data; got ${aws_glue_schema.this["raw"].registry_arn} and ${output.registry_name}."
  }
}

run "blanks_make_no_new_version" {
  assert {
    condition     = aws_glue_schema.this["raw"].schema_definition == jsonencode({ type = "record", name = "Raw", fields = [] })
    error_message = "The definition must be normalised, so that blanks make no new version; got ${aws_glue_schema.this["raw"].schema_definition}."
  }
}

run "refuses_what_is_not_a_record" {
  command = plan
  variables {
    schemas = { raw = { definition = "id, rating, text" } }
  }
  expect_failures = [var.schemas]
}

run "refuses_a_compatibility_that_glue_does_not_have" {
  command = plan
  variables {
    schemas = { raw = { definition = "{\"name\": \"Raw\"}", compatibility = "SOME" } }
  }
  expect_failures = [var.schemas]
}
