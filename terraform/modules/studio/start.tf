# Script that runs when JupyterLab starts. A configuration cannot be changed: a new text is a new configuration, created
# before the domain releases the old one.
locals {
  start_script = templatefile("${path.module}/scripts/start.sh.tftpl", {
    packages      = var.packages.names
    install       = var.packages.from == "pip"
    notebooks_uri = "s3://${var.bucket_name}/${local.notebooks_prefix}"
  })
}

resource "aws_sagemaker_studio_lifecycle_config" "start" {
  studio_lifecycle_config_name     = "${var.context.name_prefix}-start-${substr(sha256(local.start_script), 0, 8)}"
  studio_lifecycle_config_app_type = "JupyterLab"
  studio_lifecycle_config_content  = base64encode(local.start_script)

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = length(base64encode(local.start_script)) <= 16384
      error_message = "The start script has ${length(base64encode(local.start_script))} characters in base64; SageMaker takes 16384."
    }
  }
}
