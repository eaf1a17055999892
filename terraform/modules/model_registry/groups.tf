resource "aws_sagemaker_model_package_group" "this" {
  for_each = var.groups

  model_package_group_name        = "${var.context.name_prefix}-${each.key}"
  model_package_group_description = each.value.description

  lifecycle {
    # SageMaker cannot change it: another description would make another group, and one with versions does not go.
    ignore_changes = [model_package_group_description]
  }
}
