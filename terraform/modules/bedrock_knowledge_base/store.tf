data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  name      = "${var.context.name_prefix}-${var.blueprint_name}"
  model_arn = "arn:${local.partition}:bedrock:${var.context.region}::foundation-model/${var.embedding.model_id}"

  # An index and what uses it cannot be changed, only replaced: the names tell one shape from the next.
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
          # Bedrock keeps the text itself beside the vector; what can be filtered by ends at 2 kB.
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

# CloudFormation, because this provider knows neither vector buckets nor knowledge bases over them (version 6 does). The
# alternative that it knows, OpenSearch Serverless, costs by the hour while nobody asks, and its index is made by a call
# that is none of AWS's API.
resource "aws_cloudformation_stack" "this" {
  # checkov:skip=CKV_AWS_124: Terraform waits for the stack and reports what failed; a message for each of its events would tell nobody anything
  name          = "${local.name}-knowledge"
  template_body = jsonencode(local.template)
  on_failure    = "DELETE"

  # Bedrock tries the role out on the index when the knowledge base is made, and needs it still to empty the index.
  depends_on = [aws_iam_role_policy.this, module.role]
}

resource "aws_bedrockagent_data_source" "this" {
  knowledge_base_id = aws_cloudformation_stack.this.outputs["KnowledgeBaseId"]
  name              = "documents"
  description       = "s3://${var.documents.bucket_name}/${var.documents.prefix}"

  # With the source go its vectors: nobody is answered from documents that were taken away.
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
    kms_key_arn = var.kms_key_arn # of what Bedrock keeps while it reads the documents
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
