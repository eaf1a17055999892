mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "the_model_is_the_live_version_in_the_vpc_without_a_way_out" {
  assert {
    condition     = startswith(aws_sagemaker_model.this.name, "mlops-dev-reviews-batch-") && endswith(aws_sagemaker_model.this.name, "-v3")
    error_message = "The model must be named after the blueprint and its version."
  }

  assert {
    condition     = aws_sagemaker_model.this.enable_network_isolation && aws_sagemaker_model.this.vpc_config[0].subnets == toset(["subnet-0a", "subnet-0b"]) && aws_sagemaker_model.this.vpc_config[0].security_group_ids == toset(["sg-0a"])
    error_message = "Containers must run in the VPC with network isolation."
  }

  assert {
    condition     = aws_sagemaker_model.this.primary_container[0].image == var.model_version.image && aws_sagemaker_model.this.primary_container[0].model_data_url == var.model_version.model_data_url && aws_sagemaker_model.this.execution_role_arn == module.role.arn
    error_message = "Image and artifact must be the version's, the role the module's own."
  }

  assert {
    condition     = aws_sagemaker_model.this.primary_container[0].environment["SAGEMAKER_PROGRAM"] == "inference.py" && aws_sagemaker_model.this.primary_container[0].environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    error_message = "The code must come from the artifact: nothing can be fetched."
  }
}

run "the_role_is_sagemakers_for_this_account" {
  assert {
    condition     = module.role.boundary_arn == var.boundary_arn && module.role.name == "mlops-dev-reviews-batch-model"
    error_message = "The role must carry the name that releases may pass on, and the boundary."
  }

  assert {
    condition     = jsondecode(module.role.trust_policy).Statement == [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } } }]
    error_message = "module.role must let SageMaker act for account 123456789012 only; its trust policy is ${module.role.trust_policy}."
  }

  assert {
    condition     = one(jsondecode(module.role.policies["logs"]).Statement).Resource == ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/TransformJobs", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/TransformJobs:*"]
    error_message = "module.role must write to the log group of transform jobs only; its policy is ${module.role.policies["logs"]}."
  }

  assert {
    condition     = keys(module.role.policies) == ["bucket", "logs"] && module.role.policies["bucket"] == var.policy_documents["bucket"]
    error_message = "The role must have the attached policy documents."
  }
}

run "the_record_tells_the_submitter_everything" {
  variables {
    blueprint = {
      name           = "reviews-batch"
      instance_type  = "ml.c5.xlarge"
      instance_count = 2
      parameters     = { top_k = 3, mode = "{{fast}}", stop = "7" }
      limits         = { max_tokens = 500, max_total_tokens = 5000 }
      batch = {
        format                    = "csv"
        column                    = "review"
        delimiter                 = ";"
        strategy                  = "SingleRecord"
        max_payload_mb            = 10
        max_concurrent_transforms = 10
        records_per_file          = 500
        on_arrival                = false
        prices                    = { instance_usd_per_hour = 0.2 }
      }
    }
  }

  assert {
    condition     = aws_ssm_parameter.route.name == "/mlops/dev/routes/reviews-batch" && aws_ssm_parameter.route.type == "String"
    error_message = "The route parameter must have the path that the functions read."
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.route.value) == {
      blueprint  = "reviews-batch"
      kind       = "batch"
      source     = "sagemaker"
      submitter  = "mlops-dev-batch-submitter"
      parameters = { top_k = 3, mode = "{{fast}}", stop = "7" }
      limits     = { max_tokens = 500, max_total_tokens = 5000 }
      batch = {
        model_name                = aws_sagemaker_model.this.name
        model_package_arn         = var.model_version.model_package_arn
        release_record            = "/mlops/dev/releases/records/reviews-batch"
        instance_type             = "ml.c5.xlarge"
        instance_count            = 2
        strategy                  = "SingleRecord"
        max_payload_mb            = 10
        max_concurrent_transforms = 10
        format                    = "csv"
        column                    = "review"
        delimiter                 = ";"
        records_per_file          = 500
        minimum_records           = 1
        maximum_records           = 1000000
        on_arrival                = false
        prices                    = { instance_usd_per_hour = 0.2 }
        crawler                   = "mlops-dev-reviews-batch-results"
      }
    }
    error_message = "The route record must hold everything that the submitter reads; got ${aws_ssm_parameter.route.value}."
  }
}

run "the_specification_makes_what_the_first_deployment_made" {
  assert {
    condition     = aws_ssm_parameter.release.name == "/mlops/dev/releases/specs/reviews-batch" && aws_ssm_parameter.release.type == "String" && output.release_parameter_name == aws_ssm_parameter.release.name
    error_message = "The release parameter must have the name that the state machine reads."
  }

  assert {
    condition     = aws_sagemaker_model.this.name == "mlops-dev-reviews-batch-${jsondecode(aws_ssm_parameter.release.value).hash}-v3"
    error_message = "Released again, the first version must be found to be there already."
  }

  assert {
    condition = nonsensitive(jsonencode(jsondecode(aws_ssm_parameter.release.value))) == jsonencode({
      blueprint           = "reviews-batch"
      hash                = local.desired_hash
      jobs_name           = "mlops-dev-reviews-batch"
      model_group_name    = "mlops-dev-reviews"
      live_parameter_name = "/mlops/dev/models/reviews/live"
      launch_config_name  = aws_sagemaker_model.this.name
      execution_role_arn  = module.role.arn
      model = {
        EnableNetworkIsolation = true
        VpcConfig              = { Subnets = ["subnet-0a", "subnet-0b"], SecurityGroupIds = ["sg-0a"] }
        Container              = { Environment = one(aws_sagemaker_model.this.primary_container).environment }
      }
    })
    error_message = "The release parameter must describe the model that the first deployment created; got ${aws_ssm_parameter.release.value}."
  }
}

run "a_later_version_changes_nothing_here" {
  variables {
    model_version = {
      model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/4"
      model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-2/output/model.tar.gz"
      image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    }
  }

  assert {
    condition     = output.model_id == run.the_specification_makes_what_the_first_deployment_made.model_id && endswith(output.model_package_arn, "/3") && one(aws_sagemaker_model.this.primary_container).model_data_url == "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-1/output/model.tar.gz"
    error_message = "The first model must not change with a later version."
  }
}

run "the_submitter_learns_the_container_s_format_and_how_rows_are_read" {
  variables {
    blueprint = {
      name   = "reviews-batch"
      format = "csv"
      batch  = { column = "*", id = "patient", types = { age = "double" } }
    }
  }

  assert {
    condition     = [jsondecode(aws_ssm_parameter.route.value).format, jsondecode(aws_ssm_parameter.route.value).batch.column, jsondecode(aws_ssm_parameter.route.value).batch.id, jsondecode(aws_ssm_parameter.route.value).batch.types.age] == ["csv", "*", "patient", "double"]
    error_message = "The record must name the format, the column of names and the types."
  }
}
