module "iam" {
  source = "../../modules/iam"

  context                  = var.context
  access                   = var.access
  kms_key_arns             = module.kms.key_arns
  storage_arns             = module.s3.every_arn
  image_policy_document    = module.ecr.pull_policy_document
  persona_bucket_documents = { for persona, access in module.s3_access : persona => access.policy_document }

  # Phase 2 makes these; the ceiling of their roles is here.
  uses = {
    streaming       = var.streaming.enabled
    efs             = var.efs.enabled
    knowledge_bases = var.bedrock.knowledge_bases
    agents          = var.bedrock.agents
    sources         = var.data.sources
    shares          = var.sharing.consumer.shares
  }
}

# Which prefixes each persona uses. The production role reads what was logged, and no data at all.
locals {
  every_method = ["realtime", "serverless", "batch", "async"]
  model_names  = ["models_bedrock_customized", "models_sagemaker_custom", "models_sagemaker_finetuned"]

  persona_prefixes = {
    data_scientist = {
      read = concat(local.model_names, [
        "data_raw", "data_processed", "data_features", "artifacts_training_outputs", "artifacts_checkpoints", "configs_preprocessing", "configs_training", "logs_athena", "logs_training",
      ])
      write  = ["artifacts_training_outputs", "artifacts_checkpoints", "configs_preprocessing", "configs_training", "logs_athena"]
      delete = []
    }
    ml_engineer = {
      read = concat(local.model_names, [for method in local.every_method : "configs_inference_${method}"], [
        "data_processed", "data_features", "artifacts_code", "artifacts_training_outputs", "artifacts_checkpoints", "configs_pipeline", "configs_training", "logs_preprocessing", "logs_training",
      ])
      write  = concat(local.model_names, [for method in local.every_method : "configs_inference_${method}"], ["artifacts_code", "artifacts_training_outputs", "configs_pipeline", "configs_training"])
      delete = []
    }
    data_engineer = {
      read   = ["data_raw", "data_processed", "data_features", "data_quarantine", "configs_preprocessing", "logs_preprocessing", "logs_athena"]
      write  = ["data_raw", "data_quarantine", "configs_preprocessing", "logs_athena"]
      delete = ["data_raw", "data_quarantine"]
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
