mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = { region = "us-east-1", account_id = "123456789012" }
}

run "without_sources_there_is_nothing_to_read" {
  assert {
    condition     = length(output.policy_documents) == 0
    error_message = "Without sources there must be no policy document; got ${jsonencode(output.policy_documents)}."
  }
}

run "sources_are_read_and_never_written" {
  variables {
    sources = {
      surveys   = { bucket = "customer-surveys", prefixes = ["exports/reviews/"], kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1" }
      warehouse = { database = "sales" }
    }
  }
  assert {
    condition = toset(flatten([for statement in jsondecode(output.policy_documents.sources).Statement : statement.Action])) == toset([
      "glue:BatchGetPartition", "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables",
      "kms:Decrypt", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket",
    ])
    error_message = "The policy document must allow reading sources and nothing else; got ${output.policy_documents.sources}."
  }
  assert {
    condition     = one([for statement in jsondecode(output.policy_documents.sources).Statement : statement.Resource if statement.Sid == "ReadSurveys"]) == ["arn:aws:s3:::customer-surveys/exports/reviews/*"]
    error_message = "only the folders that were named"
  }
  assert {
    condition     = one([for statement in jsondecode(output.policy_documents.sources).Statement : statement.Condition.StringLike["s3:prefix"] if statement.Sid == "ListSurveys"]) == ["exports/reviews", "exports/reviews/*"]
    error_message = "only the folders that were named"
  }
  assert {
    condition     = toset(one([for statement in jsondecode(output.policy_documents.sources).Statement : statement.Resource if statement.Sid == "ReadSourceCatalog"])) == toset([for name in ["catalog", "database/sales", "table/sales/*"] : "arn:aws:glue:us-east-1:123456789012:${name}"])
    error_message = "only the databases that were named"
  }
}

run "a_bucket_is_read_only_while_it_has_the_owner_that_was_named" {
  variables {
    sources = {
      surveys = { bucket = "customer-surveys", prefixes = ["a/"] }
      partner = { bucket = "partner-data", prefixes = ["b/"], owner = "210987654321" }
    }
  }
  assert {
    condition = { for statement in jsondecode(output.policy_documents.sources).Statement : statement.Sid => statement.Condition.StringEquals["aws:ResourceAccount"] } == {
      ListSurveys = "123456789012", LocateSurveys = "123456789012", ReadSurveys = "123456789012"
      ListPartner = "210987654321", LocatePartner = "210987654321", ReadPartner = "210987654321"
    }
    error_message = "Each statement must name the account that owns its bucket (aws:ResourceAccount); got ${output.policy_documents.sources}."
  }
}

run "buckets_are_published_with_their_owners" {
  variables {
    sources = {
      surveys   = { bucket = "customer-surveys", prefixes = ["a/"] }
      partner   = { bucket = "partner-data", prefixes = ["b/"], owner = "210987654321" }
      warehouse = { database = "sales" }
    }
  }
  assert {
    condition     = output.buckets == { surveys = { bucket = "customer-surveys", owner = "123456789012" }, partner = { bucket = "partner-data", owner = "210987654321" } }
    error_message = "Each bucket must be published with its owner; got ${jsonencode(output.buckets)}."
  }
}

run "refuses_an_owner_that_is_not_an_account" {
  command = plan
  variables {
    sources = { surveys = { bucket = "customer-surveys", prefixes = ["a/"], owner = "partner" } }
  }
  expect_failures = [var.sources]
}

run "refuses_a_source_that_is_both" {
  command = plan
  variables {
    sources = { both = { bucket = "surveys", prefixes = ["a/"], database = "sales" } }
  }
  expect_failures = [var.sources]
}

run "refuses_a_whole_bucket" {
  command = plan
  variables {
    sources = { surveys = { bucket = "customer-surveys" } }
  }
  expect_failures = [var.sources]
}

run "refuses_a_database_by_pattern" {
  command = plan
  variables {
    sources = { warehouse = { database = "sales*" } }
  }
  expect_failures = [var.sources]
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    sources = { surveys = { bucket = "customer-surveys", prefixes = ["a/"], kms_key_arn = "alias/key" } }
  }
  expect_failures = [var.sources]
}

run "refuses_a_name_with_blanks" {
  command = plan
  variables {
    sources = { "my source" = { database = "sales" } }
  }
  expect_failures = [var.sources]
}
