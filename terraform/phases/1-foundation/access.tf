module "iam" {
  source = "../../modules/iam"

  context                  = var.context
  access                   = var.access
  kms_key_arns             = module.kms.key_arns
  storage_arns             = module.s3.every_arn
  image_policy_document    = module.ecr.pull_policy_document
  persona_bucket_documents = { for persona, access in module.s3_access : persona => access.policy_document }

  # Phase 2 creates these; the boundary of their roles is here.
  uses = {
    streaming       = var.streaming.enabled
    efs             = var.efs.enabled
    knowledge_bases = var.bedrock.knowledge_bases
    agents          = var.bedrock.agents
    sources         = var.data.sources
    shares          = var.sharing.consumer.shares
  }
}

# Bucket prefixes of each persona. The production role reads logs, and no data.
locals {
  every_method = ["realtime", "serverless", "batch", "async"]
  model_names  = ["models_bedrock_customized", "models_registered", "models_sagemaker_custom", "models_sagemaker_finetuned"]

  # No role executes objects that a persona writes, except the role of the persona's own experiments: code, models and
  # training outputs have their own writers (modules/s3/executables.tf), flows and notebooks are deployed as code.
  persona_prefixes = {
    data_scientist = {
      read = concat(local.model_names, [
        "data_raw", "data_processed", "data_features", "artifacts_training_outputs", "artifacts_checkpoints", "artifacts_evaluations", "configs_preprocessing", "configs_training", "experiments_data_scientist",
        "logs_athena", "logs_training",
      ])
      write  = ["configs_training", "experiments_data_scientist", "logs_athena"]
      delete = ["experiments_data_scientist"]
    }
    ml_engineer = {
      read = concat(local.model_names, [for method in local.every_method : "configs_inference_${method}"], [
        "data_processed", "data_features", "artifacts_code", "artifacts_training_outputs", "artifacts_checkpoints", "artifacts_evaluations", "configs_pipeline", "configs_training", "experiments_ml_engineer",
        "logs_preprocessing", "logs_training",
      ])
      write  = concat([for method in local.every_method : "configs_inference_${method}"], ["configs_pipeline", "configs_training", "experiments_ml_engineer"])
      delete = ["experiments_ml_engineer"]
    }
    data_engineer = {
      read = [
        "data_raw", "data_processed", "data_features", "data_quarantine", "artifacts_code/processing", "configs_preprocessing", "experiments_data_engineer", "logs_preprocessing", "logs_athena",
      ]
      write  = ["data_raw", "data_quarantine", "configs_preprocessing", "experiments_data_engineer", "logs_athena"]
      delete = ["data_raw", "data_quarantine", "experiments_data_engineer"]
    }
    production = {
      read   = concat(["logs_deployments"], [for method in local.every_method : "logs_inference_${method}"])
      write  = []
      delete = []
    }
  }
}

module "s3_access" {
  source   = "../../modules/s3_access"
  for_each = local.persona_prefixes

  access = module.s3.access
  read   = each.value.read
  write  = each.value.write
  delete = each.value.delete
}
