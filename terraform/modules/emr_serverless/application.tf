# Costs nothing while it is stopped; a job starts it.
resource "aws_emrserverless_application" "this" {
  name          = "${var.context.name_prefix}-large-etl"
  type          = "spark"
  release_label = var.release_label
  architecture  = "ARM64"

  auto_start_configuration {
    enabled = true
  }

  auto_stop_configuration {
    enabled              = true
    idle_timeout_minutes = var.idle_minutes
  }

  maximum_capacity {
    cpu    = "${var.maximum.vcpus} vCPU"
    memory = "${var.maximum.memory_gb} GB"
  }

  dynamic "network_configuration" {
    for_each = length(var.network.subnet_ids) == 0 ? [] : [var.network]
    content {
      subnet_ids         = network_configuration.value.subnet_ids
      security_group_ids = network_configuration.value.security_group_ids
    }
  }
}
