resource "aws_sagemaker_model" "this" {
  name                     = local.content_name
  execution_role_arn       = module.role.arn
  enable_network_isolation = true

  primary_container {
    image          = local.launch.image
    model_data_url = local.launch.model_data_url
    environment    = local.launched_environment
  }

  vpc_config {
    subnets            = local.launch.subnet_ids
    security_group_ids = local.launch.security_group_ids
  }

  # SageMaker checks with this role that it may read the artifact and the image.
  depends_on = [module.role]

  lifecycle {
    create_before_destroy = true
  }
}
