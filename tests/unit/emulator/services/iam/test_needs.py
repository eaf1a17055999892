"""Permissions that a call requires, after AWS's "Service Authorization Reference"."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.iam import context, needs, storage
from emulator.services.iam.needs import Call, Need, StorageKey
from emulator.services.iam.policy import Principal
from emulator.services.iam.policy.patterns import Unknown

ACCOUNT, REGION = "123456789012", "us-east-1"
SCOPE = f"{REGION}:{ACCOUNT}"
KEY = f"arn:aws:kms:{SCOPE}:key/k"
PROFILE = f"arn:aws:bedrock:{SCOPE}:application-inference-profile/p"
MODEL = "arn:aws:bedrock:us-west-2::foundation-model/m"


class FakeWorld:
    """One key, and everything encrypted with it unless its name says `plain`."""

    def key_arn(self, key: str, region: str) -> str | None:
        return None if "plain" in key else KEY

    def bucket_key(self, bucket: str, region: str) -> StorageKey | None:
        return None if "plain" in bucket else StorageKey(KEY, whole_bucket=True)

    def object_key(self, bucket: str, key: str, version: str | None, region: str) -> StorageKey | None:
        return None if "plain" in bucket else StorageKey(KEY)

    def resource_key(self, arn: str) -> str | None:
        return None if "plain" in arn else KEY

    def parameter_key(self, name: str, region: str) -> str | None:
        return None if "plain" in name else KEY

    def parameters_below(self, path: str, region: str) -> tuple[str, ...]:
        return (f"{path}/a", f"{path}/plain")

    def models_behind(self, profile_arn: str) -> tuple[str, ...]:
        return (MODEL,)

    def guardrail_tags(self, arn: str) -> dict[str, str]:
        return {} if "untagged" in arn else {"project": "mlops", "team": "a"}

    def workgroup_of(self, query_execution_id: str, region: str) -> str | None:
        return "analysts"


def call(service: str, operation: str, headers: dict[str, str] | None = None, **parameters: Any) -> Call:
    return Call(service, operation, REGION, ACCOUNT, parameters, headers or {})


def needed(made: Call) -> list[str]:
    required = storage.of(made, FakeWorld()) if made.service == "s3" else needs.of(made, FakeWorld())
    return [f"{need.action} {need.resource}" for need in required]


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{SCOPE}:{rest}"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (call("sagemaker", "ListTrainingJobs"), ["sagemaker:ListTrainingJobs *"]),
        (
            call("sagemaker", "CreateEndpoint", EndpointName="e", EndpointConfigName="c"),
            [
                f"sagemaker:CreateEndpoint {arn('sagemaker', 'endpoint/e')}",
                f"sagemaker:CreateEndpoint {arn('sagemaker', 'endpoint-config/c')}",
            ],
        ),
        (
            call("sagemaker", "CreateModelPackage", ModelPackageGroupName="g"),
            [
                f"sagemaker:CreateModelPackage {arn('sagemaker', 'model-package-group/g')}",
                f"sagemaker:CreateModelPackage {arn('sagemaker', 'model-package/g/*')}",
            ],
        ),
        (
            call("sagemaker", "CreateModel", ModelName="m", ExecutionRoleArn="arn:aws:iam::1:role/r"),
            [f"sagemaker:CreateModel {arn('sagemaker', 'model/m')}", "iam:PassRole arn:aws:iam::1:role/r"],
        ),
        (
            call("sagemaker", "CreateTrainingJob", TrainingJobName="t", ResourceConfig={"VolumeKmsKeyId": "k"}),
            [
                f"sagemaker:CreateTrainingJob {arn('sagemaker', 'training-job/t')}",
                f"kms:CreateGrant {KEY}",
                f"kms:DescribeKey {KEY}",
            ],
        ),
        (
            call("glue", "GetTable", DatabaseName="d", Name="t"),
            [f"glue:GetTable {arn('glue', end)}" for end in ("catalog", "database/d", "table/d/t")],
        ),
        (
            call("glue", "CreateJob", Name="j", Role="etl"),
            [f"glue:CreateJob {arn('glue', 'job/j')}", f"iam:PassRole arn:aws:iam::{ACCOUNT}:role/etl"],
        ),
        (call("glue", "StartCrawler", Name="c"), [f"glue:StartCrawler {arn('glue', 'crawler/c')}"]),
        (call("lambda", "Invoke", FunctionName="f"), [f"lambda:InvokeFunction {arn('lambda', 'function:f')}"]),
        (call("ssm", "GetParameter", Name="/a/b"), [f"ssm:GetParameter {arn('ssm', 'parameter/a/b')}"]),
        (
            call("ssm", "GetParameters", Names=["/a", "b"], WithDecryption=True),
            [
                f"ssm:GetParameters {arn('ssm', 'parameter/a')}",
                f"ssm:GetParameters {arn('ssm', 'parameter/b')}",
                f"kms:Decrypt {KEY}",
                f"kms:Decrypt {KEY}",
            ],
        ),
        (
            call("ssm", "PutParameter", Name="/a", Type="SecureString", KeyId="k"),
            [f"ssm:PutParameter {arn('ssm', 'parameter/a')}", f"kms:Encrypt {KEY}"],
        ),
        (
            call("ssm", "PutParameter", Name="/a", Type="SecureString", KeyId="k", Tier="Advanced"),
            [f"ssm:PutParameter {arn('ssm', 'parameter/a')}", f"kms:GenerateDataKey {KEY}"],
        ),
        (
            call("ssm", "GetParametersByPath", Path="/keys", WithDecryption=True),
            [f"ssm:GetParametersByPath {arn('ssm', 'parameter/keys')}", f"kms:Decrypt {KEY}"],
        ),
        (
            call("dynamodb", "PutItem", TableName="t"),
            [f"dynamodb:PutItem {arn('dynamodb', 'table/t')}", f"kms:Decrypt {KEY}"],
        ),
        (
            call("dynamodb", "GetItem", TableName=arn("dynamodb", "table/t")),
            [f"dynamodb:GetItem {arn('dynamodb', 'table/t')}", f"kms:Decrypt {KEY}"],
        ),
        (call("dynamodb", "Query", TableName="plain"), [f"dynamodb:Query {arn('dynamodb', 'table/plain')}"]),
        (call("dynamodb", "DescribeTable", TableName="t"), [f"dynamodb:DescribeTable {arn('dynamodb', 'table/t')}"]),
        (
            call("logs", "PutLogEvents", logGroupName="/g", logStreamName="s"),
            [f"logs:PutLogEvents {arn('logs', 'log-group:/g:log-stream:s')}"],
        ),
        (
            call("logs", "CreateLogStream", logGroupName="/g", logStreamName="s"),
            [f"logs:CreateLogStream {arn('logs', 'log-group:/g:log-stream:')}"],
        ),
        (call("cloudwatch", "PutMetricData", Namespace="n"), ["cloudwatch:PutMetricData *"]),
        (call("cloudwatch", "DescribeAlarms"), [f"cloudwatch:DescribeAlarms {arn('cloudwatch', 'alarm:*')}"]),
        (call("sns", "Publish", TopicArn=arn("sns", "plain")), [f"sns:Publish {arn('sns', 'plain')}"]),
        (
            call("sns", "Publish", TopicArn=arn("sns", "t")),
            [f"sns:Publish {arn('sns', 't')}", f"kms:GenerateDataKey {KEY}", f"kms:Decrypt {KEY}"],
        ),
        (
            call("sqs", "SendMessageBatch", QueueUrl=f"http://127.0.0.1/{ACCOUNT}/plain"),
            [f"sqs:SendMessage {arn('sqs', 'plain')}"],
        ),
        (
            call("sqs", "ReceiveMessage", QueueUrl=f"http://127.0.0.1/{ACCOUNT}/q"),
            [f"sqs:ReceiveMessage {arn('sqs', 'q')}", f"kms:Decrypt {KEY}"],
        ),
        (
            call("events", "PutEvents", Entries=[{"EventBusName": "b"}, {}]),
            [f"events:PutEvents {arn('events', f'event-bus/{bus}')}" for bus in ("b", "default")],
        ),
        (
            call("athena", "GetQueryResults", QueryExecutionId="q"),
            [f"athena:GetQueryResults {arn('athena', 'workgroup/analysts')}"],
        ),
        (
            call("bedrock", "Converse", modelId=PROFILE),
            [f"bedrock:InvokeModel {PROFILE}", f"bedrock:InvokeModel {MODEL}"],
        ),
        (
            call("bedrock", "ApplyGuardrail", guardrailIdentifier="g1", guardrailVersion="1"),
            [f"bedrock:ApplyGuardrail {arn('bedrock', 'guardrail/g1')}"],
        ),
        (
            call("bedrock", "Converse", modelId="m", guardrailConfig={"guardrailIdentifier": "g1"}),
            [
                "bedrock:InvokeModel arn:aws:bedrock:us-east-1::foundation-model/m",
                f"bedrock:ApplyGuardrail {arn('bedrock', 'guardrail/g1')}",
            ],
        ),
        (
            call("bedrock", "InvokeModel", modelId="m", guardrailIdentifier="g1", guardrailVersion="1"),
            [
                "bedrock:InvokeModel arn:aws:bedrock:us-east-1::foundation-model/m",
                f"bedrock:ApplyGuardrail {arn('bedrock', 'guardrail/g1')}",
            ],
        ),
        (
            call("bedrock", "CreateModelInvocationJob", modelId=PROFILE, roleArn="arn:aws:iam::1:role/r"),
            [
                f"bedrock:CreateModelInvocationJob {PROFILE}",
                f"bedrock:CreateModelInvocationJob {MODEL}",
                f"bedrock:CreateModelInvocationJob {arn('bedrock', 'model-invocation-job/*')}",
                "iam:PassRole arn:aws:iam::1:role/r",
            ],
        ),
        (
            call("bedrock", "GetModelInvocationJob", jobIdentifier="j1"),
            [f"bedrock:GetModelInvocationJob {arn('bedrock', 'model-invocation-job/j1')}"],
        ),
        (call("bedrock", "ListModelInvocationJobs"), ["bedrock:ListModelInvocationJobs *"]),
        (
            call("sagemaker", "CreateTransformJob", TransformJobName="t", ModelName="m"),
            [f"sagemaker:CreateTransformJob {arn('sagemaker', 'transform-job/t')}"],
        ),
        (
            call("sagemaker", "InvokeEndpointAsync", EndpointName="e"),
            [f"sagemaker:InvokeEndpointAsync {arn('sagemaker', 'endpoint/e')}"],
        ),
        (
            call("bedrock", "InvokeModelWithResponseStream", modelId="m"),
            ["bedrock:InvokeModelWithResponseStream arn:aws:bedrock:us-east-1::foundation-model/m"],
        ),
        (call("kms", "Decrypt", KeyId="alias/x"), [f"kms:Decrypt {KEY}"]),
        (call("iam", "GetRole", RoleName="r"), [f"iam:GetRole arn:aws:iam::{ACCOUNT}:role/r"]),
        (call("states", "StartExecution", stateMachineArn="arn:x"), ["states:StartExecution arn:x"]),
        (call("sagemaker", "CreateCluster", ClusterName="c"), ["sagemaker:CreateCluster None"]),
        (call("polly", "DescribeVoices"), ["polly:DescribeVoices None"]),
        # ---- S3 ----
        (call("s3", "ListBuckets"), ["s3:ListAllMyBuckets *"]),
        (call("s3", "HeadBucket", Bucket="b"), ["s3:ListBucket arn:aws:s3:::b"]),
        (call("s3", "GetBucketEncryption", Bucket="b"), ["s3:GetEncryptionConfiguration arn:aws:s3:::b"]),
        (call("s3", "GetObject", Bucket="plain", Key="k"), ["s3:GetObject arn:aws:s3:::plain/k"]),
        (call("s3", "GetObject", Bucket="b", Key="k"), ["s3:GetObject arn:aws:s3:::b/k", f"kms:Decrypt {KEY}"]),
        (
            call("s3", "GetObject", Bucket="plain", Key="k", VersionId="v"),
            ["s3:GetObjectVersion arn:aws:s3:::plain/k"],
        ),
        (call("s3", "DeleteObject", Bucket="b", Key="k", VersionId="v"), ["s3:DeleteObjectVersion arn:aws:s3:::b/k"]),
        (call("s3", "PutObject", Bucket="b", Key="k"), ["s3:PutObject arn:aws:s3:::b/k", f"kms:GenerateDataKey {KEY}"]),
        (
            call("s3", "PutObject", {"x-amz-server-side-encryption": "AES256"}, Bucket="b", Key="k"),
            ["s3:PutObject arn:aws:s3:::b/k"],
        ),
        (
            call("s3", "CreateMultipartUpload", Bucket="b", Key="k"),
            ["s3:PutObject arn:aws:s3:::b/k", f"kms:GenerateDataKey {KEY}", f"kms:Decrypt {KEY}"],
        ),
        (
            call("s3", "CopyObject", {"x-amz-copy-source": "/plain/a%20b"}, Bucket="plain", Key="k"),
            ["s3:PutObject arn:aws:s3:::plain/k", "s3:GetObject arn:aws:s3:::plain/a b"],
        ),
        (
            call("s3", "DeleteObjects", Bucket="b", Delete={"Objects": [{"Key": "x"}, {"Key": "y", "VersionId": "1"}]}),
            ["s3:DeleteObject arn:aws:s3:::b/x", "s3:DeleteObjectVersion arn:aws:s3:::b/y"],
        ),
    ],
    ids=lambda value: f"{value.service}:{value.operation}" if isinstance(value, Call) else "",
)
def test_a_call_needs(made: Call, expected: list[str]) -> None:
    assert needed(made) == expected


def test_a_service_that_uses_a_key_for_its_caller_is_in_the_context() -> None:
    (own, decrypt) = storage.of(call("s3", "GetObject", Bucket="b", Key="k"), FakeWorld())
    assert decrypt.context["kms:ViaService"] == "s3.us-east-1.amazonaws.com"
    assert decrypt.context["kms:EncryptionContext:aws:s3:arn"] == "arn:aws:s3:::b/k"
    (_, data_key) = storage.of(call("s3", "PutObject", Bucket="b", Key="k"), FakeWorld())
    assert data_key.context["kms:EncryptionContext:aws:s3:arn"] == "arn:aws:s3:::b"
    assert "kms:ViaService" not in own.context


def test_a_role_is_passed_to_the_service_of_the_call() -> None:
    made = call("states", "CreateStateMachine", name="m", roleArn="arn:aws:iam::1:role/r")
    assert needs.of(made, FakeWorld())[1].context == {"iam:PassedToService": "states.amazonaws.com"}


def test_context_keys_are_known_absent_or_unknown() -> None:
    made = call("sagemaker", "CreateModel", ModelName="m", Tags=[{"Key": "team", "Value": "a"}])
    need = Need("sagemaker:CreateModel", arn("sagemaker", "model/m"))
    who = Principal.session(f"arn:aws:iam::{ACCOUNT}:role/r", "s", {"project": "p"})
    keys = context.of(made, need, who, "127.0.0.1", "boto3", "")
    assert keys.get("aws:PrincipalTag/project") == ("p",)
    assert keys.get("aws:PrincipalArn") == (f"arn:aws:iam::{ACCOUNT}:role/r",)
    assert keys.get("aws:RequestTag/team") == ("a",)
    assert keys.get("aws:TagKeys") == ("team",)
    assert keys.get("aws:SecureTransport") == ("true",)
    assert keys.get("aws:RequestTag/other") is None
    assert keys.get("aws:PrincipalTag/other") is None
    for unknown in ("aws:SourceVpc", "aws:ResourceTag/team"):
        with pytest.raises(Unknown):
            keys.get(unknown)


def test_a_service_acts_for_this_account_and_its_source_is_given_or_unknown() -> None:
    made, need = call("sts", "AssumeRole"), Need("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/r")
    service = Principal.service("states.amazonaws.com")
    with_source = context.of(made, need, service, "127.0.0.1", "", "arn:x")
    assert (with_source.get("aws:SourceArn"), with_source.get("aws:SourceAccount")) == (("arn:x",), (ACCOUNT,))
    with pytest.raises(Unknown):
        context.of(made, need, service, "127.0.0.1", "", "").get("aws:SourceArn")


def test_records_of_an_encrypted_group_take_its_key() -> None:
    put = call("sagemaker", "PutRecord", FeatureGroupName="Reviews")
    (own, key) = needs.of(put, FakeWorld())
    assert (own.action, own.resource) == ("sagemaker:PutRecord", arn("sagemaker", "feature-group/Reviews"))
    assert (key.action, key.resource) == ("kms:Decrypt", KEY)
    assert key.context["kms:ViaService"] == "sagemaker.us-east-1.amazonaws.com"
    many = call(
        "sagemaker", "BatchGetRecord", Identifiers=[{"FeatureGroupName": "plain-1"}, {"FeatureGroupName": "plain-2"}]
    )
    assert [(need.action, need.resource) for need in needs.of(many, FakeWorld())] == [
        ("sagemaker:BatchGetRecord", arn("sagemaker", f"feature-group/plain-{number}")) for number in (1, 2)
    ]
    batch = call("sagemaker", "BatchWriteRecord", Entries=[{"FeatureGroupName": "plain"}] * 25)
    assert [(need.action, need.resource) for need in needs.of(batch, FakeWorld())] == [
        ("sagemaker:BatchWriteRecord", arn("sagemaker", "feature-group/plain"))
    ]


@pytest.mark.parametrize(
    ("guardrail", "keys"),
    [
        ("g", {"project": "mlops", "environment": None, "team": "a"}),
        ("untagged", {"project": None, "environment": None}),
    ],
)
def test_a_guardrail_is_known_by_its_tags_and_by_those_it_lacks(guardrail: str, keys: dict[str, Any]) -> None:
    (need,) = needs.of(call("bedrock", "ApplyGuardrail", guardrailIdentifier=guardrail), FakeWorld())
    assert need.context == {f"aws:ResourceTag/{name}": value for name, value in keys.items()}
