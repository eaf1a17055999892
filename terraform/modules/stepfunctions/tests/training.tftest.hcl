mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  feature_ingestion = { job_name = "mlops-test-feature-ingestion" }
}

run "every_state_belongs_to_one_of_the_steps" {
  command = plan

  assert {
    condition     = [for s in output.steps : s.name] == ["ingestion", "crawler", "etl", "data-validation", "features", "training", "evaluation", "registry", "deployment", "monitoring"]
    error_message = "The steps are the nine of the pipeline, in order, and features once the data has passed its checks."
  }
  assert {
    condition     = toset(flatten(output.steps[*].states)) == toset(keys(jsondecode(aws_sfn_state_machine.training.definition).States))
    error_message = "Steps and definition name different states."
  }
  assert {
    condition     = length(flatten(output.steps[*].states)) == length(distinct(flatten(output.steps[*].states)))
    error_message = "A state belongs to two steps."
  }
}

run "without_a_feature_group_there_are_nine_steps_and_no_right_for_a_tenth" {
  command = plan
  variables {
    feature_ingestion = null
  }

  assert {
    condition     = [for s in output.steps : s.name] == ["ingestion", "crawler", "etl", "data-validation", "training", "evaluation", "registry", "deployment", "monitoring"]
    error_message = "The steps are the nine of the pipeline, in order."
  }
  assert {
    condition     = toset(flatten(output.steps[*].states)) == toset(keys(jsondecode(aws_sfn_state_machine.training.definition).States)) && jsondecode(aws_sfn_state_machine.training.definition).States.QualityHolds.Default == "PrepareTraining"
    error_message = "Steps and definition name different states."
  }
  assert {
    condition     = length([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "StartFeatureIngestion"]) == 0
    error_message = "There is nothing to start."
  }
}

run "raw_data_must_be_there_unless_it_is_elsewhere" {
  command = plan
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.RawDataPresent.Choices == [{ Variable = "$.raw.objects", NumericGreaterThan = 0, Next = "StartCrawler" }] && jsondecode(aws_sfn_state_machine.training.definition).States.RawDataPresent.Default == "NoInputData"
    error_message = "Without raw data the pipeline must end."
  }
}

run "without_raw_data_the_etl_reads_what_is_elsewhere" {
  command = plan
  variables {
    glue = {
      crawler_names = { raw = "raw", processed = "processed", features = "features" }
      job_name      = "mlops-test-etl"
      role_arn      = "arn:aws:iam::123456789012:role/mlops-test-glue"
      raw_elsewhere = true
      quality       = { ruleset_name = "mlops-test-processed", database_name = "mlops_test_processed", table_name = "orders" }
    }
  }
  assert {
    condition     = [for choice in jsondecode(aws_sfn_state_machine.training.definition).States.RawDataPresent.Choices : choice.Next] == ["StartCrawler", "RunEtl"]
    error_message = "The ETL must run if data/raw is empty; got ${jsonencode(jsondecode(aws_sfn_state_machine.training.definition).States.RawDataPresent.Choices)}."
  }
}

run "features_are_ingested_after_the_checks_and_not_waited_for" {
  command = plan

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.QualityHolds.Default == "StartFeatureIngestion" && jsondecode(aws_sfn_state_machine.training.definition).States.StartFeatureIngestion.Next == "PrepareTraining" && jsondecode(aws_sfn_state_machine.training.definition).States.StartFeatureIngestion.Resource == "arn:aws:states:::glue:startJobRun"
    error_message = "The job is started, and training goes on."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.StartFeatureIngestion.Parameters == { JobName = "mlops-test-feature-ingestion", Arguments = { "--bucket" = var.bucket_name, "--dataset.$" = "$.dataset", "--run_id.$" = "$.run_id" } }
    error_message = "The ingestion job must get the ETL's arguments."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.StartFeatureIngestion.Catch[0].Next == "NotifyFeaturesNotIngested" && jsondecode(aws_sfn_state_machine.training.definition).States.NotifyFeaturesNotIngested.Next == "PrepareTraining"
    error_message = "A job that does not start must be published, and training must continue."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "StartFeatureIngestion"]) == { Effect = "Allow", Sid = "StartFeatureIngestion", Action = ["glue:StartJobRun"], Resource = ["arn:aws:glue:us-east-1:123456789012:job/mlops-test-feature-ingestion"] }
    error_message = "It may start this job."
  }
}

