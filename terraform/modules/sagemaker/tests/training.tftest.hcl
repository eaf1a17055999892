mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "code_is_stored_under_the_hash_of_its_content" {
  assert {
    condition     = output.source_uri == "s3://mlops-dev-data-123456789012-us-east-1/artifacts/code/training/01aBcDeFgHiJkLmN/sourcedir.tar.gz"
    error_message = "The key must carry the hash without the characters / + =."
  }

  assert {
    condition     = aws_s3_object.training_source.kms_key_id == var.kms_key_arn
    error_message = "The object must be encrypted with the data key."
  }
}

run "the_live_version_is_named_and_not_made" {
  assert {
    condition     = output.live_parameter_name == "/mlops/dev/models/reviews/live"
    error_message = "live_parameter_name must be the name that pipeline and orchestrator read."
  }
}

run "training_evaluations_and_candidates_have_their_own_rights" {
  assert {
    condition     = { for key, policy in aws_iam_role_policy.attached : key => policy.policy } == { training-bucket = "{\"training\":1}", training-execution = "{}", evaluation-bucket = "{\"evaluation\":1}", candidate-bucket = "{\"candidate\":1}" }
    error_message = "Each role must have its own policy documents."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.permissions_boundary == var.boundary_arn])
    error_message = "Every role must have the boundary."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.logs["candidate"].statement : alltrue([for arn in s.resources : strcontains(arn, "/aws/sagemaker/Endpoints/mlops-dev-candidate-*")]) if s.sid == "WriteLogs"])
    error_message = "Candidates must write to the logs of candidates only."
  }

  assert {
    condition     = output.image_uri == "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    error_message = "The image must be the one of AWS for this region."
  }
}
