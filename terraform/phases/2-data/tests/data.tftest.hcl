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
    tags = {
      project     = "mlops"
      environment = "test"
      owner       = "ml-platform"
      cost-center = "ml-platform"
      managed-by  = "terraform"
      phase       = "data"
    }
    log_retention_days = 30
  }
  foundation = jsondecode(file("../1-foundation/example.outputs.json")).foundation
  packages = {
    etl_script = {
      path          = "tests/fixture_etl.py"
      sha256_base64 = filebase64sha256("tests/fixture_etl.py")
    }
    etl_library = {
      path          = "tests/fixture_etl.py"
      sha256_base64 = filebase64sha256("tests/fixture_etl.py")
    }
    dataset_reviews = {
      path          = "tests/fixture_etl.py"
      sha256_base64 = filebase64sha256("tests/fixture_etl.py")
    }
    reviews_spec = {
      path          = "tests/fixture_spec.json"
      sha256_base64 = filebase64sha256("tests/fixture_spec.json")
    }
    processing_flow = {
      path          = "tests/fixture_flow.zip"
      sha256_base64 = filebase64sha256("tests/fixture_flow.zip")
    }
  }
}

run "publishes_what_the_example_promises" {
  assert {
    condition = {
      for module, values in output.data : module => keys(values)
      } == {
      for module, values in jsondecode(file("example.outputs.json")).data : module => keys(values)
    }
    error_message = "output and example.outputs.json differ: ${jsonencode({ for module, values in output.data : module => keys(values) })}"
  }
  assert {
    condition     = output.data.glue.job_name == "mlops-test-reviews-etl" && output.data.athena.workgroup_name == "mlops-test-analytics"
    error_message = "The outputs must name the ETL job and the Athena workgroup; got ${output.data.glue.job_name} and ${output.data.athena.workgroup_name}."
  }
}

run "flows_are_run_on_raw_reviews_beside_what_the_etl_writes" {
  command = plan
  assert {
    condition     = strcontains(module.processing_access.policy_document, "data/processed/reviews-wrangled/*") && !strcontains(module.processing_access.policy_document, "data/processed/*") && !strcontains(module.processing_access.policy_document, "DeleteObject")
    error_message = "Processing jobs must write reviews-wrangled only and delete nothing; got ${module.processing_access.policy_document}."
  }
}

run "without_flags_there_is_nothing_of_it" {
  command = plan
  assert {
    condition     = length(module.streaming) + length(module.emr_serverless) + length(module.efs) + length(module.lakeformation_consumer) == 0 && length(module.data_sources.policy_documents) == 0
    error_message = "Without flags there must be no stream, EMR application, file system or share."
  }
  assert {
    condition     = output.data.efs == { file_system_id = null, access_point_arn = null, client_policy_document = null } && output.data.streaming.stream_arn == null && output.data.emr_serverless.application_id == null
    error_message = "Outputs of missing parts must be null; got ${jsonencode(output.data)}."
  }
}

run "all_flags_at_once" {
  variables {
    data = {
      sources = {
        surveys   = { bucket = "customer-surveys", prefixes = ["exports/reviews/"], kms_key_arn = "arn:aws:kms:us-east-1:210987654321:key/44444444-4444-4444-4444-444444444444" }
        warehouse = { database = "sales" }
      }
    }
    sharing = {
      consumer = {
        admin_arns = ["arn:aws:iam::123456789012:role/deploy"]
        shares     = { curated = { producer_account_id = "210987654321", database = "sales_curated", readers = ["glue", "data_scientist"] } }
      }
    }
    streaming = { enabled = true }
    emr       = { enabled = true, in_vpc = true }
    efs       = { enabled = true }
  }
  assert {
    condition     = output.data.streaming.stream_name == "mlops-test-review-events" && output.data.streaming.prefix == "data/raw/review-events/source=stream/" && output.data.lakeformation_consumer.database_names == { curated = "mlops_test_shared_curated" }
    error_message = "The outputs must name the stream, its prefix and the shared database; got ${jsonencode(output.data)}."
  }
  assert {
    condition     = strcontains(module.data_sources.policy_documents.sources, "arn:aws:s3:::customer-surveys/exports/reviews/*") && !strcontains(module.data_sources.policy_documents.sources, "s3:Put") && !strcontains(module.data_sources.policy_documents.sources, "s3:Delete")
    error_message = "Sources must be read below their prefixes and never written; got ${module.data_sources.policy_documents.sources}."
  }
  assert {
    condition = flatten([for statement in jsondecode(module.delivery_access.policy_document).Statement : statement.Resource if statement.Sid == "WriteObjects"]) == [
      "${var.foundation.s3.access.bucket_arn}/data/raw/review-events/*", "${var.foundation.s3.access.bucket_arn}/data/quarantine/review-events/*",
    ]
    error_message = "the stream writes beyond its own folder: ${module.delivery_access.policy_document}"
  }
  assert {
    condition     = jsondecode(output.data.efs.client_policy_document).Statement[0].Action == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"] && output.data.efs.file_system_id != null && output.data.emr_serverless.application_id != null
    error_message = "The outputs must have the file system, its client policy and the EMR application; got ${jsonencode(output.data.efs)}."
  }
}

run "refuses_a_stream_into_what_the_etl_reads" {
  command = plan
  variables {
    streaming = { enabled = true, dataset = "reviews" }
  }
  expect_failures = [var.streaming]
}

run "refuses_a_reader_that_is_not_a_persona" {
  command = plan
  variables {
    sharing = { consumer = { shares = { curated = { producer_account_id = "210987654321", database = "d", readers = ["visitors"] } } } }
  }
  expect_failures = [var.sharing]
}

run "refuses_a_missing_package" {
  command = plan
  variables {
    packages = {}
  }
  expect_failures = [var.packages]
}

run "refuses_a_package_that_changed_since_it_was_built" {
  command = plan
  variables {
    packages = {
      etl_script = {
        path          = "tests/fixture_etl.py"
        sha256_base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      etl_library = {
        path          = "tests/fixture_etl.py"
        sha256_base64 = filebase64sha256("tests/fixture_etl.py")
      }
      dataset_reviews = {
        path          = "tests/fixture_etl.py"
        sha256_base64 = filebase64sha256("tests/fixture_etl.py")
      }
      reviews_spec = {
        path          = "tests/fixture_spec.json"
        sha256_base64 = filebase64sha256("tests/fixture_spec.json")
      }
      processing_flow = {
        path          = "tests/fixture_flow.zip"
        sha256_base64 = filebase64sha256("tests/fixture_flow.zip")
      }
    }
  }
  expect_failures = [var.packages]
}

run "refuses_an_account_that_is_not_an_account" {
  command = plan
  variables {
    context = {
      project     = "mlops"
      environment = "test"
      region      = "us-east-1"
      account_id  = "1"
      name_prefix = "mlops-test"
      tags = {
        project     = "mlops"
        environment = "test"
        owner       = "ml-platform"
        cost-center = "ml-platform"
        managed-by  = "terraform"
        phase       = "data"
      }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}

run "refuses_tags_that_are_incomplete" {
  command = plan
  variables {
    context = {
      project            = "mlops"
      environment        = "test"
      region             = "us-east-1"
      account_id         = "123456789012"
      name_prefix        = "mlops-test"
      tags               = { project = "mlops" }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}