run "training_runs_on_spot_in_the_vpc_with_the_models_key" {
  command = plan

  assert {
    condition = jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters.StoppingCondition == {
      MaxRuntimeInSeconds  = 3600
      MaxWaitTimeInSeconds = 7200
    }
    error_message = "A spot job waits for capacity longer than it runs."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters.VpcConfig == { Subnets = ["subnet-1", "subnet-2"], SecurityGroupIds = ["sg-1"] }
    error_message = "Training runs in the given subnets."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters.ResourceConfig.VolumeKmsKeyId == var.kms_key_arns.models && jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters.OutputDataConfig.KmsKeyId == var.kms_key_arns.models
    error_message = "Volume and output are encrypted with the models key."
  }
  assert {
    condition     = length(jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters.Tags) == 3
    error_message = "The training job carries the platform's tags."
  }
}

run "without_spot_and_subnets_their_settings_are_absent" {
  command = plan
  variables {
    training = {
      role_arn          = "arn:aws:iam::123456789012:role/mlops-test-job"
      endpoint_role_arn = "arn:aws:iam::123456789012:role/mlops-test-candidate"
      image_uri         = "image"
      source_uri        = "s3://b/code.tar.gz"
      spot              = false
      instance_type     = "a text with \"quotes\", ${"$"}{code} and $.path"
    }
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters.ResourceConfig.InstanceType == var.training.instance_type
    error_message = "Texts must be escaped in the definition."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters.StoppingCondition == { MaxRuntimeInSeconds = 3600 }
    error_message = "SageMaker refuses a waiting time without spot."
  }
  assert {
    condition     = !contains(keys(jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters), "VpcConfig")
    error_message = "No subnets, no VpcConfig."
  }
}

run "the_gate_is_in_the_definition_and_not_in_the_input" {
  command = plan

  assert {
    condition     = contains(jsondecode(aws_sfn_state_machine.training.definition).States.EvaluateModel.Parameters.AppSpecification.ContainerArguments, jsonencode({ above_baseline = 0.1, above_champion = 0, direction = null, metric = "accuracy", threshold = 0.6 }))
    error_message = "The gate must have the environment's conditions; got ${jsonencode(jsondecode(aws_sfn_state_machine.training.definition).States.EvaluateModel.Parameters.AppSpecification.ContainerArguments)}."
  }
  assert {
    condition     = output.default_input == { dataset = "reviews", hyperparameters = tomap({ seed = "42" }) }
    error_message = "The default input is dataset and hyperparameters."
  }
}

run "evaluation_runs_without_network_in_the_vpc_on_what_sagemaker_brings" {
  command = plan
  variables {
    evaluation = merge(jsondecode(jsonencode(var.evaluation)), { positive = "yes", slices = ["sex", "site"] })
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.EvaluateModel.Parameters.NetworkConfig == { EnableNetworkIsolation = true, VpcConfig = { Subnets = ["subnet-1", "subnet-2"], SecurityGroupIds = ["sg-1"] } }
    error_message = "Models that are measured must have no network."
  }
  assert {
    condition     = [for each in jsondecode(aws_sfn_state_machine.training.definition).States.PrepareFirstEvaluation.Parameters.inputs : each.InputName] == ["candidate", "code", "labels", "program", "rows", "spec"] && [for each in jsondecode(aws_sfn_state_machine.training.definition).States.PrepareEvaluation.Parameters.inputs : each.InputName] == ["candidate", "champion", "code", "labels", "program", "rows", "spec"]
    error_message = "The live version is an input where there is one."
  }
  assert {
    condition     = alltrue([for argument in jsondecode(aws_sfn_state_machine.training.definition).States.EvaluateModel.Parameters.AppSpecification.ContainerArguments : length(argument) <= 256])
    error_message = "SageMaker takes arguments of up to 256 characters."
  }
  assert {
    condition     = join(" ", slice(jsondecode(aws_sfn_state_machine.training.definition).States.EvaluateModel.Parameters.AppSpecification.ContainerArguments, 22, 28)) == "--positive yes --slice sex --slice site"
    error_message = "Positive label and slices are arguments."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.EvaluateModel.Parameters.ProcessingResources.ClusterConfig.VolumeKmsKeyId == var.kms_key_arns.models && jsondecode(aws_sfn_state_machine.training.definition).States.EvaluateModel.Parameters.ProcessingOutputConfig.KmsKeyId == var.kms_key_arns.data
    error_message = "Volume and report must be encrypted."
  }
}

