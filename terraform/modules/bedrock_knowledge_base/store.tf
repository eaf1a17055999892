data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  name      = "${var.context.name_prefix}-${var.blueprint_name}"
  model_arn = "arn:${local.partition}:bedrock:${var.context.region}::foundation-model/${var.embedding.model_id}"

  # An index and its users cannot be changed, only replaced, so the names contain a hash of the shape.
  shape       = substr(sha256(jsonencode(var.embedding)), 0, 8)
  bucket_name = "${local.name}-vectors"
  index_name  = "documents-${local.shape}"
  index_arn   = "arn:${local.partition}:s3vectors:${var.context.region}:${var.context.account_id}:bucket/${local.bucket_name}/index/${local.index_name}"

  # Of the models here only Titan 2 lets callers choose.
  chosen_dimensions = startswith(var.embedding.model_id, "amazon.titan-embed-text-v2") ? {
    EmbeddingModelConfiguration = { BedrockEmbeddingModelConfiguration = { Dimensions = var.embedding.dimensions, EmbeddingDataType = "FLOAT32" } }
  } : {}

  template = {
    AWSTemplateFormatVersion = "2010-09-09"
    Description              = "Vectors of the documents of ${local.name}, and the knowledge base that looks them up"

    Resources = {
      Vectors = {
        Type = "AWS::S3Vectors::VectorBucket"
        Properties = {
          VectorBucketName        = local.bucket_name
          EncryptionConfiguration = { SseType = "aws:kms", KmsKeyArn = var.kms_key_arn }
        }
      }

      Documents = {
        Type      = "AWS::S3Vectors::Index"
        DependsOn = "Vectors"
        Properties = {
          VectorBucketName = local.bucket_name
          IndexName        = local.index_name
          DataType         = "float32"
          Dimension        = var.embedding.dimensions
          DistanceMetric   = "cosine"
          # Bedrock stores the text beside the vector; filterable metadata is limited to 2 kB.
          MetadataConfiguration = { NonFilterableMetadataKeys = ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"] }
        }
      }

      KnowledgeBase = {
        Type      = "AWS::Bedrock::KnowledgeBase"
        DependsOn = "Documents"
        Properties = {
          Name        = "${local.name}-${local.shape}"
          Description = "Documents that answers of ${var.blueprint_name} rest on."
          RoleArn     = module.role.arn
          KnowledgeBaseConfiguration = {
            Type                             = "VECTOR"
            VectorKnowledgeBaseConfiguration = merge({ EmbeddingModelArn = local.model_arn }, local.chosen_dimensions)
          }
          StorageConfiguration = {
            Type                   = "S3_VECTORS"
            S3VectorsConfiguration = { IndexArn = local.index_arn }
          }
        }
      }
    }

    Outputs = {
      KnowledgeBaseId  = { Value = { Ref = "KnowledgeBase" } }
      KnowledgeBaseArn = { Value = { "Fn::GetAtt" = ["KnowledgeBase", "KnowledgeBaseArn"] } }
    }
  }
}

# CloudFormation, because this provider version supports neither vector buckets nor knowledge bases on them (version 6
# does). The supported alternative, OpenSearch Serverless, costs by the hour without any requests, and its index is not
# created through an AWS API.
resource "aws_cloudformation_stack" "this" {
  # checkov:skip=CKV_AWS_124: Terraform waits for the stack and reports what failed; a message for each of its events would add nothing
  name          = "${local.name}-knowledge"
  template_body = jsonencode(local.template)
  on_failure    = "DELETE"

  # Bedrock checks the role on the index when the knowledge base is created, and needs it again to empty the index.
  depends_on = [aws_iam_role_policy.this, module.role]
}

resource "aws_bedrockagent_data_source" "this" {
  knowledge_base_id = aws_cloudformation_stack.this.outputs["KnowledgeBaseId"]
  name              = "documents"
  description       = "s3://${var.documents.bucket_name}/${var.documents.prefix}"

  # Its vectors are deleted with the source, so that no answer uses removed documents.
  data_deletion_policy = "DELETE"

  data_source_configuration {
    type = "S3"

    s3_configuration {
      bucket_arn              = "arn:${local.partition}:s3:::${var.documents.bucket_name}"
      bucket_owner_account_id = var.context.account_id
      inclusion_prefixes      = [var.documents.prefix]
    }
  }

  server_side_encryption_configuration {
    kms_key_arn = var.kms_key_arn # for data that Bedrock stores while it reads the documents
  }

  vector_ingestion_configuration {
    chunking_configuration {
      chunking_strategy = "FIXED_SIZE"

      fixed_size_chunking_configuration {
        max_tokens         = var.chunks.tokens
        overlap_percentage = var.chunks.overlap_percent
      }
    }
  }
}
