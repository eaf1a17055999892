mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "a_version_is_staged_then_live_then_archived" {
  command = plan

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters.ModelLifeCycle == { Stage = "Staging", StageStatus = "Approved" }
    error_message = "A version is registered in Staging."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.WithdrawApproval.Parameters.ModelLifeCycle == { Stage = "Staging", StageStatus = "Rejected" }
    error_message = "A version whose candidate failed is rejected in its stage."
  }
  assert {
    condition     = [for state in ["FindPreviousVersion", "SetLiveVersion", "PromoteModel"] : jsondecode(aws_sfn_state_machine.training.definition).States[state].Next] == ["SetLiveVersion", "PromoteModel", "PreviousToArchive"]
    error_message = "A version must be staged as Production after it is live, and the previous one must be read first."
  }
  assert {
    condition     = [for state in ["PromoteModel", "ArchivePreviousVersion"] : jsondecode(aws_sfn_state_machine.training.definition).States[state].Parameters.ModelLifeCycle.Stage] == ["Production", "Archived"]
    error_message = "Stages of the new and of the old version."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.ArchivePreviousVersion.Catch[0].Next == "NotifyUnarchived"
    error_message = "A failure to archive a version must be published."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters.MetadataProperties == { "GeneratedBy.$" = "$.training.arn" }
    error_message = "A version's metadata must name its training job."
  }
}

run "descriptions_of_versions_are_not_encrypted_by_default" {
  command = plan

  assert {
    condition     = !contains(keys(jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters), "SecurityConfig") && !strcontains(aws_iam_role_policy.this.policy, "EncryptVersions")
    error_message = "Without encrypt_versions no key must be set on versions."
  }
}

run "descriptions_of_versions_have_the_models_key_on_request" {
  command = plan
  variables {
    registry = { group_name = "mlops-test-reviews", live_parameter_name = "/mlops/test/models/reviews/live", encrypt_versions = true }
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters.SecurityConfig == { KmsKeyId = var.kms_key_arns.models }
    error_message = "The key of the versions."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Resource if s.Sid == "EncryptVersions"]) == [var.kms_key_arns.models]
    error_message = "The pipeline may not use the key that it names."
  }
}

run "a_person_approves_where_the_environment_says_so_and_nothing_gets_around_it" {
  command = plan
  variables {
    training = {
      role_arn          = "arn:aws:iam::123456789012:role/mlops-test-job"
      endpoint_role_arn = "arn:aws:iam::123456789012:role/mlops-test-candidate"
      image_uri         = "image"
      source_uri        = "s3://b/code.tar.gz"
      approval          = "manual"
      approval_days     = 7
    }
  }

  assert {
    condition     = [for name in ["ModelApprovalStatus", "ModelLifeCycle"] : jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters[name]] == ["PendingManualApproval", { Stage = "Staging", StageStatus = "PendingApproval" }] && jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Next == "PreparePending"
    error_message = "A version is registered as pending, and then it waits."
  }
  assert {
    # Every path to a candidate, and so to a live version, must follow a registry status of Approved.
    condition     = [for name, state in jsondecode(aws_sfn_state_machine.training.definition).States : name if contains(concat([try(state.Next, ""), try(state.Default, "")], try(state.Choices[*].Next, []), try(state.Catch[*].Next, [])), "PrepareCandidate")] == ["Decided", "PrepareVersion"]
    error_message = "No path may skip the approval."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.Decided == { Type = "Choice", Choices = [{ Variable = "$.decision.status", StringEquals = "Approved", Next = "PrepareCandidate" }, { Variable = "$.decision.status", StringEquals = "Rejected", Next = "VersionRejected" }], Default = "ExpireVersion" }
    error_message = "The state Decided must follow the status in the registry; got ${jsonencode(jsondecode(aws_sfn_state_machine.training.definition).States.Decided)}."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.StillPending.Choices == [{ And = [{ Variable = "$.decision.status", StringEquals = "PendingManualApproval" }, { Variable = "$.expiry", IsPresent = false }], Next = "AwaitApproval" }] && jsondecode(aws_sfn_state_machine.training.definition).States.StillPending.Default == "ForgetToken"
    error_message = "An execution that continues without a decision must wait again."
  }
  assert {
    condition     = [for name, state in jsondecode(aws_sfn_state_machine.training.definition).States : name if contains(concat([try(state.Next, ""), try(state.Default, "")], try(state.Choices[*].Next, []), try(state.Catch[*].Next, [])), "VersionEvaluated")] == ["VerifyVersion"] && jsondecode(aws_sfn_state_machine.training.definition).States.VersionUsable.Default == "VersionRefused" && contains(jsondecode(aws_sfn_state_machine.training.definition).States.VersionUsable.Choices[0].And, { Variable = "$.found.ModelApprovalStatus", StringEquals = "Approved" })
    error_message = "A version that no execution waits for has to be approved, and its archive compared."
  }
  assert {
    condition     = [for name, state in jsondecode(aws_sfn_state_machine.training.definition).States : name if contains(concat([try(state.Next, ""), try(state.Default, "")], try(state.Choices[*].Next, []), try(state.Catch[*].Next, [])), "PrepareVersion")] == ["FindVerdict", "NoVerdict"] && alltrue([for verdict in ["FindVerdict", "NoVerdict"] : [for name, state in jsondecode(aws_sfn_state_machine.training.definition).States : name if contains(concat([try(state.Next, ""), try(state.Default, "")], try(state.Choices[*].Next, []), try(state.Catch[*].Next, [])), verdict)] == ["VersionEvaluated"]])
    error_message = "Its metrics are those of its evaluation, and reading them skips no comparison."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.AwaitApproval.Resource == "arn:aws:states:::aws-sdk:ssm:putParameter.waitForTaskToken" && jsondecode(aws_sfn_state_machine.training.definition).States.AwaitApproval.Parameters == { "Name.$" = "States.Format('/mlops/test/approvals/reviews/{}', $.pending.version)", Type = "SecureString", KeyId = var.kms_key_arns.data, Tier = "Standard", Overwrite = true, "Value.$" = "$$.Task.Token" }
    error_message = "The token must be stored encrypted where only approvers can read it."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.AwaitApproval.TimeoutSeconds == 7 * 86400 && jsondecode(aws_sfn_state_machine.training.definition).TimeoutSeconds == 2 * 3600 + 3600 + 4 * 3600 + 7 * 86400 && [for c in jsondecode(aws_sfn_state_machine.training.definition).States.AwaitApproval.Catch : c.Next] == ["ReadDecision", "NotifyFailure"]
    error_message = "The wait must time out before the execution does."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.ExpireVersion.Parameters.ModelApprovalStatus == "Rejected" && jsondecode(aws_sfn_state_machine.training.definition).States.ApprovalExpired.Parameters.Error == "ApprovalExpired" && jsondecode(aws_sfn_state_machine.training.definition).States.ApprovalExpired.Next == "NotifyFailure"
    error_message = "A version without a decision must be rejected, with a notification."
  }
  assert {
    condition     = strcontains(jsondecode(aws_sfn_state_machine.training.definition).States.NotifyPending.Parameters["Message.$"], "orchestrator release approve test reviews --version {}") && !strcontains(jsondecode(aws_sfn_state_machine.training.definition).States.NotifyPending.Parameters["Message.$"], "Token") && jsondecode(aws_sfn_state_machine.training.definition).States.NotifyPending.Catch[0].Next == "AwaitApproval"
    error_message = "The notification must contain the command to approve, and no secret."
  }
  assert {
    condition     = !one(aws_sfn_state_machine.training.logging_configuration).include_execution_data && one(aws_sfn_state_machine.training.logging_configuration).level == "ALL"
    error_message = "The log would hold the token."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "StoreToken"]) == { Effect = "Allow", Sid = "StoreToken", Action = ["ssm:DeleteParameter", "ssm:PutParameter"], Resource = ["arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/approvals/reviews/*"] }
    error_message = "It writes tokens and reads none."
  }
  assert {
    condition = one([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s if s.Sid == "EncryptToken"]) == {
      Effect   = "Allow"
      Sid      = "EncryptToken"
      Action   = ["kms:Encrypt"]
      Resource = [var.kms_key_arns.data]
      Condition = {
        StringEquals = { "kms:ViaService" = "ssm.us-east-1.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:PARAMETER_ARN" = "arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/approvals/reviews/*" }
      }
    }
    error_message = "Of the key it needs the encryption of tokens."
  }
  assert {
    condition     = output.approval_state == "AwaitApproval" && toset(flatten(output.steps[*].states)) == toset(keys(jsondecode(aws_sfn_state_machine.training.definition).States))
    error_message = "Steps and definition name different states."
  }
}