run "what_training_prints_becomes_its_metrics" {
  command = plan
  variables {
    training = merge(jsondecode(jsonencode(var.training)), { metrics = ["validation:rmse"] })
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.TrainModel.Parameters.AlgorithmSpecification.MetricDefinitions == [{ Name = "validation:rmse", Regex = "validation:rmse=([-+0-9.eE]+)" }]
    error_message = "A metric must be read from the line that names it."
  }
}

run "the_role_is_bounded_and_passes_only_its_three_roles_to_sagemaker" {
  command = plan

  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.boundary_arn
    error_message = "The role has the boundary."
  }
  assert {
    condition = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "PassRoles"]) == {
      Effect    = "Allow"
      Sid       = "PassRoles"
      Action    = ["iam:PassRole"]
      Resource  = [var.training.role_arn, var.evaluation.role_arn, var.training.endpoint_role_arn]
      Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
    }
    error_message = "PassRole is for SageMaker and three roles."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Sid if contains(s.Resource, "*")] == ["PublishMetrics", "TraceAndLog"]
    error_message = "Only actions without resource types have the resource *."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arns.logs && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "The log group must be encrypted and have the environment's retention."
  }
  assert {
    condition     = one(aws_sfn_state_machine.training.tracing_configuration).enabled && one(aws_sfn_state_machine.training.logging_configuration).level == "ALL"
    error_message = "Executions are traced and logged."
  }
}

run "an_approval_that_does_not_exist_is_refused" {
  command = plan
  variables {
    training = { role_arn = "r", endpoint_role_arn = "e", image_uri = "i", source_uri = "s3://b/c.tar.gz", approval = "later" }
  }
  expect_failures = [var.training]
}

run "a_source_outside_s3_is_refused" {
  command = plan
  variables {
    training = { role_arn = "r", endpoint_role_arn = "e", image_uri = "i", source_uri = "/tmp/c.tar.gz" }
  }
  expect_failures = [var.training]
}

run "subnets_without_security_groups_are_refused" {
  command = plan
  variables {
    training = { role_arn = "r", endpoint_role_arn = "e", image_uri = "i", source_uri = "s3://b/c.tar.gz", subnet_ids = ["subnet-1"] }
  }
  expect_failures = [var.training]
}

run "a_task_that_no_evaluation_has_is_refused" {
  command = plan
  variables {
    evaluation = { role_arn = "r", program_uri = "s3://b/p.zip", spec_uri = "s3://b/s.json", task = "ranking", gate = { metric = "f1", threshold = 0.5, above_champion = 0 } }
  }
  expect_failures = [var.evaluation]
}

run "a_negative_lead_is_refused" {
  command = plan
  variables {
    evaluation = { role_arn = "r", program_uri = "s3://b/p.zip", spec_uri = "s3://b/s.json", task = "custom", gate = { metric = "f1", threshold = 0.5, above_champion = -0.1 } }
  }
  expect_failures = [var.evaluation]
}

run "a_direction_that_is_none_is_refused" {
  command = plan
  variables {
    evaluation = { role_arn = "r", program_uri = "s3://b/p.zip", spec_uri = "s3://b/s.json", task = "custom", gate = { metric = "f1", threshold = 0.5, direction = "up", above_champion = 0 } }
  }
  expect_failures = [var.evaluation]
}

