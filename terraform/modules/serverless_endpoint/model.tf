# SageMaker offers neither VPC nor network isolation here: code in the container can reach the internet and is limited
# by its role only. The policy MLOPS_SAGEMAKER_1 exempts models that only serverless configurations use.
resource "aws_sagemaker_model" "launch" {
  # checkov:skip=CKV_AWS_370: SageMaker Serverless Inference refuses models with network isolation
  name               = local.content_name
  execution_role_arn = module.role.arn

  primary_container {
    image          = local.launch.image
    model_data_url = local.launch.model_data_url
    environment    = local.launched_environment
  }

  # SageMaker checks with this role that it may read the artifact and the image.
  depends_on = [module.role]

  lifecycle {
    create_before_destroy = true
  }
}
