resource "aws_sagemaker_model_package_group" "this" {
  for_each = var.groups

  model_package_group_name        = "${var.context.name_prefix}-${each.key}"
  model_package_group_description = each.value.description

  lifecycle {
    # SageMaker cannot change the description: another one would replace the group, and a group with versions cannot be
    # deleted.
    ignore_changes = [model_package_group_description]
  }
}
