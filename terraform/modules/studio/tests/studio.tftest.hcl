mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context      = { project = "mlops", environment = "test", region = "eu-west-1", account_id = "123456789012", name_prefix = "mlops-test" }
  network      = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"], security_group_id = "sg-1", internet_access = false }
  kms_key_arns = { data = "arn:aws:kms:eu-west-1:123456789012:key/1", models = "arn:aws:kms:eu-west-1:123456789012:key/2" }
  bucket_name  = "mlops-test-data"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  policy_documents = {
    data_scientist = { bucket = "{\"Statement\":[],\"Version\":\"2012-10-17\"}" }
    ml_engineer    = { bucket = "{\"Statement\":[],\"Version\":\"2012-10-17\"}", registry = "{\"Statement\":[],\"Version\":\"2012-10-17\"}" }
  }
}

run "apps_live_in_the_vpc_under_our_key_and_end_when_idle" {
  assert {
    condition     = aws_sagemaker_domain.this.app_network_access_type == "VpcOnly" && aws_sagemaker_domain.this.auth_mode == "IAM"
    error_message = "apps reach the internet past the VPC"
  }
  assert {
    condition     = aws_sagemaker_domain.this.kms_key_id == var.kms_key_arns.models
    error_message = "home folders are under another key"
  }
  assert {
    condition     = aws_sagemaker_domain.this.vpc_id == "vpc-1" && aws_sagemaker_domain.this.subnet_ids == toset(["subnet-1", "subnet-2"])
    error_message = "The domain must run in the given VPC and subnets; got ${jsonencode(aws_sagemaker_domain.this.subnet_ids)}."
  }
  assert {
    condition     = alltrue([for settings in concat([aws_sagemaker_domain.this.default_user_settings[0].security_groups, aws_sagemaker_domain.this.default_space_settings[0].security_groups], [for profile in aws_sagemaker_user_profile.this : profile.user_settings[0].security_groups]) : settings == toset(["sg-1"])])
    error_message = "an app of a profile or a shared space is in another security group"
  }
  assert {
    condition     = aws_sagemaker_domain.this.default_user_settings[0].sharing_settings[0].notebook_output_option == "Disabled"
    error_message = "output of cells, which may show data, goes into shared snapshots"
  }
  assert {
    condition = alltrue([for settings in [aws_sagemaker_domain.this.default_user_settings[0], aws_sagemaker_domain.this.default_space_settings[0]] :
    settings.jupyter_lab_app_settings[0].app_lifecycle_management[0].idle_settings[0].lifecycle_management == "ENABLED" && settings.jupyter_lab_app_settings[0].app_lifecycle_management[0].idle_settings[0].max_idle_timeout_in_minutes == 60])
    error_message = "Idle apps must be stopped for users and spaces; got ${jsonencode(aws_sagemaker_domain.this.default_space_settings[0].jupyter_lab_app_settings)}."
  }
  assert {
    condition     = aws_sagemaker_domain.this.retention_policy[0].home_efs_file_system == "Delete"
    error_message = "The home file system of an unprotected environment must be deleted with it."
  }
}

run "home_folders_of_a_protected_environment_stay" {
  command = plan
  variables {
    context = { project = "mlops", environment = "prod", region = "eu-west-1", account_id = "123456789012", name_prefix = "mlops-prod", protected = true }
  }
  assert {
    condition     = aws_sagemaker_domain.this.retention_policy[0].home_efs_file_system == "Retain"
    error_message = "A protected environment must retain home folders; got ${jsonencode(aws_sagemaker_domain.this.retention_policy)}."
  }
}

run "each_profile_has_a_separate_role_inside_the_boundary" {
  assert {
    condition     = output.user_profile_names == { data_scientist = "mlops-test-DataScientist", ml_engineer = "mlops-test-MLEngineer" }
    error_message = "There must be the profiles DataScientist and MLEngineer; got ${jsonencode(output.user_profile_names)}."
  }
  assert {
    condition     = { for profile, role in aws_iam_role.profile : profile => role.name } == { data_scientist = "mlops-test-studio-data-scientist", ml_engineer = "mlops-test-studio-ml-engineer" }
    error_message = "Each profile must have a separate role; got ${jsonencode({ for profile, role in aws_iam_role.profile : profile => role.name })}."
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.profile : role.permissions_boundary == var.boundary_arn])
    error_message = "a role without boundary"
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy.attached)) == toset(["data_scientist-bucket", "ml_engineer-bucket", "ml_engineer-registry"])
    error_message = "Each profile must have the documents granted to it; got ${jsonencode(keys(aws_iam_role_policy.attached))}."
  }
  assert {
    condition     = alltrue([for arn in local.own_statements.data_scientist[0].Resource : endswith(arn, "/*/mlops-test-DataScientist*")])
    error_message = "one profile reaches into another: ${jsonencode(local.own_statements.data_scientist[0].Resource)}"
  }
}

