# One writer per thing: Terraform launches the endpoint once. The inputs of the launch are therefore frozen here; model
# and configuration are made from this snapshot alone, so a newer version or another instance type in the environment
# files never replaces the configuration that a running endpoint uses (SageMaker does not refuse that deletion, it breaks
# on it).
resource "terraform_data" "launch" {
  input = {
    model_package_arn  = var.model_version.model_package_arn
    model_data_url     = var.model_version.model_data_url
    image              = var.model_version.image
    instance_type      = var.blueprint.instance_type
    max_concurrency    = var.blueprint.max_concurrency
    subnet_ids         = sort(var.network.subnet_ids)
    security_group_ids = sort(var.network.security_group_ids)
    models_key_arn     = var.kms.models_key_arn
    data_key_arn       = var.kms.data_key_arn
    topic_arns         = var.topic_arns
  }

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  endpoint_name = "${var.context.name_prefix}-${var.blueprint.name}"
  variant_name  = "primary"

  launch       = terraform_data.launch.input
  content_hash = substr(sha256(jsonencode(local.launch)), 0, 8)

  # Instances with NVMe disks encrypt those in hardware, and SageMaker refuses a volume key for them.
  local_disk_pattern = "^ml\\.([a-z]+[0-9]+[a-z]*d[a-z]*|g4dn|g5|g6e?|p4de?|p5(en?)?|trn[12]n?)\\."
  has_local_disk     = can(regex(local.local_disk_pattern, local.launch.instance_type))
}
