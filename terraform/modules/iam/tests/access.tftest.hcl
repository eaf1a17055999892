mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    project     = "mlops"
    environment = "test"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/1"
    models = "arn:aws:kms:us-east-1:123456789012:key/2"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/3"
  }
  storage_arns          = ["arn:aws:s3:::mlops-test-data", "arn:aws:s3:::mlops-test-data/*"]
  image_policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"PullImages\",\"Effect\":\"Allow\",\"Action\":[\"ecr:BatchGetImage\"],\"Resource\":[\"arn:aws:ecr:us-east-1:123456789012:repository/mlops-test/training\"]}]}"
  persona_bucket_documents = {
    for persona in ["data_scientist", "ml_engineer", "data_engineer", "production"] :
    persona => "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"ReadObjects\",\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":[\"arn:aws:s3:::mlops-test-data/${persona}/*\"]}]}"
  }
}

run "every_role_has_the_boundary" {
  assert {
    condition     = toset(keys(output.persona_role_arns)) == toset(["data_scientist", "ml_engineer", "data_engineer", "production"])
    error_message = "There must be a role for each of the four personas; got ${jsonencode(keys(output.persona_role_arns))}."
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.persona : role.permissions_boundary == output.boundary_arn])
    error_message = "a role without boundary"
  }
}

run "by_default_the_tag_and_a_second_factor_open_a_role" {
  assert {
    condition = jsondecode(aws_iam_role.persona["data_scientist"].assume_role_policy).Statement == jsondecode(jsonencode([{
      Action    = "sts:AssumeRole"
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" }, StringEquals = { "aws:PrincipalTag/persona" = "data-scientist" } }
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::123456789012:root"] }
    }]))
    error_message = "The role must require the tag persona, and not admit the whole account; its trust policy is ${aws_iam_role.persona["data_scientist"].assume_role_policy}."
  }
}

run "named_principals_need_no_tag_and_the_organisation_is_checked" {
  variables {
    access = {
      persona_principals = { production = ["arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/operators"] }
      require_mfa        = false
      organization_id    = "o-a1b2c3d4e5"
    }
  }
  assert {
    condition = jsondecode(aws_iam_role.persona["production"].assume_role_policy).Statement == jsondecode(jsonencode([{
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" } }
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/operators"] }
    }]))
    error_message = "The production role must trust the named principal of the organisation only; got ${aws_iam_role.persona["production"].assume_role_policy}."
  }
  assert {
    condition     = jsondecode(aws_iam_role.persona["ml_engineer"].assume_role_policy).Statement[0].Condition.StringEquals == { "aws:PrincipalOrgID" = "o-a1b2c3d4e5", "aws:PrincipalTag/persona" = "ml-engineer" }
    error_message = "The role ml_engineer must require the organisation and the tag persona = ml-engineer; got ${aws_iam_role.persona["ml_engineer"].assume_role_policy}."
  }
}

run "no_policy_allows_everything" {
  assert {
    condition = alltrue([
      for policy in concat([aws_iam_policy.boundary.policy], values(output.execution_documents), values(output.caller_documents), [for persona in aws_iam_role_policy.persona : persona.policy]) :
      alltrue([for action in flatten([for statement in jsondecode(policy).Statement : statement.Action]) : !endswith(action, ":*") && action != "*"])
    ])
    error_message = "a policy allows a whole service"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Sid if statement.Resource == "*"] == ["Metrics", "NoResourceType"]
    error_message = "the boundary reaches beyond the environment"
  }
  assert {
    condition     = length(aws_iam_policy.boundary.policy) <= 6144
    error_message = "the boundary has ${length(aws_iam_policy.boundary.policy)} characters"
  }
  assert {
    condition     = !strcontains(aws_iam_policy.boundary.policy, "\"iam:Create") && !strcontains(aws_iam_policy.boundary.policy, "\"iam:Put") && !strcontains(aws_iam_policy.boundary.policy, "\"iam:Attach")
    error_message = "a role could give itself more"
  }
}

