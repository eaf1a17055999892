# The settings apply to the whole account and are written as a whole, so the existing ones are read first and kept.
data "aws_lakeformation_data_lake_settings" "current" {}

resource "aws_lakeformation_data_lake_settings" "this" {
  admins                  = distinct(concat(tolist(data.aws_lakeformation_data_lake_settings.current.admins), var.admin_role_arns))
  read_only_admins        = data.aws_lakeformation_data_lake_settings.current.read_only_admins
  trusted_resource_owners = data.aws_lakeformation_data_lake_settings.current.trusted_resource_owners

  allow_external_data_filtering      = data.aws_lakeformation_data_lake_settings.current.allow_external_data_filtering
  external_data_filtering_allow_list = data.aws_lakeformation_data_lake_settings.current.external_data_filtering_allow_list
  authorized_session_tag_value_list  = data.aws_lakeformation_data_lake_settings.current.authorized_session_tag_value_list

  dynamic "create_database_default_permissions" {
    for_each = data.aws_lakeformation_data_lake_settings.current.create_database_default_permissions
    content {
      permissions = create_database_default_permissions.value.permissions
      principal   = create_database_default_permissions.value.principal
    }
  }

  dynamic "create_table_default_permissions" {
    for_each = data.aws_lakeformation_data_lake_settings.current.create_table_default_permissions
    content {
      permissions = create_table_default_permissions.value.permissions
      principal   = create_table_default_permissions.value.principal
    }
  }
}
