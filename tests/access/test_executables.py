"""The proofs of `executables`: each kind of reference is found, and each way to replace one is."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.access import actions, executables
from tests.access.roles import Role
from tests.access.test_proofs import document, role

BUCKET = "arn:aws:s3:::data"
ANYTHING = document(["s3:*", "glue:*", "states:*", "lambda:*", "sagemaker:*", "ssm:*", "ecr:*", "events:*"])


def states(**resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "stack": {
            "resources": [
                {"mode": "managed", "type": kind, "name": "x", "instances": [{"attributes": each} for each in found]}
                for kind, found in resources.items()
            ]
        }
    }


def keys(found: dict[str, Any]) -> set[str]:
    return {each.arn for each in executables.references(found) if each.calls == executables.REPLACING_OBJECTS}


JOB = {"name": "etl", "arn": "arn:aws:glue:us-east-1:1:job/etl", "command": [{"script_location": "s3://data/c/etl.py"}]}
TRAINING = {
    "HyperParameters": {"sagemaker_submit_directory": "s3://data/c/source.tar.gz"},
    "OutputDataConfig": {"S3OutputPath": "s3://data/outputs/"},
    "InputDataConfig": [{"DataSource": {"S3DataSource": {"S3Uri": "s3://data/features/"}}}],
}
PROCESSING = {
    "ProcessingInputs": [
        {"InputName": "code", "S3Input": {"S3Uri": "s3://data/c/program", "LocalPath": "/code"}},
        {"InputName": "source", "S3Input": {"S3Uri": "s3://data/raw/", "LocalPath": "/source"}},
    ],
    "ProcessingOutputConfig": {"Outputs": [{"S3Output": {"S3Uri": "s3://data/processed", "LocalPath": "/out"}}]},
}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"aws_lambda_function": [{"function_name": "f", "s3_bucket": "data", "s3_key": "c/f.zip"}]}, {"c/f.zip"}),
        ({"aws_glue_job": [{**JOB, "default_arguments": None}]}, {"c/etl.py"}),
        (
            {"aws_glue_job": [{**JOB, "default_arguments": {"--extra-py-files": "s3://data/c/a.zip,s3://data/c/b.zip"}}]},
            {"c/etl.py", "c/a.zip", "c/b.zip"},
        ),
        (
            {"aws_sfn_state_machine": [{"name": "m", "definition": json.dumps({"States": {"T": TRAINING}})}]},
            {"c/source.tar.gz", "outputs/x"},
        ),
        (
            {"aws_sfn_state_machine": [{"name": "m", "definition": json.dumps({"Parameters": PROCESSING})}]},
            {"c/program/x"},
        ),
        (
            {"aws_sfn_state_machine": [{"name": "m", "definition": json.dumps(
                {"checkpoint_uri.$": "States.Format('s3://data/checkpoints/{}/', $.job)"}
            )}]},
            {"checkpoints/x"},
        ),
        (
            {"aws_sagemaker_model": [{"name": "m", "primary_container": [{"model_data_url": "s3://data/m/model.tar.gz"}],
                                      "container": [{"model_data_url": "s3://data/many/"}, {"model_data_url": ""}]}]},
            {"m/model.tar.gz", "many/x"},
        ),
        (
            {"aws_sagemaker_studio_lifecycle_config": [{"id": "s", "studio_lifecycle_config_content": base64.b64encode(
                b"aws s3 ls 's3://data/notebooks/' | xargs"
            ).decode()}]},
            {"notebooks/x"},
        ),
    ],
)  # fmt: skip
def test_everything_that_is_run_is_found(found: dict[str, Any], expected: set[str]) -> None:
    assert keys(states(**found)) == {f"{BUCKET}/{key}" for key in expected}


def test_an_object_outside_of_s3_is_not_an_executable() -> None:
    arguments = {"--additional-python-modules": "requests==2.32.0"}
    with pytest.raises(ValueError, match=r"etl: --additional-python-modules fetches 'requests==2\.32\.0'"):
        executables.references(states(aws_glue_job=[{**JOB, "default_arguments": arguments}]))


@pytest.mark.parametrize("kind", executables.REPLACING)
def test_every_call_that_replaces_exists_on_aws_and_is_found(kind: str) -> None:
    for call in executables.REPLACING[kind]:
        assert actions.expand(call) == (call,), "AWS has no such action"
    arn = "arn:aws:x:us-east-1:123456789012:thing/mlops-local-thing"
    [ref] = [each for each in executables.references(states(**{kind: [{"arn": arn, "name": "n"}]} if kind not in WHOLE
               else {kind: [WHOLE[kind] | {"arn": arn}]})) if each.arn == arn]  # fmt: skip
    assert ref.calls == executables.REPLACING[kind]
    for call in ref.calls:
        one = role("mlops-local-person", document(call, arn), boundary=document(call, arn))
        assert list(executables.replaceable(ref, [one], {}, "mlops-local", "mlops/local")), call


WHOLE: dict[str, dict[str, Any]] = {
    "aws_lambda_function": {"function_name": "f", "s3_bucket": "data", "s3_key": "c/f.zip"},
    "aws_glue_job": {**JOB, "default_arguments": None},
    "aws_sfn_state_machine": {"name": "m", "definition": "{}"},
    "aws_sagemaker_model": {"name": "m", "primary_container": [], "container": []},
    "aws_sagemaker_studio_lifecycle_config": {"id": "s", "studio_lifecycle_config_content": ""},
}


def test_an_object_may_be_replaced_by_its_owners_alone() -> None:
    url = "s3://data/artifacts/models/registered/0a/model.tar.gz"
    model = {"name": "m", "primary_container": [{"model_data_url": url}], "container": []}
    [ref] = [each for each in executables.references(states(aws_sagemaker_model=[model])) if "/0a/" in each.arn]
    put = document("s3:PutObject", f"{BUCKET}/artifacts/*")
    owner = role("mlops-local-model-artifacts", put, boundary=ANYTHING)
    person = role("mlops-local-ml-engineer", put, boundary=ANYTHING)

    def found(one: Role, policies: dict[str, Any]) -> list[str]:
        return list(executables.replaceable(ref, [one], policies, "mlops-local", "mlops/local"))

    assert not found(owner, {})
    [sentence] = found(person, {})
    assert sentence.startswith("mlops-local-ml-engineer may s3:PutObject on")
    # Deleting is not the owner's either.
    deleting = replace(owner, policies={"p": document("s3:DeleteObject", f"{BUCKET}/artifacts/*")})
    assert found(deleting, {})
    # The bucket's own policy counts.
    condition = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/mlops-local-*"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject*", "Condition": condition}
    policy = {"Version": "2012-10-17", "Statement": [{**deny, "Resource": f"{BUCKET}/artifacts/*"}]}
    assert not found(person, {BUCKET: policy})


def test_a_right_under_a_condition_counts() -> None:
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/mlops/local/models/reviews/live"
    reference = executables.Reference("a release", arn, ("ssm:PutParameter",))
    allowed = document("ssm:PutParameter", arn, Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})
    person = role("mlops-local-person", allowed, boundary=ANYTHING)
    assert list(executables.replaceable(reference, [person], {}, "mlops-local", "mlops/local"))
    assert not list(
        executables.replaceable(
            reference, [replace(person, name="mlops-local-training")], {}, "mlops-local", "mlops/local"
        )
    )


@pytest.mark.parametrize(
    ("right", "contained"),
    [
        (document("s3:GetObject", f"{BUCKET}/data/raw/*"), True),
        (document("s3:GetObject", f"{BUCKET}/data/*"), False),
        (document("s3:PutObject", f"{BUCKET}/data/raw/*"), False),
        (document(["logs:PutLogEvents", "ec2:CreateNetworkInterface"], "*"), True),
        (document("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x"), False),
    ],
)
def test_a_role_that_does_more_than_who_hands_it_on_is_found(right: dict[str, Any], contained: bool) -> None:
    person = role("mlops-local-person", document("s3:GetObject", f"{BUCKET}/data/raw/*"), boundary=ANYTHING)
    passed = role("mlops-local-passed", right, boundary=ANYTHING)
    assert (not list(executables.beyond(person, passed))) is contained