run "every_kind_has_the_base_and_its_own" {
  assert {
    condition = alltrue([
      for kind, document in output.execution_documents :
      length(setsubtract(["PublishMetrics", "PullFrameworkImages", "PullImages", "UseVolumeKey", "GrantVolumeKey"], jsondecode(document).Statement[*].Sid)) == 0
      && contains(jsondecode(document).Statement[*].Sid, "ReadCatalog") == (kind != "experiments")
    ])
    error_message = "a kind without the base"
  }
  assert {
    condition     = keys(output.execution_documents) == ["async", "base", "batch", "experiments", "realtime", "serverless", "studio_data_scientist", "studio_ml_engineer"]
    error_message = "execution_documents must have one document for each kind; got ${jsonencode(keys(output.execution_documents))}."
  }
  assert {
    condition     = [for kind, document in output.execution_documents : kind if strcontains(document, "sns:Publish")] == ["async"]
    error_message = "only asynchronous endpoints notify"
  }
  assert {
    condition     = { for method, document in output.caller_documents : method => jsondecode(document).Statement[0].Action } == { async = "sagemaker:InvokeEndpointAsync", realtime = "sagemaker:InvokeEndpoint", serverless = "sagemaker:InvokeEndpoint" }
    error_message = "caller_documents must allow one invoke action for each method; got ${jsonencode(output.caller_documents)}."
  }
  assert {
    condition     = alltrue([for document in values(output.caller_documents) : jsondecode(document).Statement[0].Resource == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/mlops-test-*"])
    error_message = "callers reach other environments"
  }
}

run "the_base_reads_the_catalog_and_never_writes_it" {
  assert {
    condition     = strcontains(output.execution_documents.base, "glue:GetTable") && length(regexall("glue:(Create|Update|Delete|BatchCreate)", join("", values(output.execution_documents)))) == 0
    error_message = "Execution documents must read the Glue catalog and never write it; base is ${output.execution_documents.base}."
  }
  assert {
    condition     = contains(one([for statement in jsondecode(output.execution_documents.base).Statement : statement.Resource if statement.Sid == "ReadCatalog"]), "arn:aws:glue:us-east-1:123456789012:database/mlops_test_*")
    error_message = "Policies must name the catalog of this environment only."
  }
  assert {
    condition     = toset(one([for statement in jsondecode(output.execution_documents.base).Statement : statement.Resource if statement.Sid == "PullFrameworkImages"])) == toset([for name in ["huggingface-pytorch-inference", "huggingface-pytorch-training", "pytorch-inference", "pytorch-training", "sagemaker-model-monitor-analyzer", "sagemaker-scikit-learn", "sagemaker-xgboost"] : "arn:aws:ecr:us-east-1:683313688378:repository/${name}"])
    error_message = "images of accounts that are not AWS's own"
  }
}

run "a_data_scientist_deploys_nothing" {
  assert {
    condition     = anytrue([for statement in jsondecode(aws_iam_role_policy.persona["data_scientist"].policy).Statement : statement.Effect == "Deny" && contains(flatten([statement.Action]), "sagemaker:CreateEndpoint")])
    error_message = "deployment is not denied"
  }
}

run "production_serves_and_changes_no_model" {
  assert {
    condition     = strcontains(aws_iam_role_policy.persona["production"].policy, "sagemaker:UpdateEndpoint") && length(regexall("sagemaker:(Create|Delete|UpdateModel)|iam:PassRole", aws_iam_role_policy.persona["production"].policy)) == 0
    error_message = "The production role must update endpoints and neither create, delete nor pass anything; got ${aws_iam_role_policy.persona["production"].policy}."
  }
}

run "each_persona_gets_its_own_part_of_the_bucket" {
  assert {
    condition = alltrue([
      for persona, role in aws_iam_role_policy.persona :
      flatten([for statement in jsondecode(role.policy).Statement : statement.Resource if strcontains(jsonencode(statement.Action), "s3:")]) == ["arn:aws:s3:::mlops-test-data/${persona}/*"]
    ])
    error_message = "a persona uses prefixes that it was not given"
  }
}

run "no_document_says_one_name_twice" {
  command = plan
  assert {
    condition = alltrue([
      for document in concat(values(output.execution_documents), values(output.caller_documents), values(local.persona_policies)) :
      length(distinct([for statement in jsondecode(document).Statement : statement.Sid])) == length(jsondecode(document).Statement)
    ])
    error_message = "IAM refuses a policy with one Sid twice: ${jsonencode({ for kind, document in output.execution_documents : kind => [for statement in jsondecode(document).Statement : statement.Sid] })}"
  }
}

run "a_person_opens_the_studio_profile_of_their_persona_alone" {
  command = plan
  assert {
    condition = { for persona, policy in local.persona_policies : persona => [
      for arn in flatten([for statement in jsondecode(policy).Statement : statement.Resource if statement.Sid == "Notebooks"]) : trimprefix(arn, "${local.sagemaker_arn}:")
      ] } == {
      data_engineer  = []
      data_scientist = ["user-profile/*/${local.prefix}-DataScientist*", "space/*/${local.prefix}-DataScientist*", "app/*/${local.prefix}-DataScientist*"]
      ml_engineer    = ["user-profile/*/${local.prefix}-MLEngineer*", "space/*/${local.prefix}-MLEngineer*", "app/*/${local.prefix}-MLEngineer*"]
      production     = []
    }
    error_message = "A persona must open only its own profile's notebooks."
  }
}

run "the_statement_of_many_services_says_what_each_of_them_said" {
  command = plan
  variables {
    uses = { streaming = true, efs = true, knowledge_bases = true, agents = true }
  }
  assert {
    condition     = length(distinct(flatten([for statement in local.bounded : distinct([for action in statement.Action : split(":", action)[0]])]))) == length(flatten([for statement in local.bounded : distinct([for action in statement.Action : split(":", action)[0]])]))
    error_message = "No service may be in two entries of the boundary, since its actions would reach the resources of both."
  }
  assert {
    condition     = alltrue([for statement in local.bounded : length(setsubtract([for arn in flatten([statement.Resource]) : split(":", arn)[2]], [for action in statement.Action : split(":", action)[0]])) == 0])
    error_message = "A statement of the boundary must not name resources of a service without its actions."
  }
  assert {
    condition     = jsondecode(aws_iam_policy.boundary.policy).Statement[0].Action == flatten(local.bounded[*].Action) && jsondecode(aws_iam_policy.boundary.policy).Statement[0].Resource == flatten(local.bounded[*].Resource)
    error_message = "something is lost between the statements and the boundary"
  }
}

run "the_boundary_omits_what_is_not_used" {
  command = plan
  assert {
    condition     = length(regexall("kinesis|elasticfilesystem|lakeformation|s3vectors|knowledge-base|RetrieveAndGenerate|InvokeAgent", aws_iam_policy.boundary.policy)) == 0 && !contains(jsondecode(aws_iam_policy.boundary.policy).Statement[*].Sid, "ReadShared")
    error_message = "The boundary must not contain services that the environment does not use; got ${aws_iam_policy.boundary.policy}."
  }
}

run "knowledge_bases_and_agents_are_reached_where_there_are_any" {
  command = plan
  variables {
    uses = { knowledge_bases = true, agents = true }
  }
  assert {
    condition     = length(setsubtract(["bedrock:Retrieve", "bedrock:InvokeAgent", "s3vectors:QueryVectors"], jsondecode(aws_iam_policy.boundary.policy).Statement[0].Action)) == 0 && length(setsubtract(["arn:aws:bedrock:us-east-1:123456789012:*", "arn:aws:s3vectors:us-east-1:123456789012:bucket/mlops-test-*"], jsondecode(aws_iam_policy.boundary.policy).Statement[0].Resource)) == 0
    error_message = "The boundary must admit knowledge bases, agents and vectors where the environment uses them; got ${aws_iam_policy.boundary.policy}."
  }
  assert {
    condition     = contains(one([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement if statement.Sid == "NoResourceType"]).Action, "bedrock:RetrieveAndGenerate")
    error_message = "RetrieveAndGenerate must have the resource *, since it has no resource type."
  }
}

run "what_belongs_to_others_is_read_and_never_written" {
  command = plan
  variables {
    uses = {
      streaming = true
      efs       = true
      sources = {
        surveys   = { bucket = "customer-surveys", kms_key_arn = "arn:aws:kms:us-east-1:210987654321:key/4" }
        warehouse = { database = "sales" }
      }
      shares = { curated = { producer_account_id = "210987654321", database = "sales_curated" } }
    }
  }
  assert {
    condition = one([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement if statement.Sid == "ReadShared"]) == jsondecode(jsonencode({
      Sid    = "ReadShared"
      Effect = "Allow"
      Action = ["glue:BatchGetPartition", "glue:Get*", "kms:Decrypt", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"]
      Resource = [
        "arn:aws:glue:us-east-1:123456789012:catalog", "arn:aws:glue:us-east-1:123456789012:database/sales", "arn:aws:glue:us-east-1:123456789012:table/sales/*",
        "arn:aws:glue:us-east-1:210987654321:catalog", "arn:aws:glue:us-east-1:210987654321:database/sales_curated", "arn:aws:glue:us-east-1:210987654321:table/sales_curated/*",
        "arn:aws:kms:us-east-1:210987654321:key/4", "arn:aws:s3:::customer-surveys", "arn:aws:s3:::customer-surveys/*",
      ]
    }))
    error_message = "The boundary must allow reading resources of other accounts and never writing them; got ${jsonencode([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement if statement.Sid == "ReadShared"])}."
  }
  assert {
    condition     = strcontains(aws_iam_policy.boundary.policy, "lakeformation:GetDataAccess") && contains(jsondecode(aws_iam_policy.boundary.policy).Statement[0].Resource, "arn:aws:kinesis:us-east-1:123456789012:stream/mlops-test-*") && contains(jsondecode(aws_iam_policy.boundary.policy).Statement[0].Resource, "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/*")
    error_message = "The boundary must admit Lake Formation, the environment's streams and its shared files; got ${aws_iam_policy.boundary.policy}."
  }
  assert {
    condition     = length(aws_iam_policy.boundary.policy) <= 6144
    error_message = "the boundary has ${length(aws_iam_policy.boundary.policy)} characters"
  }
}

run "a_source_without_key_opens_no_key" {
  command = plan
  variables {
    uses = { sources = { surveys = { bucket = "customer-surveys" } } }
  }
  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Action if statement.Sid == "ReadShared"]) == ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"]
    error_message = "A source without a key must not add kms:Decrypt to the boundary; got ${aws_iam_policy.boundary.policy}."
  }
}

