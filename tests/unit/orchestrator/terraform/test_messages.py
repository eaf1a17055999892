"""The messages about failures of terraform."""

from __future__ import annotations

import pytest

from orchestrator.core.types import Json
from orchestrator.errors import StateLocked, TerraformError, TerraformKilled
from orchestrator.system.process import Completed
from orchestrator.terraform.messages import describe, failure

S3_LOCK = """operation error S3: PutObject, https response error StatusCode: 412, api error PreconditionFailed
Lock Info:
  ID:        51d0c9a7-3c1e-d1a1-5c0b-1b6a9a0ce1b7
  Path:      mlops-dev-tfstate-123456789012-us-east-1/data.tfstate
  Operation: OperationTypeApply
  Who:       alice@laptop.example
  Version:   1.11.4
  Created:   2026-11-20 22:31:04.5 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state."""


def done(*, stderr: str = "", cancelled: bool = False) -> Completed:
    return Completed(("terraform",), 1, "", stderr, 0.1, cancelled)


def diagnostic(summary: str, **more: object) -> Json:
    return {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary, **more}}


def test_a_lock_in_s3_is_explained() -> None:
    error = failure("data", "apply", done(), [diagnostic("Error acquiring the state lock", detail=S3_LOCK)])
    assert isinstance(error, StateLocked)
    assert error.message == (
        "the state of `data` is locked by alice on laptop.example "
        "since 2026-11-20 22:31:04.5 +0000 UTC (OperationTypeApply)"
    )
    assert "`orchestrator unlock ENV`" in (error.hint or "")


def test_a_diagnostic_gives_address_place_and_detail() -> None:
    assert (
        describe(
            {
                "summary": "creating S3 Bucket",
                "detail": "BucketAlreadyExists",
                "address": "module.s3.aws_s3_bucket.data",
                "range": {"filename": "../../modules/s3/bucket.tf", "start": {"line": 3}},
            }
        )
        == "module.s3.aws_s3_bucket.data (../../modules/s3/bucket.tf:3): creating S3 Bucket\nBucketAlreadyExists"
    )


def test_warnings_are_left_out_and_many_errors_are_counted() -> None:
    events = [diagnostic(f"no {n}") for n in range(7)]
    events.append({"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "old syntax"}})
    message = failure("data", "plan", done(), events).message
    assert message.splitlines()[-1] == "and 2 more"
    assert "old syntax" not in message


@pytest.mark.parametrize(
    ("summary", "hint"),
    [
        ("Failed to query available provider packages", "make setup"),
        ("No valid credential sources found", "Sign in"),
        ("dial tcp 127.0.0.1:4566: connect: connection refused", "orchestrator emulator status"),
    ],
)
def test_known_errors_have_a_hint(summary: str, hint: str) -> None:
    error = failure("data", "plan", done(), [diagnostic(summary)])
    assert isinstance(error, TerraformError)
    assert hint in (error.hint or "")


def test_without_diagnostics_the_output_is_reported() -> None:
    assert (
        "flag provided but not defined"
        in failure("data", "init", done(stderr="flag provided but not defined: -json"), []).message
    )
    raw = [{"type": "raw", "@message": "panic: boom"}]
    assert "panic: boom" in failure("data", "plan", done(), raw).message


@pytest.mark.parametrize(
    ("code", "command", "text"),
    [
        (
            -9,
            "apply",
            "killed (SIGKILL, often because the system is out of memory); its last changes may be missing",
        ),
        (-9, "plan", "killed (SIGKILL, often because the system is out of memory); its lock may still be held"),
        (-77, "state push", "terraform state push of `data` was killed (signal 77); its lock"),
    ],
)
def test_a_killed_terraform_is_reported_with_signal_and_remedy(code: int, command: str, text: str) -> None:
    error = failure("data", command, killed(code), [], environment="dev")
    assert isinstance(error, TerraformKilled)
    assert text in error.message
    assert "`orchestrator resume dev`" in (error.hint or "")


def test_a_killed_command_without_a_lock_needs_no_resume() -> None:
    error = failure("data", "init", killed(-11), [])
    assert not isinstance(error, TerraformKilled)
    assert error.message == "terraform init of `data` was killed (SIGSEGV)"


def killed(code: int) -> Completed:
    return Completed(("terraform",), code, "", "", 0.1, cancelled=True)


ALREADY_THERE = (
    "creating IAM Role (r): operation error IAM: CreateRole, api error EntityAlreadyExists: Role with name r …",
    "creating S3 Bucket (b): BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded",
    "creating CloudWatch Logs Log Group (g): ResourceAlreadyExistsException: The specified log group already exists",
    "creating KMS Alias (a): AlreadyExistsException: An alias with the name a already exists",
    "creating SQS Queue (q): QueueAlreadyExists: A queue already exists with the same name and a different value",
    "creating SQS Queue (q): QueueNameExists",
    "creating ECR Repository (r): RepositoryAlreadyExistsException",
    "creating DynamoDB Table (t): ResourceInUseException: Table t",
    "creating Lambda Function (f): ResourceConflictException: Function already exist: f",
    "creating API Gateway Model (m): ConflictException: Model name already exists for this REST API",
    "creating SageMaker AI Endpoint: ValidationException: Cannot create already existing endpoint. It already exists",
    "creating Athena WorkGroup (w): InvalidRequestException: WorkGroup w is already created",
    "creating WAFv2 WebACL (w): WAFDuplicateItemException",
    "creating Security Group (g): InvalidGroup.Duplicate: The security group 'g'",
    "creating EC2 Route: RouteAlreadyExists",
    "creating EFS file system: FileSystemAlreadyExists",
)


@pytest.mark.parametrize("text", ALREADY_THERE)
def test_an_existing_resource_has_the_hint_to_recover(text: str) -> None:
    hint = failure("data", "apply", done(), [diagnostic(text)]).hint
    assert hint is not None
    assert "`orchestrator recover ENV`" in hint


@pytest.mark.parametrize(
    "text",
    [
        "creating S3 Bucket (b): BucketAlreadyExists: The requested bucket name is not available",
        "deleting Glue Database (d): ConflictException: in use",
        "updating Lambda Function (f): ResourceConflictException: An update is in progress",
    ],
)
def test_a_busy_or_foreign_resource_has_no_such_hint(text: str) -> None:
    assert "recover" not in (failure("data", "apply", done(), [diagnostic(text)]).hint or "")


def test_a_died_provider_has_the_hint_to_recover() -> None:
    text = [diagnostic("Plugin did not respond", address="aws_vpc.this")]
    error = failure("data", "apply", done(), text, environment="dev")
    assert "`orchestrator recover dev`" in (error.hint or "")
