# Bedrock works under this role, for this account's jobs only: without the conditions any account's job could name it.
data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["bedrock.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.context.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.jobs]
    }
  }
}

resource "aws_iam_role" "jobs" {
  name                 = "${local.full_name}-jobs"
  description          = "Bedrock, while it runs batch jobs of ${var.blueprint.name}."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
}

data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "InvokeProfile"
    actions   = ["bedrock:InvokeModel"]
    resources = [aws_bedrock_inference_profile.this.arn]
  }

  statement {
    # Bedrock also asks for the right on what the profile leads to; these calls are admitted through this profile only.
    sid       = "InvokeModelThroughProfile"
    actions   = ["bedrock:InvokeModel"]
    resources = local.led_to

    condition {
      test     = "ArnEquals"
      variable = "bedrock:InferenceProfileArn"
      values   = [aws_bedrock_inference_profile.this.arn]
    }
  }
}

resource "aws_iam_role_policy" "invoke" {
  name   = "invoke"
  role   = aws_iam_role.jobs.name
  policy = data.aws_iam_policy_document.invoke.json
}

# What others hand out, one policy for each of them.
resource "aws_iam_role_policy" "handed_out" {
  for_each = var.policy_documents

  name   = each.key
  role   = aws_iam_role.jobs.name
  policy = each.value
}

# What the submitter may do for this blueprint, and nothing else.
data "aws_iam_policy_document" "submit" {
  statement {
    sid       = "CreateJobs"
    actions   = ["bedrock:CreateModelInvocationJob"]
    resources = concat([aws_bedrock_inference_profile.this.arn, local.jobs], local.led_to)
  }

  statement {
    # Ids of jobs are of AWS's making.
    sid       = "TagJobs"
    actions   = ["bedrock:TagResource"]
    resources = [local.jobs]
  }

  statement {
    sid       = "PassJobRole"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.jobs.arn]

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
