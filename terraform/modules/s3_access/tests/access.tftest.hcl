mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  access = {
    bucket_arn  = "arn:aws:s3:::data"
    via_service = "s3.us-east-1.amazonaws.com"
    prefixes = {
      data_raw                = { prefix = "data/raw/", key_arns = ["arn:aws:kms:us-east-1:123456789012:key/data"] }
      data_processed          = { prefix = "data/processed/", key_arns = ["arn:aws:kms:us-east-1:123456789012:key/data"] }
      artifacts_code          = { prefix = "artifacts/code/", key_arns = ["arn:aws:kms:us-east-1:123456789012:key/data"] }
      models_sagemaker_custom = { prefix = "artifacts/models/sagemaker-custom/", key_arns = ["arn:aws:kms:us-east-1:123456789012:key/data", "arn:aws:kms:us-east-1:123456789012:key/models"] }
    }
  }
}

run "nothing_asked_nothing_granted" {
  command = plan
  assert {
    condition     = output.policy_document == "{\"Statement\":[],\"Version\":\"2012-10-17\"}"
    error_message = "Without prefixes the policy document must be empty; got ${output.policy_document}."
  }
}

run "reading_lists_and_decrypts_through_s3_and_writes_nothing" {
  command = plan
  variables {
    read = ["data_raw", "models_sagemaker_custom"]
  }
  assert {
    condition = jsondecode(output.policy_document).Statement == jsondecode(jsonencode([
      {
        Sid       = "ListPrefixes", Effect = "Allow", Action = "s3:ListBucket", Resource = "arn:aws:s3:::data"
        Condition = { StringLike = { "s3:prefix" = ["data/raw", "data/raw/*", "artifacts/models/sagemaker-custom", "artifacts/models/sagemaker-custom/*"] } }
      },
      { Sid = "ReadObjects", Effect = "Allow", Action = "s3:GetObject", Resource = ["arn:aws:s3:::data/data/raw/*", "arn:aws:s3:::data/artifacts/models/sagemaker-custom/*"] },
      { Sid = "LocateBucket", Effect = "Allow", Action = "s3:GetBucketLocation", Resource = "arn:aws:s3:::data" },
      {
        Sid       = "DecryptObjects", Effect = "Allow", Action = "kms:Decrypt"
        Resource  = ["arn:aws:kms:us-east-1:123456789012:key/data", "arn:aws:kms:us-east-1:123456789012:key/models"]
        Condition = { StringEquals = { "kms:ViaService" = "s3.us-east-1.amazonaws.com" } }
      },
    ]))
    error_message = "read must list, read and decrypt the prefixes and nothing else; got ${output.policy_document}."
  }
}

run "writing_neither_reads_nor_deletes" {
  command = plan
  variables {
    write = ["data_processed"]
  }
  assert {
    condition     = flatten([for statement in jsondecode(output.policy_document).Statement : statement.Action]) == ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject", "s3:GetBucketLocation", "kms:Decrypt", "kms:GenerateDataKey"]
    error_message = "write must neither read nor delete objects; got ${output.policy_document}."
  }
}

run "deleting_is_a_separate_permission" {
  command = plan
  variables {
    delete = ["data_raw"]
  }
  assert {
    condition     = jsondecode(output.policy_document).Statement == jsondecode(jsonencode([{ Sid = "DeleteObjects", Effect = "Allow", Action = "s3:DeleteObject", Resource = ["arn:aws:s3:::data/data/raw/*"] }]))
    error_message = "delete must allow s3:DeleteObject and nothing else; got ${output.policy_document}."
  }
}

run "a_right_can_be_narrowed_to_a_folder" {
  command = plan
  variables {
    read  = ["data_raw/reviews"]
    write = ["data_processed/reviews/daily"]
  }
  assert {
    condition = alltrue([
      jsondecode(output.policy_document).Statement[0].Condition.StringLike["s3:prefix"] == ["data/raw/reviews", "data/raw/reviews/*"],
      jsondecode(output.policy_document).Statement[1].Resource == ["arn:aws:s3:::data/data/raw/reviews/*"],
      jsondecode(output.policy_document).Statement[2].Resource == ["arn:aws:s3:::data/data/processed/reviews/daily/*"],
    ])
    error_message = "<name>/<folder> must narrow every statement to that folder; got ${output.policy_document}."
  }
}

run "looking_is_less_than_reading" {
  command = plan
  variables {
    list = ["data_raw"]
  }
  assert {
    condition     = flatten([for statement in jsondecode(output.policy_document).Statement : statement.Action]) == ["s3:ListBucket", "s3:GetBucketLocation"]
    error_message = "list must list the bucket and read no objects; got ${output.policy_document}."
  }
}

run "refuses_to_list_outside_the_tree" {
  command = plan
  variables {
    list = ["data"]
  }
  expect_failures = [var.list]
}

run "refuses_to_list_a_folder_with_a_wildcard" {
  command = plan
  variables {
    list = ["data_raw/*"]
  }
  expect_failures = [var.list]
}

run "refuses_to_read_outside_the_tree" {
  command = plan
  variables {
    read = ["data_raw", "data"]
  }
  expect_failures = [var.read]
}

run "refuses_to_write_outside_the_tree" {
  command = plan
  variables {
    write = ["*"]
  }
  expect_failures = [var.write]
}

run "refuses_to_delete_outside_the_tree" {
  command = plan
  variables {
    delete = ["artifacts"]
  }
  expect_failures = [var.delete]
}

run "refuses_a_folder_with_a_wildcard" {
  command = plan
  variables {
    read = ["data_raw/*"]
  }
  expect_failures = [var.read]
}

run "refuses_to_write_a_folder_with_a_wildcard" {
  command = plan
  variables {
    write = ["data_raw/re*"]
  }
  expect_failures = [var.write]
}

run "refuses_to_delete_a_folder_with_a_wildcard" {
  command = plan
  variables {
    delete = ["data_raw/"]
  }
  expect_failures = [var.delete]
}

run "a_service_hands_its_objects_to_the_owner_and_gets_no_other_right_by_it" {
  command = plan
  variables {
    hand_over = ["data_raw/reviews"]
  }
  assert {
    condition = jsondecode(output.policy_document).Statement == jsondecode(jsonencode([
      { Sid = "ReadBucketAcl", Effect = "Allow", Action = "s3:GetBucketAcl", Resource = "arn:aws:s3:::data" },
      { Sid = "PutObjectAcls", Effect = "Allow", Action = "s3:PutObjectAcl", Resource = ["arn:aws:s3:::data/data/raw/reviews/*"] },
    ]))
    error_message = "hand_over must allow reading the bucket's ACL and setting ACLs of objects only; got ${output.policy_document}."
  }
}

run "refuses_to_hand_over_outside_the_tree" {
  command = plan
  variables {
    hand_over = ["data"]
  }
  expect_failures = [var.hand_over]
}

run "refuses_to_hand_over_a_folder_with_a_wildcard" {
  command = plan
  variables {
    hand_over = ["data_raw/*"]
  }
  expect_failures = [var.hand_over]
}
