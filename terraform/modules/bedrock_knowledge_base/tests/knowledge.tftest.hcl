mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  mock_resource "aws_cloudformation_stack" {
    defaults = {
      outputs = {
        KnowledgeBaseId  = "KB12345678"
        KnowledgeBaseArn = "arn:aws:bedrock:us-east-1:123456789012:knowledge-base/KB12345678"
      }
    }
  }
}

variables {
  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
  blueprint_name = "chat"
  kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1"
  boundary_arn   = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  documents = {
    bucket_name     = "mlops-test-data"
    prefix          = "data/knowledge/chat/"
    policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  }
}

run "vectors_are_encrypted_with_the_key" {
  assert {
    condition     = jsondecode(aws_cloudformation_stack.this.template_body).Resources.Vectors.Properties == { VectorBucketName = "mlops-test-chat-vectors", EncryptionConfiguration = { SseType = "aws:kms", KmsKeyArn = var.kms_key_arn } }
    error_message = "The vector bucket must be encrypted with kms_key_arn; its template is ${aws_cloudformation_stack.this.template_body}."
  }

  assert {
    condition     = one(aws_bedrockagent_data_source.this.server_side_encryption_configuration).kms_key_arn == var.kms_key_arn
    error_message = "The data source must be encrypted with kms_key_arn."
  }
}

run "the_knowledge_base_looks_up_this_index" {
  assert {
    condition     = jsondecode(aws_cloudformation_stack.this.template_body).Resources.KnowledgeBase.Properties.StorageConfiguration == { Type = "S3_VECTORS", S3VectorsConfiguration = { IndexArn = local.index_arn } } && endswith(local.index_arn, "bucket/mlops-test-chat-vectors/index/${jsondecode(aws_cloudformation_stack.this.template_body).Resources.Documents.Properties.IndexName}")
    error_message = "The knowledge base must store its vectors in the index of this blueprint; its template is ${aws_cloudformation_stack.this.template_body}."
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.this.template_body).Resources.KnowledgeBase.Properties.KnowledgeBaseConfiguration.VectorKnowledgeBaseConfiguration == { EmbeddingModelArn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0", EmbeddingModelConfiguration = { BedrockEmbeddingModelConfiguration = { Dimensions = 1024, EmbeddingDataType = "FLOAT32" } } }
    error_message = "Model and index must agree on the length of vectors."
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.this.template_body).Resources.Documents.Properties.Dimension == 1024 && jsondecode(aws_cloudformation_stack.this.template_body).Resources.Documents.Properties.MetadataConfiguration.NonFilterableMetadataKeys == ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]
    error_message = "The text must be non-filterable metadata, which is not limited to 2 kB."
  }

  assert {
    condition     = output.id == "KB12345678" && aws_bedrockagent_data_source.this.knowledge_base_id == "KB12345678"
    error_message = "The source must belong to the knowledge base that is published."
  }
}

run "another_shape_is_another_index_and_another_knowledge_base" {
  variables {
    embedding = { dimensions = 256 }
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.this.template_body).Resources.Documents.Properties.IndexName != "documents-${substr(sha256(jsonencode({ model_id = "amazon.titan-embed-text-v2:0", dimensions = 1024 })), 0, 8)}" && endswith(jsondecode(aws_cloudformation_stack.this.template_body).Resources.KnowledgeBase.Properties.Name, trimprefix(local.index_name, "documents-"))
    error_message = "An index cannot change its shape under its name."
  }
}

run "documents_come_from_one_folder_of_the_own_bucket" {
  assert {
    condition     = one(one(aws_bedrockagent_data_source.this.data_source_configuration).s3_configuration).inclusion_prefixes == toset(["data/knowledge/chat/"]) && one(one(aws_bedrockagent_data_source.this.data_source_configuration).s3_configuration).bucket_owner_account_id == "123456789012"
    error_message = "Nothing else of the bucket may be read, and no bucket of another account."
  }

  assert {
    condition     = aws_bedrockagent_data_source.this.data_deletion_policy == "DELETE"
    error_message = "Vectors must go with their source."
  }

  assert {
    condition     = module.role.policies["documents"] == var.documents.policy_document
    error_message = "The role must have the documents' policy document."
  }
}

run "bedrock_acts_for_knowledge_bases_of_this_account_within_the_boundary" {
  assert {
    condition     = module.role.boundary_arn == var.boundary_arn
    error_message = "The role must have the boundary."
  }

  assert {
    condition     = jsondecode(module.role.trust_policy).Statement == [{ Effect = "Allow", Principal = { Service = "bedrock.amazonaws.com" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" }, ArnLike = { "aws:SourceArn" = "arn:aws:bedrock:us-east-1:123456789012:knowledge-base/*" } } }]
    error_message = "module.role must let Bedrock act for knowledge bases of account 123456789012 only; its trust policy is ${module.role.trust_policy}."
  }

  assert {
    condition     = { for each in data.aws_iam_policy_document.this.statement : each.sid => [toset(each.actions), toset(each.resources)] } == { EmbedText = [toset(["bedrock:InvokeModel"]), toset(["arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"])], UseIndex = [toset(["s3vectors:DeleteVectors", "s3vectors:GetIndex", "s3vectors:GetVectors", "s3vectors:PutVectors", "s3vectors:QueryVectors"]), toset([local.index_arn])], UseKey = [toset(["kms:Decrypt", "kms:GenerateDataKey"]), toset([var.kms_key_arn])] }
    error_message = "One model, one index, one key."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.retrieve.statement).actions == toset(["bedrock:Retrieve"]) && one(data.aws_iam_policy_document.retrieve.statement).resources == toset(["arn:aws:bedrock:us-east-1:123456789012:knowledge-base/KB12345678"])
    error_message = "The policy document must allow retrieving from this knowledge base only."
  }
}

run "chunks_are_as_asked" {
  variables {
    chunks = { tokens = 500, overlap_percent = 10 }
  }

  assert {
    condition     = one(one(one(aws_bedrockagent_data_source.this.vector_ingestion_configuration).chunking_configuration).fixed_size_chunking_configuration).max_tokens == 500 && one(one(one(aws_bedrockagent_data_source.this.vector_ingestion_configuration).chunking_configuration).fixed_size_chunking_configuration).overlap_percentage == 10
    error_message = "The data source must use the given chunk size."
  }
}

run "a_name_with_capitals_is_refused" {
  command = plan
  variables {
    blueprint_name = "Chat"
  }
  expect_failures = [var.blueprint_name]
}

run "a_name_too_long_for_a_bucket_is_refused" {
  command = plan
  variables {
    context        = { region = "us-east-1", account_id = "123456789012", name_prefix = "abcdefghijklmnop-abcdefghijk" }
    blueprint_name = "abcdefghijklmnopqrstuvwxyzabcd"
  }
  expect_failures = [var.blueprint_name]
}

run "a_prefix_that_is_not_a_folder_is_refused" {
  command = plan
  variables {
    documents = { bucket_name = "mlops-test-data", prefix = "data/knowledge", policy_document = "{}" }
  }
  expect_failures = [var.documents]
}

run "dimensions_that_the_model_lacks_are_refused" {
  command = plan
  variables {
    embedding = { model_id = "cohere.embed-english-v3", dimensions = 256 }
  }
  expect_failures = [var.embedding]
}

run "chunks_of_nothing_are_refused" {
  command = plan
  variables {
    chunks = { tokens = 0 }
  }
  expect_failures = [var.chunks]
}

run "a_key_that_is_none_is_refused" {
  command = plan
  variables {
    kms_key_arn = "alias/data"
  }
  expect_failures = [var.kms_key_arn]
}
