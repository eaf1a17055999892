module "sagemaker" {
  source = "../../modules/sagemaker"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  bucket_name  = var.foundation.s3.bucket_name
  package      = var.packages["training_source"]

  model_group = {
    key  = "reviews"
    name = var.foundation.model_registry.group_names["reviews"]
  }

  kms_key_arn = var.foundation.kms.data_key_arn

  # One inline policy for each: bucket, base of everything that SageMaker runs, network.
  policy_documents = {
    training = merge({
      bucket    = module.s3_access["training"].policy_document
      execution = var.foundation.iam.execution_documents["base"]
      network   = var.foundation.vpc.network_policy_documents["training"]
    }, local.shared_files)
    evaluation = {
      bucket    = module.s3_access["evaluation"].policy_document
      execution = var.foundation.iam.execution_documents["base"]
      network   = var.foundation.vpc.network_policy_documents["training"]
    }
    candidate = {
      bucket    = module.s3_access["candidate"].policy_document
      execution = var.foundation.iam.execution_documents["realtime"]
      network   = var.foundation.vpc.network_policy_documents["training"]
    }
  }
}

# Shared files of phase 2, where the environment has them.
locals {
  shared_files = { for name, document in { files = var.data.efs.client_policy_document } : name => document if document != null }
}
