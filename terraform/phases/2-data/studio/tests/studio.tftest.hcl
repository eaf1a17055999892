mock_provider "aws" {
  source = "../../../../tests/terraform/mocks"
}

variables {
  context = {
    project            = "mlops"
    environment        = "test"
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-test"
    tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "data" }
    log_retention_days = 30
  }
  foundation = {
    vpc = {
      vpc_id                   = "vpc-1"
      private_subnet_ids       = ["subnet-1", "subnet-2"]
      security_group_ids       = { studio = "sg-studio" }
      network_policy_documents = { studio = "{\"Statement\":[],\"Version\":\"2012-10-17\"}" }
    }
    kms = {
      data_key_arn   = "arn:aws:kms:us-east-1:123456789012:key/1"
      models_key_arn = "arn:aws:kms:us-east-1:123456789012:key/2"
    }
    s3 = {
      bucket_name = "mlops-test-data"
      access = {
        bucket_arn  = "arn:aws:s3:::mlops-test-data"
        via_service = "s3.us-east-1.amazonaws.com"
        prefixes = { for name, prefix in {
          data_raw                   = "data/raw/"
          data_processed             = "data/processed/"
          data_features              = "data/features/"
          configs_training           = "configs/training/"
          logs_athena                = "logs/athena/"
          artifacts_code             = "artifacts/code/"
          artifacts_training_outputs = "artifacts/training-outputs/"
          experiments_data_scientist = "experiments/data-scientist/"
          experiments_ml_engineer    = "experiments/ml-engineer/"
          models_registered          = "artifacts/models/registered/"
          models_sagemaker_custom    = "artifacts/models/sagemaker-custom/"
        } : name => { prefix = prefix, key_arns = ["arn:aws:kms:us-east-1:123456789012:key/1"] } }
      }
    }
    iam = {
      boundary_arn        = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
      execution_documents = { for persona in ["data_scientist", "ml_engineer"] : "studio_${persona}" => "{\"Statement\":[],\"Version\":\"2012-10-17\"}" }
      caller_documents    = { realtime = "{\"Statement\":[],\"Version\":\"2012-10-17\"}" }
    }
    model_registry = { read_policy_document = "{\"Statement\":[],\"Version\":\"2012-10-17\"}" }
  }
}

run "an_environment_without_studio_has_nothing" {
  assert {
    condition     = length(module.studio) == 0 && output.studio.studio.domain_id == null
    error_message = "Without the flag there must be no Studio domain; got ${jsonencode(output.studio)}."
  }
}

run "an_environment_with_studio_has_both_profiles" {
  variables {
    studio = { enabled = true }
  }
  assert {
    condition     = output.studio.studio.user_profile_names == { data_scientist = "mlops-test-DataScientist", ml_engineer = "mlops-test-MLEngineer" }
    error_message = "With the flag there must be both user profiles; got ${jsonencode(output.studio)}."
  }
  assert {
    condition     = toset(keys(local.policy_documents.data_scientist)) == toset(["execution", "network", "bucket"])
    error_message = "the data scientist calls endpoints or judges versions: ${jsonencode(keys(local.policy_documents.data_scientist))}"
  }
  assert {
    condition     = toset(keys(local.policy_documents.ml_engineer)) == toset(["execution", "network", "bucket", "invoke", "registry"])
    error_message = "The profile ml_engineer must get its five policy documents; got ${jsonencode(keys(local.policy_documents.ml_engineer))}."
  }
}

# The module refuses pip there (modules/studio).
run "a_network_without_nat_has_no_way_out" {
  command = plan
  variables {
    network = { nat = "none" }
  }
  assert {
    condition     = !local.internet_access
    error_message = "pip would be tried where nothing can be reached"
  }
}

run "an_existing_network_says_itself_whether_it_has_a_way_out" {
  command = plan
  variables {
    studio  = { enabled = true, packages = { source = "pip" } }
    network = { nat = "none", use_existing = { internet_egress = true } }
  }
  assert {
    condition     = length(module.studio) == 1
    error_message = "internet_egress of the existing network must be used."
  }
}

run "refuses_an_account_of_the_wrong_form" {
  command = plan
  variables {
    context = {
      project            = "mlops"
      environment        = "test"
      region             = "us-east-1"
      account_id         = "12"
      name_prefix        = "mlops-test"
      tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "data" }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}

run "refuses_missing_tags" {
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