run "the_boundary_fits_the_longest_names" {
  command = plan
  variables {
    context = {
      project     = "customer-intel-x"
      environment = "staging"
      region      = "ap-southeast-2"
      account_id  = "123456789012"
      name_prefix = "customer-intel-x-staging"
    }
    uses = {
      streaming = true
      efs       = true
    }
  }
  assert {
    condition     = length(jsonencode(local.boundary)) <= 6144
    error_message = "the boundary has ${length(jsonencode(local.boundary))} characters"
  }
}

run "refuses_an_account_that_is_not_an_account" {
  command = plan
  variables {
    context = {
      project     = "mlops"
      environment = "test"
      region      = "us-east-1"
      account_id  = "me"
      name_prefix = "mlops-test"
    }
  }
  expect_failures = [var.context]
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arns = { data = "a", models = "b", logs = "c" }
  }
  expect_failures = [var.kms_key_arns]
}

run "refuses_what_is_not_a_bucket" {
  command = plan
  variables {
    storage_arns = ["mlops-test-data"]
  }
  expect_failures = [var.storage_arns]
}

run "refuses_what_is_not_a_policy_document" {
  command = plan
  variables {
    image_policy_document = "{}"
  }
  expect_failures = [var.image_policy_document]
}

run "refuses_a_persona_without_prefixes" {
  command = plan
  variables {
    persona_bucket_documents = { production = "{\"Statement\":[]}" }
  }
  expect_failures = [var.persona_bucket_documents]
}

run "refuses_principals_of_an_unknown_persona" {
  command = plan
  variables {
    access = { persona_principals = { manager = ["arn:aws:iam::123456789012:role/manager"] } }
  }
  expect_failures = [var.access]
}

run "refuses_principals_by_wildcard" {
  command = plan
  variables {
    access = { persona_principals = { production = ["arn:aws:iam::123456789012:role/*"] } }
  }
  expect_failures = [var.access]
}

run "refuses_what_is_not_an_organisation" {
  command = plan
  variables {
    access = { organization_id = "my-company" }
  }
  expect_failures = [var.access]
}
