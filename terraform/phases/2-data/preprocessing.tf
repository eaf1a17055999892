# Alternative preprocessing: Data Wrangler flows as SageMaker processing jobs, started by the state machine
# `preprocessing` (runs.tf).
module "processing" {
  source = "../../modules/processing"

  context      = var.context
  bucket_name  = var.foundation.s3.bucket_name
  boundary_arn = var.foundation.iam.boundary_arn
  program      = var.packages["processing_flow"]
  resources    = var.data.processing

  kms_key_arns = {
    data   = var.foundation.kms.data_key_arn
    models = var.foundation.kms.models_key_arn
  }

  network = {
    subnet_ids         = var.foundation.vpc.private_subnet_ids
    security_group_ids = [var.foundation.vpc.security_group_ids["training"]]
  }

  flows = {
    reviews = {
      text   = templatefile("${path.module}/flows/reviews.flow", { bucket_name = var.foundation.s3.bucket_name })
      source = "data/raw/reviews/"
      target = "data/processed/reviews-wrangled/"
    }
  }

  # One inline policy for each: bucket, base of everything that SageMaker runs, network.
  policy_documents = {
    bucket    = module.processing_access.policy_document
    execution = var.foundation.iam.execution_documents["base"]
    network   = var.foundation.vpc.network_policy_documents["training"]
  }
}

module "processing_access" {
  source = "../../modules/s3_access"

  access = var.foundation.s3.access
  read   = ["data_raw/reviews", "artifacts_code/flows", "artifacts_code/processing"]
  write  = ["data_processed/reviews-wrangled"]
}
