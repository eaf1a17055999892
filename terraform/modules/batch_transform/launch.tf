# One writer per resource: Terraform creates the first model, and releases create those of later versions and select the
# one that jobs use. The inputs of the first model are therefore frozen here: a request in progress keeps its model.
resource "terraform_data" "launch" {
  input = {
    model_package_arn  = var.model_version.model_package_arn
    model_data_url     = var.model_version.model_data_url
    image              = var.model_version.image
    files_sha256       = var.model_version.files_sha256
    subnet_ids         = sort(var.network.subnet_ids)
    security_group_ids = sort(var.network.security_group_ids)
    spec_hash          = local.desired_hash
  }

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  full_name = "${var.context.name_prefix}-${var.blueprint.name}"

  launch = terraform_data.launch.input

  # The name that a release of the same version would use: one name for one content. A registry version never changes,
  # so its number identifies model and image.
  content_name = "${local.full_name}-${local.launch.spec_hash}-v${element(split("/", local.launch.model_package_arn), -1)}"

  # The inference code travels inside model.tar.gz/code: an isolated container cannot fetch anything itself.
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
