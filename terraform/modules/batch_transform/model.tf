locals {
  full_name = "${var.context.name_prefix}-${var.blueprint.name}"

  # A version of the registry never changes, so its number stands for model and image.
  version      = element(split("/", var.model_version.model_package_arn), -1)
  content_hash = substr(sha256(jsonencode([var.model_version, sort(var.network.subnet_ids), sort(var.network.security_group_ids)])), 0, 8)
}

# Not frozen at launch as the models of endpoints are: no endpoint holds on to it, and a job that has begun keeps the
# artifact that it has loaded. So every deployment brings the version that is live then.
resource "aws_sagemaker_model" "this" {
  name                     = "${local.full_name}-${local.content_hash}-v${local.version}"
  execution_role_arn       = aws_iam_role.model.arn
  enable_network_isolation = true

  primary_container {
    image          = var.model_version.image
    model_data_url = var.model_version.model_data_url

    # The inference code travels inside model.tar.gz/code: an isolated container cannot fetch anything itself.
    environment = {
      SAGEMAKER_PROGRAM             = "inference.py"
      SAGEMAKER_SUBMIT_DIRECTORY    = "/opt/ml/model/code"
      SAGEMAKER_CONTAINER_LOG_LEVEL = "20"
      SAGEMAKER_REGION              = var.context.region
    }
  }

  vpc_config {
    subnets            = var.network.subnet_ids
    security_group_ids = var.network.security_group_ids
  }

  # SageMaker checks with this role that it may read the artifact and the image.
  depends_on = [aws_iam_role_policy.handed_out, aws_iam_role_policy.logs]

  lifecycle {
    create_before_destroy = true
  }
}
