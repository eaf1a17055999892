mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  override_data {
    target = data.aws_lakeformation_data_lake_settings.current
    values = { admins = [] }
  }
}

variables {
  shares = {
    all_sales = {
      producer_account_id = "210987654321"
      database            = "sales_curated"
      reader_role_arns    = ["arn:aws:iam::123456789012:role/mlops-test-glue", "arn:aws:iam::123456789012:role/people/mlops-test-data-scientist"]
    }
    orders = {
      producer_account_id = "210987654321"
      database            = "sales_curated"
      table               = "orders"
      reader_role_arns    = ["arn:aws:iam::123456789012:role/mlops-test-glue"]
    }
  }
}

run "each_reader_may_follow_its_links_and_ask_lake_formation" {
  assert {
    condition     = { for key, policy in aws_iam_role_policy.follow : key => [policy.role, policy.name] } == { "all_sales/0" = ["mlops-test-glue", "shared-all-sales"], "all_sales/1" = ["mlops-test-data-scientist", "shared-all-sales"], "orders/0" = ["mlops-test-glue", "shared-orders"] }
    error_message = "Each reader of a share must have a policy called shared-<share>; got ${jsonencode({ for key, policy in aws_iam_role_policy.follow : key => [policy.role, policy.name] })}."
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.follow["orders/0"].policy).Statement == jsondecode(jsonencode([
      {
        Sid      = "ReadLinkedTables"
        Effect   = "Allow"
        Action   = ["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
        Resource = ["arn:aws:glue:us-east-1:210987654321:catalog", "arn:aws:glue:us-east-1:210987654321:database/sales_curated", "arn:aws:glue:us-east-1:210987654321:table/sales_curated/orders"]
      },
      { Sid = "GetDataAccess", Effect = "Allow", Action = "lakeformation:GetDataAccess", Resource = "*" },
    ]))
    error_message = "The policy of orders/0 must read the link and the producer's table, and get data access; got ${aws_iam_role_policy.follow["orders/0"].policy}."
  }
  assert {
    condition     = contains(jsondecode(aws_iam_role_policy.follow["all_sales/0"].policy).Statement[0].Resource, "arn:aws:glue:us-east-1:210987654321:table/sales_curated/*")
    error_message = "The policy of all_sales/0 must read every table of sales_curated; got ${aws_iam_role_policy.follow["all_sales/0"].policy}."
  }
}