run "the_image_brings_the_packages_and_nothing_is_installed" {
  assert {
    condition     = !strcontains(local.start_script, "pip install") && strcontains(local.start_script, "'transformers'")
    error_message = "Without internet access the start script must install nothing and report missing packages; got ${local.start_script}."
  }
  assert {
    condition     = strcontains(local.start_script, "s3://mlops-test-data/artifacts/code/notebooks/")
    error_message = "The start script must copy the notebooks from the data bucket; got ${local.start_script}."
  }
  assert {
    condition     = base64decode(aws_sagemaker_studio_lifecycle_config.start.studio_lifecycle_config_content) == local.start_script
    error_message = "The lifecycle configuration must run the rendered start script; got ${base64decode(aws_sagemaker_studio_lifecycle_config.start.studio_lifecycle_config_content)}."
  }
}

run "pip_installs_where_there_is_a_way_out" {
  command = plan
  variables {
    network  = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"], security_group_id = "sg-1", internet_access = true }
    packages = { from = "pip", names = ["transformers==4.57.1"] }
  }
  assert {
    condition     = strcontains(local.start_script, "pip install") && strcontains(local.start_script, "'transformers==4.57.1'")
    error_message = "With internet access the start script must install the packages; got ${local.start_script}."
  }
}

run "refuses_pip_without_a_way_out" {
  command = plan
  variables {
    packages = { from = "pip" }
  }
  expect_failures = [aws_sagemaker_domain.this]
}

run "refuses_a_start_script_that_sagemaker_would_not_take" {
  command = plan
  variables {
    packages = { names = [for number in range(1000) : "a-package-of-a-long-name-${number}"] }
  }
  expect_failures = [aws_sagemaker_studio_lifecycle_config.start]
}

run "notebooks_are_set_to_their_environment" {
  assert {
    condition     = join(" ", output.notebook_keys) == join(" ", [for name in ["call_endpoint", "compare_versions", "explore_catalogue"] : "${local.notebooks_prefix}${name}.ipynb"])
    error_message = "notebook_keys must contain the three notebooks; got ${jsonencode(output.notebook_keys)}."
  }
  assert {
    condition = alltrue(flatten([for notebook in aws_s3_object.notebook : [
      for line in ["PROJECT = \"mlops\"\n", "ENVIRONMENT = \"test\"\n", "REGION = \"eu-west-1\""] : contains(jsondecode(notebook.content).cells[1].source, line)
    ]]))
    error_message = "Every notebook must set project, environment and region in its second cell; got ${jsonencode([for notebook in aws_s3_object.notebook : jsondecode(notebook.content).cells[1].source])}."
  }
}

run "refuses_one_subnet" {
  command = plan
  variables {
    network = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], security_group_id = "sg-1", internet_access = true }
  }
  expect_failures = [var.network]
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arns = { data = "1234", models = "arn:aws:kms:eu-west-1:123456789012:key/2" }
  }
  expect_failures = [var.kms_key_arns]
}

run "refuses_an_app_that_never_ends" {
  command = plan
  variables {
    apps = { idle_minutes = 0 }
  }
  expect_failures = [var.apps]
}

run "refuses_more_than_the_most" {
  command = plan
  variables {
    apps = { volume_gb = 100 }
  }
  expect_failures = [var.apps]
}

run "refuses_what_is_not_an_instance_type" {
  command = plan
  variables {
    apps = { instance_type = "t3.medium" }
  }
  expect_failures = [var.apps]
}

run "refuses_another_source_of_packages" {
  command = plan
  variables {
    packages = { from = "conda" }
  }
  expect_failures = [var.packages]
}

run "refuses_what_would_end_in_the_shell" {
  command = plan
  variables {
    packages = { names = ["boto3; rm -rf ~"] }
  }
  expect_failures = [var.packages]
}
