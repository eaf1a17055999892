module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${local.name}-knowledge"
  description      = "Knowledge base of ${var.blueprint_name}: reads documents, makes vectors of them and looks them up."
  service          = "bedrock.amazonaws.com"
  source_arn       = "arn:${local.partition}:bedrock:${var.context.region}:${var.context.account_id}:knowledge-base/*"
  boundary_arn     = var.boundary_arn
  policy_documents = { documents = var.documents.policy_document }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "EmbedText"
    actions   = ["bedrock:InvokeModel"]
    resources = [local.model_arn]
  }

  statement {
    sid       = "UseIndex"
    actions   = ["s3vectors:DeleteVectors", "s3vectors:GetIndex", "s3vectors:GetVectors", "s3vectors:PutVectors", "s3vectors:QueryVectors"]
    resources = [local.index_arn]
  }

  statement {
    # For the vectors, and for data that Bedrock stores while it reads documents.
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "knowledge"
  role   = module.role.name
  policy = data.aws_iam_policy_document.this.json
}

# For the roles of callers.
data "aws_iam_policy_document" "retrieve" {
  statement {
    sid       = "Retrieve"
    actions   = ["bedrock:Retrieve"]
    resources = [aws_cloudformation_stack.this.outputs["KnowledgeBaseArn"]]
  }
}
