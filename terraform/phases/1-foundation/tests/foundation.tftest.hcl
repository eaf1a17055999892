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
      phase       = "foundation"
    }
    log_retention_days = 30
  }
  buckets = jsondecode(file("buckets/example.outputs.json")).buckets
}

run "publishes_what_the_example_promises" {
  assert {
    condition = {
      for module, values in output.foundation : module => keys(values)
      } == {
      for module, values in jsondecode(file("example.outputs.json")).foundation : module => keys(values)
    }
    error_message = "output and example.outputs.json differ: ${jsonencode({ for module, values in output.foundation : module => keys(values) })}"
  }
  assert {
    condition     = output.foundation.s3.bucket_name != "" && output.foundation.model_registry.group_names.reviews == "mlops-test-reviews"
    error_message = "The outputs must contain the bucket's name and the group mlops-test-reviews; got ${output.foundation.s3.bucket_name} and ${jsonencode(output.foundation.model_registry.group_names)}."
  }
  assert {
    condition     = { for name, entry in output.foundation.s3.access.prefixes : name => entry.prefix } == { for name, entry in jsondecode(file("example.outputs.json")).foundation.s3.access.prefixes : name => entry.prefix }
    error_message = "s3.access must have the prefixes of example.outputs.json; got ${jsonencode(output.foundation.s3.access.prefixes)}."
  }
  assert {
    condition     = output.foundation.s3.prefixes == jsondecode(file("example.outputs.json")).foundation.s3.prefixes
    error_message = "the example's tree is not the bucket's"
  }
}

run "bedrock_uses_key_and_bucket_by_itself_only_where_asked" {
  command = plan
  assert {
    condition     = length(module.kms.delivers) == 0 && length(module.s3.delivers) == 0
    error_message = "Without flags no service must be admitted to key or bucket; got ${jsonencode([module.kms.delivers, module.s3.delivers])}."
  }
}

run "with_its_flags_bedrock_uses_key_and_bucket_by_itself" {
  command = plan
  variables {
    bedrock = { knowledge_bases = true, invocation_logging = { enabled = true } }
  }
  assert {
    condition     = [module.kms.delivers, module.s3.delivers] == [["EncryptInvocationLogs", "IndexVectors"], ["DeliverInvocationLogs"]]
    error_message = "Bedrock must get its key and bucket statements where the flags are set; got ${jsonencode([module.kms.delivers, module.s3.delivers])}."
  }
}

run "keys_stay_in_their_region_unless_asked_otherwise" {
  command = plan
  assert {
    condition     = !module.kms.multi_region
    error_message = "Keys must not be multi-region by default."
  }
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
        phase       = "foundation"
      }
      log_retention_days = 30
    }
  }
  # The modules that check the account themselves are never reached.
  expect_failures = [var.context]
}

run "refuses_resources_without_a_cost_owner" {
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
