module "stepfunctions" {
  source = "../../modules/stepfunctions"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  kms_key_arns = {
    data   = var.foundation.kms.data_key_arn
    models = var.foundation.kms.models_key_arn
    logs   = var.foundation.kms.logs_key_arn
  }
  topic_arn    = var.foundation.events.topic_arn
  bucket_name  = var.foundation.s3.bucket_name
  poll_seconds = var.training.poll_seconds

  bucket_policy_document = module.s3_access["stepfunctions"].policy_document

  glue = {
    crawler_names = var.data.glue.crawler_names
    job_name      = var.data.glue.job_name
    role_arn      = var.data.glue.role_arn
    quality = {
      ruleset_name  = var.data.glue.quality_ruleset_name
      database_name = var.data.glue.database_names["processed"]
      table_name    = var.data.glue.table_names["raw_reviews"]
    }
  }

  # By name: its stack may be deployed later, and the pipeline works without it.
  feature_ingestion = var.feature_store.enabled ? { job_name = "${var.context.name_prefix}-feature-ingestion" } : null

  # By name: its stack depends on this one. Until it exists, no endpoint exists either.
  release_machine_arn = join(":", [
    "arn", data.aws_partition.current.partition, "states", var.context.region, var.context.account_id,
    "stateMachine", "${var.context.name_prefix}-release",
  ])

  function_arns = {
    data_validation = module.lambda["data_validation"].arn
    model_artifacts = module.lambda["model_artifacts"].arn
    endpoint_probe  = module.lambda["endpoint_probe"].arn
  }

  golden = local.reviews.golden

  training = merge(var.training, {
    role_arn           = module.sagemaker.training_role_arn
    endpoint_role_arn  = module.sagemaker.candidate_role_arn
    image_uri          = module.sagemaker.image_uri
    source_uri         = module.sagemaker.source_uri
    subnet_ids         = var.foundation.vpc.private_subnet_ids
    security_group_ids = [var.foundation.vpc.security_group_ids["training"]]
  })

  evaluation = merge(local.reviews.evaluation, {
    role_arn    = module.sagemaker.evaluation_role_arn
    program_uri = local.evaluation_uri
    spec_uri    = "s3://${var.foundation.s3.bucket_name}/${aws_s3_object.dataset.key}"
    gate        = var.training.gate
  })

  registry = {
    group_name          = module.sagemaker.group_name
    live_parameter_name = module.sagemaker.live_parameter_name
    encrypt_versions    = var.registry.encrypt_versions
  }
}
