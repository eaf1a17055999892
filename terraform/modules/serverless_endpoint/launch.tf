# One writer per resource: Terraform launches the endpoint once, and releases change it from then on. The inputs of the
# launch are therefore frozen here; the model and the configuration below are built from this snapshot only, so a newer
# version or another size in the environment files never replaces the configuration of a running endpoint (SageMaker
# allows that deletion, and the endpoint breaks).
resource "terraform_data" "launch" {
  input = {
    model_package_arn       = var.model_version.model_package_arn
    model_data_url          = var.model_version.model_data_url
    image                   = var.model_version.image
    files_sha256            = var.model_version.files_sha256
    memory_mb               = var.blueprint.serverless.memory_mb
    max_concurrency         = var.blueprint.serverless.max_concurrency
    provisioned_concurrency = var.blueprint.serverless.provisioned_concurrency
    spec_hash               = local.desired_hash
  }

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  endpoint_name = "${var.context.name_prefix}-${var.blueprint.name}"
  variant_name  = "primary"

  launch = terraform_data.launch.input

  # The name that a release of the same version would use: one name for one content. A registry version never changes,
  # so its number identifies model and image.
  content_name = "${local.endpoint_name}-${local.launch.spec_hash}-v${element(split("/", local.launch.model_package_arn), -1)}"

  container_environment = {
    SAGEMAKER_PROGRAM             = "inference.py"
    SAGEMAKER_SUBMIT_DIRECTORY    = "/opt/ml/model/code"
    SAGEMAKER_CONTAINER_LOG_LEVEL = "20"
    SAGEMAKER_REGION              = var.context.region
  }

  # As in a release, the container compares the unpacked files with this hash before it loads them. Endpoints launched
  # before versions had a hash stay as they are.
  launched_environment = merge(local.container_environment, { for name, value in { MODEL_FILES_SHA256 = try(local.launch.files_sha256, null) } : name => value if value != null })
}
