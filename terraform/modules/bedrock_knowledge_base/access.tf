data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["bedrock.amazonaws.com"]
    }

    # Bedrock would read for knowledge bases of other accounts too, if they named this role.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.context.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:bedrock:${var.context.region}:${var.context.account_id}:knowledge-base/*"]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = "${local.name}-knowledge"
  description          = "Knowledge base of ${var.blueprint_name}: reads documents, makes vectors of them and looks them up."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
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
    # Of the vectors, and of what Bedrock keeps while it reads.
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "knowledge"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.this.json
}

resource "aws_iam_role_policy" "documents" {
  name   = "documents"
  role   = aws_iam_role.this.name
  policy = var.documents.policy_document
}

# What callers put into their role.
data "aws_iam_policy_document" "retrieve" {
  statement {
    sid       = "Retrieve"
    actions   = ["bedrock:Retrieve"]
    resources = [aws_cloudformation_stack.this.outputs["KnowledgeBaseArn"]]
  }
}
