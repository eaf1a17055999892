locals {
  # One container loads requested models from here; adding a model means uploading its archive.
  multi_model_url = "s3://${var.bucket_name}/artifacts/models/sagemaker-custom/${var.blueprint.name}/"
  registry_arn    = trimsuffix(local.group_arn, "/${element(split("/", local.group_arn), -1)}")
}

resource "aws_sagemaker_model" "launch" {
  name                     = local.content_name
  execution_role_arn       = module.role.arn
  enable_network_isolation = true

  dynamic "primary_container" {
    for_each = length(local.launched.containers) == 0 ? [local.launch] : []

    content {
      image          = primary_container.value.image
      mode           = local.launched.multi_model ? "MultiModel" : "SingleModel"
      model_data_url = local.launched.multi_model ? local.multi_model_url : primary_container.value.model_data_url
      environment    = local.launched.multi_model ? local.container_environment : local.launched_environment
    }
  }

  dynamic "container" {
    for_each = length(local.launched.containers) == 0 ? [] : [local.launch]

    content {
      container_hostname = "primary"
      image              = container.value.image
      model_data_url     = container.value.model_data_url
      environment        = local.container_environment
    }
  }

  dynamic "container" {
    for_each = flatten(local.launched.containers[*].others)

    content {
      container_hostname = container.value.name
      model_package_name = "${local.registry_arn}/${container.value.group}/${container.value.version}"
      environment        = local.container_environment
    }
  }

  dynamic "inference_execution_config" {
    for_each = local.launched.containers

    content {
      mode = title(inference_execution_config.value.mode)
    }
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
