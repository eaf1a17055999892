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

  network = {
    subnet_ids         = var.foundation.vpc.private_subnet_ids
    security_group_ids = [var.foundation.vpc.security_group_ids["training"]]
  }

  kms = {
    data_key_arn   = var.foundation.kms.data_key_arn
    models_key_arn = var.foundation.kms.models_key_arn
  }

  training_policy_arns = {
    read-features  = var.foundation.s3.read_policy_arns["features"]
    read-code      = var.foundation.s3.read_policy_arns["code"]
    read-training  = var.foundation.s3.read_policy_arns["training"]
    write-training = var.foundation.s3.write_policy_arns["training"]
  }

  candidate_policy_arns = {
    read-training = var.foundation.s3.read_policy_arns["training"]
  }
}
