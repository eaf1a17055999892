mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  override_data {
    target = data.aws_lakeformation_data_lake_settings.current
    values = {
      admins                              = ["arn:aws:iam::123456789012:role/lake-owner"]
      create_database_default_permissions = [{ permissions = ["CREATE_TABLE"], principal = "arn:aws:iam::123456789012:role/lake-owner" }]
      create_table_default_permissions    = [{ permissions = ["SELECT"], principal = "arn:aws:iam::123456789012:role/analysts" }]
    }
  }
}

variables {
  shares = {
    sales = {
      producer_account_id = "210987654321"
      database            = "sales_curated"
      reader_role_arns    = ["arn:aws:iam::123456789012:role/mlops-test-glue"]
    }
  }
}

run "administrators_that_are_there_stay" {
  assert {
    condition     = toset(aws_lakeformation_data_lake_settings.this.admins) == toset(["arn:aws:iam::123456789012:role/lake-owner", "arn:aws:iam::123456789012:role/mlops-test-deploy"])
    error_message = "Existing Lake Formation administrators must stay beside the deploying role; got ${jsonencode(aws_lakeformation_data_lake_settings.this.admins)}."
  }
}

run "default_permissions_stay_as_they_are" {
  assert {
    condition     = [for each in aws_lakeformation_data_lake_settings.this.create_database_default_permissions : [each.principal, each.permissions]] == [["arn:aws:iam::123456789012:role/lake-owner", toset(["CREATE_TABLE"])]]
    error_message = "Default permissions of new databases must stay as they were; got ${jsonencode(aws_lakeformation_data_lake_settings.this.create_database_default_permissions)}."
  }
  assert {
    condition     = [for each in aws_lakeformation_data_lake_settings.this.create_table_default_permissions : [each.principal, each.permissions]] == [["arn:aws:iam::123456789012:role/analysts", toset(["SELECT"])]]
    error_message = "Default permissions of new tables must stay as they were; got ${jsonencode(aws_lakeformation_data_lake_settings.this.create_table_default_permissions)}."
  }
}

run "the_producers_database_is_linked_and_read_only" {
  assert {
    condition     = output.database_names.sales == "mlops_test_shared_sales" && aws_glue_catalog_database.link["sales"].target_database[0].catalog_id == "210987654321" && aws_glue_catalog_database.link["sales"].target_database[0].database_name == "sales_curated"
    error_message = "The share must be linked as mlops_test_shared_sales to sales_curated of 210987654321; got ${output.database_names.sales} to ${jsonencode(aws_glue_catalog_database.link["sales"].target_database)}."
  }
  assert {
    condition     = toset(aws_lakeformation_permissions.read["sales/0"].permissions) == toset(["DESCRIBE", "SELECT"]) && aws_lakeformation_permissions.read["sales/0"].table[0].wildcard && length(coalesce(aws_lakeformation_permissions.read["sales/0"].permissions_with_grant_option, [])) == 0
    error_message = "The reader must get DESCRIBE and SELECT on all tables, and grant nothing on; got ${jsonencode([aws_lakeformation_permissions.read["sales/0"].permissions, aws_lakeformation_permissions.read["sales/0"].permissions_with_grant_option])}."
  }
  assert {
    condition     = aws_lakeformation_permissions.describe["sales/0"].principal == "arn:aws:iam::123456789012:role/mlops-test-glue"
    error_message = "Readers must be able to describe the link."
  }
  assert {
    condition     = join(",", aws_lakeformation_permissions.describe["sales/0"].permissions) == "DESCRIBE"
    error_message = "Readers must only get DESCRIBE on the link, got ${jsonencode(aws_lakeformation_permissions.describe["sales/0"].permissions)}"
  }
}

run "refuses_to_have_no_administrator" {
  command = plan
  variables {
    admin_role_arns = []
  }
  expect_failures = [var.admin_role_arns]
}

run "refuses_its_own_account_as_producer" {
  command = plan
  variables {
    shares = { own = { producer_account_id = "123456789012", database = "d", reader_role_arns = [] } }
  }
  expect_failures = [var.shares]
}

run "refuses_a_name_with_hyphens" {
  command = plan
  variables {
    shares = { my-sales = { producer_account_id = "210987654321", database = "d", reader_role_arns = [] } }
  }
  expect_failures = [var.shares]
}
