# One writer per resource: Terraform launches the endpoint once, and releases change it from then on. The inputs of the
# launch are therefore frozen here; the model and the configuration below are built from this snapshot only, so a newer
# version or another instance type in the environment files never replaces the configuration of a running endpoint
# (SageMaker allows that deletion, and the endpoint breaks).
resource "terraform_data" "launch" {
  input = {
    model_package_arn  = var.model_version.model_package_arn
    model_data_url     = var.model_version.model_data_url
    image              = var.model_version.image
    files_sha256       = var.model_version.files_sha256
    instance_type      = var.blueprint.instance_type
    instance_count     = var.blueprint.instance_count
    sampling_percent   = try(var.blueprint.data_capture.sampling_percent, 0)
    subnet_ids         = sort(var.network.subnet_ids)
    security_group_ids = sort(var.network.security_group_ids)
    models_key_arn     = var.kms_key_arns.models
    data_key_arn       = var.kms_key_arns.data
    spec_hash          = local.desired_hash
    weight             = local.desired_weight
    variants           = var.blueprint.variants
    shadow             = var.blueprint.shadow
    multi_model        = var.blueprint.multi_model
    containers         = var.blueprint.containers
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

  # Instances with NVMe disks encrypt those in hardware, and SageMaker refuses a volume key for them.
  local_disk_pattern = "^ml\\.([a-z]+[0-9]+[a-z]*d[a-z]*|g4dn|g5|g6e?|p4de?|p5(en?)?|trn[12]n?)\\."
  has_local_disk     = anytrue([for each in local.launched_types : can(regex(local.local_disk_pattern, each))])
  launched_types     = concat([local.launch.instance_type], [for each in values(local.launched.variants) : each.instance_type], local.launched.shadow[*].instance_type)

  # An endpoint that was launched before these options existed has none of them.
  launched = {
    weight      = try(local.launch.weight, 1)
    variants    = try(local.launch.variants, {})
    shadow      = try(local.launch.shadow, null) == null ? [] : [local.launch.shadow]
    multi_model = try(local.launch.multi_model, null) != null
    containers  = try(local.launch.containers, null) == null ? [] : [local.launch.containers]
  }

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

  capture_prefix = "inference/realtime/logs/${var.blueprint.name}"
}
