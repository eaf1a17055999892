module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${local.full_name}-jobs"
  description      = "Bedrock, while it runs batch jobs of ${var.blueprint.name}."
  service          = "bedrock.amazonaws.com"
  source_arn       = local.jobs
  boundary_arn     = var.boundary_arn
  policy_documents = var.policy_documents
}

data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "InvokeProfile"
    actions   = ["bedrock:InvokeModel"]
    resources = [aws_bedrock_inference_profile.this.arn]
  }

  statement {
    # Bedrock also requires permission for the models behind the profile; the condition allows these calls through this
    # profile only.
    sid       = "InvokeModelThroughProfile"
    actions   = ["bedrock:InvokeModel"]
    resources = local.target_model_arns

    condition {
      test     = "ArnEquals"
      variable = "bedrock:InferenceProfileArn"
      values   = [aws_bedrock_inference_profile.this.arn]
    }
  }
}

resource "aws_iam_role_policy" "invoke" {
  name   = "invoke"
  role   = module.role.name
  policy = data.aws_iam_policy_document.invoke.json
}

# Permissions of the submitter for this blueprint.
data "aws_iam_policy_document" "submit" {
  statement {
    sid       = "CreateJobs"
    actions   = ["bedrock:CreateModelInvocationJob"]
    resources = concat([aws_bedrock_inference_profile.this.arn, local.jobs], local.target_model_arns)
  }

  statement {
    # AWS generates the ids of jobs.
    sid       = "TagJobs"
    actions   = ["bedrock:TagResource"]
    resources = [local.jobs]
  }

  statement {
    sid       = "PassJobRole"
    actions   = ["iam:PassRole"]
    resources = [module.role.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["bedrock.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "submitter" {
  name   = "bedrock-${var.blueprint.name}"
  role   = var.submitter.role_name
  policy = data.aws_iam_policy_document.submit.json
}
