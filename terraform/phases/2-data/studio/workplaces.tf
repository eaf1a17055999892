locals {
  internet_access = var.network.use_existing == null ? var.network.nat != "none" : var.network.use_existing.internet_egress

  # Bucket prefixes of each profile's notebooks. They delete nothing and only read raw data.
  prefixes = {
    data_scientist = {
      read  = ["data_raw", "data_processed", "data_features", "artifacts_code/notebooks", "configs_training", "experiments_data_scientist", "logs_athena"]
      write = ["experiments_data_scientist", "logs_athena"]
    }
    ml_engineer = {
      read = [
        "data_raw", "data_processed", "data_features", "artifacts_code/notebooks", "artifacts_training_outputs", "configs_training", "experiments_ml_engineer", "logs_athena",
        "models_registered", "models_sagemaker_custom",
      ]
      write = ["experiments_ml_engineer", "logs_athena"]
    }
  }

  own_documents = { for profile in keys(local.prefixes) : profile => {
    bucket    = module.s3_access[profile].policy_document
    execution = var.foundation.iam.execution_documents["studio_${profile}"]
    network   = var.foundation.vpc.network_policy_documents.studio
  } }

  policy_documents = {
    data_scientist = local.own_documents.data_scientist
    ml_engineer = merge(local.own_documents.ml_engineer, {
      invoke   = var.foundation.iam.caller_documents.realtime
      registry = var.foundation.model_registry.read_policy_document
    })
  }
}

module "s3_access" {
  source   = "../../../modules/s3_access"
  for_each = local.prefixes

  access = var.foundation.s3.access
  read   = each.value.read
  write  = each.value.write
}

module "studio" {
  source = "../../../modules/studio"
  count  = var.studio.enabled ? 1 : 0

  context          = var.context
  bucket_name      = var.foundation.s3.bucket_name
  boundary_arn     = var.foundation.iam.boundary_arn
  policy_documents = local.policy_documents

  network = {
    vpc_id            = var.foundation.vpc.vpc_id
    subnet_ids        = var.foundation.vpc.private_subnet_ids
    security_group_id = var.foundation.vpc.security_group_ids.studio
    internet_access   = local.internet_access
  }

  kms_key_arns = {
    data   = var.foundation.kms.data_key_arn
    models = var.foundation.kms.models_key_arn
  }

  apps = {
    instance_type = var.studio.instance_type
    idle_minutes  = var.studio.idle_minutes
    volume_gb     = var.studio.volume_gb
    max_volume_gb = var.studio.max_volume_gb
  }

  packages = {
    from  = var.studio.packages.source
    names = var.studio.packages.names
  }
}