run "a_program_outside_s3_is_refused" {
  command = plan
  variables {
    evaluation = { role_arn = "r", program_uri = "p.zip", spec_uri = "s3://b/s.json", task = "custom", gate = { metric = "f1", threshold = 0.5, above_champion = 0 } }
  }
  expect_failures = [var.evaluation]
}

run "hyperparameters_of_the_container_are_refused" {
  command = plan
  variables {
    training = { role_arn = "r", endpoint_role_arn = "e", image_uri = "i", source_uri = "s3://b/c.tar.gz", hyperparameters = { sagemaker_program = "x.py" } }
  }
  expect_failures = [var.training]
}

run "a_dataset_name_with_blanks_is_refused" {
  command = plan
  variables {
    dataset = "my reviews"
  }
  expect_failures = [var.dataset]
}

run "a_live_parameter_without_slash_is_refused" {
  command = plan
  variables {
    registry = { group_name = "g", live_parameter_name = "live" }
  }
  expect_failures = [var.registry]
}

run "polling_every_ten_minutes_is_refused" {
  command = plan
  variables {
    poll_seconds = 600
  }
  expect_failures = [var.poll_seconds]
}

run "the_bucket_is_used_as_its_owner_says" {
  command = plan
  assert {
    condition     = aws_iam_role_policy.bucket.policy == var.bucket_policy_document && !strcontains(aws_iam_role_policy.this.policy, "\"s3:")
    error_message = "The state machine must only have the attached bucket permissions."
  }
}

run "fewer_workers_than_glue_takes_are_refused" {
  command = plan
  variables {
    glue = {
      crawler_names = { raw = "r", processed = "p", features = "f" }
      job_name      = "j"
      role_arn      = "arn:aws:iam::123456789012:role/mlops-test-glue"
      quality       = { ruleset_name = "q", database_name = "d", table_name = "t", workers = 1 }
    }
  }
  expect_failures = [var.glue]
}

run "no_rule_that_breaks_lets_a_run_go_on" {
  command = plan

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.GetQualityResult.ResultSelector["broken.$"] == "$.RuleResults[?(@.Result != 'PASS')].Description"
    error_message = "FAIL and ERROR both count."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.QualityHolds == { Type = "Choice", Choices = [{ Variable = "$.quality.broken[0]", IsPresent = true, Next = "DataQualityFailed" }], Default = "StartFeatureIngestion" }
    error_message = "The gate stands between the result and the training."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.DataQualityFailed.Parameters.Error == "DataQualityFailed"
    error_message = "A failed quality rule must have its own error name."
  }
}

run "a_live_version_is_released_and_a_missing_machine_does_not_fail_the_run" {
  command = plan

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.StartReleases.Parameters == { StateMachineArn = var.release_machine_arn, Input = "{\"model_package_group_name\": \"mlops-test-reviews\"}" }
    error_message = "The endpoints of the group, whichever they are."
  }
  assert {
    condition     = [for c in jsondecode(aws_sfn_state_machine.training.definition).States.StartReleases.Catch : c.Next] == ["HasMetrics", "NotifyNotReleased"] && jsondecode(aws_sfn_state_machine.training.definition).States.NotifyNotReleased.Next == "HasMetrics"
    error_message = "A release that could not be started must be published, and the run must continue."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "StartReleases"]) == { Effect = "Allow", Sid = "StartReleases", Action = ["states:StartExecution"], Resource = [var.release_machine_arn] }
    error_message = "It may start this machine and no other."
  }
}

run "a_release_machine_that_is_none_is_refused" {
  command = plan
  variables {
    release_machine_arn = "mlops-test-release"
  }
  expect_failures = [var.release_machine_arn]
}

run "a_candidate_is_probed_with_the_golden_cases" {
  assert {
    condition     = jsondecode(jsondecode(aws_sfn_state_machine.training.definition).States.ProbeCandidate.Parameters.Payload.cases) == [{ input = "I love it.", label = "positive" }, { input = { "age.$" = 59, city = "Ulm" }, value = 150.5, tolerance = 10 }]
    error_message = "The probe must get all cases as text, so that no name of a column is read as a path."
  }
}

run "a_training_without_golden_cases_is_refused" {
  command = plan

  variables {
    golden = []
  }

  expect_failures = [var.golden]
}
