# One writer per thing: Terraform launches the endpoint once, releases change it from then on. The inputs
# of the launch are therefore frozen here; the model and the configuration below are made from this
# snapshot alone, so a newer version or another size in the environment files never replaces the
# configuration that a running endpoint uses (SageMaker does not refuse that deletion, it breaks on it).
resource "terraform_data" "launch" {
  input = {
    model_package_arn       = var.model_version.model_package_arn
    model_data_url          = var.model_version.model_data_url
    image                   = var.model_version.image
    files_sha256            = var.model_version.files_sha256
    memory_mb               = var.blueprint.serverless.memory_mb
    max_concurrency         = var.blueprint.serverless.max_concurrency
    provisioned_concurrency = var.blueprint.serverless.provisioned_concurrency
    spec_hash               = local.wanted_hash
  }

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  endpoint_name = "${var.context.name_prefix}-${var.blueprint.name}"
  variant_name  = "primary"

  launch = terraform_data.launch.input

  # What the release of the same version would be called: of the same content there is one name. A version of the
  # registry never changes, so its number stands for model and image.
  content_name = "${local.endpoint_name}-${local.launch.spec_hash}-v${element(split("/", local.launch.model_package_arn), -1)}"

  container_environment = {
    SAGEMAKER_PROGRAM             = "inference.py"
    SAGEMAKER_SUBMIT_DIRECTORY    = "/opt/ml/model/code"
    SAGEMAKER_CONTAINER_LOG_LEVEL = "20"
    SAGEMAKER_REGION              = var.context.region
  }

  # As in a release, the container compares the unpacked files with this before it loads them. What was launched before
  # versions said it stays as it is.
  launched_environment = merge(local.container_environment, { for name, value in { MODEL_FILES_SHA256 = try(local.launch.files_sha256, null) } : name => value if value != null })
}