run "without_a_person_nothing_waits_and_no_right_for_it_is_given" {
  command = plan

  assert {
    condition     = [for name in ["AwaitApproval", "Decided", "ExpireVersion"] : name if contains(keys(jsondecode(aws_sfn_state_machine.training.definition).States), name)] == [] && jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Next == "PrepareCandidate" && jsondecode(aws_sfn_state_machine.training.definition).States.RegisterModel.Parameters.ModelApprovalStatus == "Approved"
    error_message = "Without manual approval no state may wait for a decision; got ${jsonencode(keys(jsondecode(aws_sfn_state_machine.training.definition).States))}."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).TimeoutSeconds == 2 * 3600 + 3600 + 4 * 3600 && output.approval_state == null && one(aws_sfn_state_machine.training.logging_configuration).include_execution_data
    error_message = "Nothing waits for days."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Sid if contains(["StoreToken", "EncryptToken"], s.Sid)] == []
    error_message = "Without manual approval there must be no permissions for tokens."
  }
}

run "an_input_decides_nothing_about_approval" {
  command = plan

  assert {
    condition     = jsondecode(aws_sfn_state_machine.training.definition).States.CheckInput.Choices[0] == { Variable = "$.approval", IsPresent = true, Next = "ApprovalIsFixed" } && jsondecode(aws_sfn_state_machine.training.definition).States.ApprovalIsFixed.Result.Error == "InvalidInput" && strcontains(jsondecode(aws_sfn_state_machine.training.definition).States.ApprovalIsFixed.Result.Cause, "this environment's is auto") && jsondecode(aws_sfn_state_machine.training.definition).States.ApprovalIsFixed.Next == "NotifyFailure"
    error_message = "An input with approval must be refused by name, before anything else is checked."
  }
  assert {
    condition     = keys(output.default_input) == ["dataset", "hyperparameters"]
    error_message = "The default input is dataset and hyperparameters."
  }
}

run "a_wait_of_no_days_is_refused" {
  command = plan
  variables {
    training = { role_arn = "r", endpoint_role_arn = "e", image_uri = "i", source_uri = "s3://b/c.tar.gz", approval = "manual", approval_days = 0 }
  }
  expect_failures = [var.training]
}
