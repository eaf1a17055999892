"""Roles and users get what their policies allow, and AWS's own refusals for everything else."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.support import clients, keys

ACCOUNT, REGION = "123456789012", "us-east-1"
SCOPE = f"{REGION}:{ACCOUNT}"

pytestmark = pytest.mark.emulator


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


class Account:
    """Makes users and roles, and clients that sign as them."""

    def __init__(self, emulator: Any, aws: Any) -> None:
        self.endpoint, self.aws = emulator.endpoint, aws
        self.iam = aws("iam")

    def client(self, service: str, credentials: dict[str, str]) -> Any:
        return clients.client(
            service,
            self.endpoint,
            region_name=REGION,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
        )

    def user(self, *statements: dict[str, Any], **tags: str) -> dict[str, str]:
        """Create a user and return its key."""
        name = unique("user")
        self.iam.create_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
        key: dict[str, str] = self.iam.create_access_key(UserName=name)["AccessKey"]
        return key

    def role(self, *statements: dict[str, Any], trust: dict[str, Any] | None = None, **options: Any) -> str:
        """Create a role, which by default trusts the account, and return its ARN."""
        name = unique("role")
        trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust or trusted), **options)[
            "Role"
        ]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return str(role["Arn"])

    def session(self, *statements: dict[str, Any], **options: Any) -> Callable[[str], Any]:
        """Return a factory of clients in a session of a new role with these statements."""
        credentials = self.assume(self.role(*statements), **options)
        return lambda service: self.client(service, credentials)

    def assume(self, role: str, **options: Any) -> dict[str, str]:
        answer = self.aws("sts").assume_role(RoleArn=role, RoleSessionName="tests", **options)
        credentials: dict[str, str] = answer["Credentials"]
        return credentials

    def decisions(self, **fields: str) -> list[dict[str, Any]]:
        answer = keys.page(self.endpoint, "evidence", kind="iam-decision", **fields)
        decisions: list[dict[str, Any]] = answer["evidence"]
        return decisions


@pytest.fixture(scope="module")
def account(emulator: Any, aws: Any) -> Account:
    return Account(emulator, aws)


@pytest.fixture(scope="module")
def bucket(aws: Any) -> str:
    name = unique("bucket")
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_object(Bucket=name, Key="data/raw/a.txt", Body=b"a")
    return name


def refused(call: Callable[..., Any], *words: str, code: str = "AccessDenied", status: int = 403) -> None:
    """Check that a call fails with AWS's code and a message with these words."""
    with pytest.raises(ClientError) as failure:
        call()
    error = failure.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    for word in words:
        assert word in error["Error"]["Message"]


def test_a_role_reads_what_its_policy_names_and_nothing_else(account: Account, bucket: str) -> None:
    s3 = account.session(
        allow("s3:GetObject", f"arn:aws:s3:::{bucket}/data/raw/*"),
        allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition={"StringLike": {"s3:prefix": "data/raw/*"}}),
    )("s3")
    assert s3.get_object(Bucket=bucket, Key="data/raw/a.txt")["Body"].read() == b"a"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="data/raw/")["KeyCount"] == 1
    refused(
        lambda: s3.get_object(Bucket=bucket, Key="data/b.txt"),
        "is not authorized to perform: s3:GetObject on resource: ",
        f"arn:aws:s3:::{bucket}/data/b.txt",
        "because no identity-based policy allows the s3:GetObject action",
        ":assumed-role/role-",
    )
    refused(lambda: s3.list_objects_v2(Bucket=bucket, Prefix="data/"), "s3:ListBucket")
    refused(lambda: s3.list_objects_v2(Bucket=bucket), "s3:ListBucket")
    refused(lambda: s3.put_object(Bucket=bucket, Key="data/raw/a.txt", Body=b"b"), "s3:PutObject")
    refused(
        lambda: s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "data/raw/a.txt"}]}), "s3:DeleteObject"
    )
    refused(lambda: s3.copy_object(Bucket=bucket, Key="x", CopySource=f"{bucket}/data/raw/a.txt"), "s3:PutObject")


def test_every_protocol_has_its_own_refusal(account: Account) -> None:
    client = account.session()
    refused(client("sagemaker").list_models, "sagemaker:ListModels", code="AccessDeniedException", status=400)
    refused(client("ssm").describe_parameters, "ssm:DescribeParameters", code="AccessDeniedException", status=400)
    refused(client("lambda").list_functions, "lambda:ListFunctions", code="AccessDeniedException")
    refused(client("iam").list_roles, "iam:ListRoles")
    refused(client("sns").list_topics, "sns:ListTopics", code="AuthorizationError")
    refused(client("ec2").describe_vpcs, "ec2:DescribeVpcs", code="UnauthorizedOperation")
    refused(client("cloudwatch").list_metrics, "cloudwatch:ListMetrics", code="AccessDeniedException", status=400)
    refused(
        lambda: client("bedrock-runtime").converse(
            modelId="amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": "hello"}]}]
        ),
        "bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        code="AccessDeniedException",
    )


def test_every_caller_may_get_its_identity(account: Account) -> None:
    assert ":assumed-role/role-" in account.session()("sts").get_caller_identity()["Arn"]


def test_keys_that_do_not_exist_are_refused(account: Account, bucket: str) -> None:
    unknown = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}
    refused(account.client("sts", unknown).get_caller_identity, code="InvalidClientTokenId")
    refused(account.client("s3", unknown).list_buckets, code="InvalidAccessKeyId")
    refused(account.client("ssm", unknown).describe_parameters, code="UnrecognizedClientException", status=400)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{account.endpoint}/{bucket}/data/raw/a.txt")


def test_a_session_token_belongs_to_its_key(account: Account) -> None:
    credentials = {**account.assume(account.role()), "SessionToken": "another session's"}
    refused(account.client("sts", credentials).get_caller_identity, code="InvalidClientTokenId")


def test_a_boundary_limits_what_a_role_was_given(account: Account, bucket: str) -> None:
    limit = account.iam.create_policy(
        PolicyName=unique("limit"), PolicyDocument=document(allow("s3:ListAllMyBuckets"))
    )["Policy"]["Arn"]
    s3 = account.client("s3", account.assume(account.role(allow("s3:*"), PermissionsBoundary=limit)))
    s3.list_buckets()
    refused(
        lambda: s3.list_objects_v2(Bucket=bucket), "because no permissions boundary allows the s3:ListBucket action"
    )


def test_a_session_policy_narrows_a_session(account: Account, bucket: str) -> None:
    s3 = account.session(allow("s3:*"), Policy=document(allow("s3:ListAllMyBuckets")))("s3")
    s3.list_buckets()
    refused(lambda: s3.list_objects_v2(Bucket=bucket), "because no session policy allows")


def test_a_changed_policy_is_in_force_at_once(account: Account) -> None:
    role = account.role(allow("sns:ListTopics"))
    sns = account.client("sns", account.assume(role))
    sns.list_topics()
    account.iam.delete_role_policy(RoleName=role.rsplit("/", 1)[-1], PolicyName="own")
    refused(sns.list_topics, code="AuthorizationError")


def test_a_role_admits_only_trusted_principals(account: Account) -> None:
    tagged = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Condition": {"StringEquals": {"aws:PrincipalTag/persona": "scientist"}},
    }
    role = account.role(trust=tagged)

    def assume(key: dict[str, str]) -> None:
        account.client("sts", key).assume_role(RoleArn=role, RoleSessionName="tests")

    assume(account.user(allow("sts:AssumeRole", role), persona="scientist"))
    refused(lambda: assume(account.user(allow("sts:AssumeRole", role), persona="guest")), "sts:AssumeRole")
    refused(lambda: assume(account.user(persona="scientist")), "no identity-based policy allows the sts:AssumeRole")
    # Trust policies bind the account's administrator too, which has no such tag.
    refused(lambda: account.assume(role), "because no resource-based policy allows the sts:AssumeRole action")
    refused(lambda: account.assume(f"arn:aws:iam::{ACCOUNT}:role/missing"), "sts:AssumeRole")


def test_tags_of_a_session_count_as_its_own(account: Account, bucket: str) -> None:
    own = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/data/${{aws:PrincipalTag/stage}}/*")
    role = account.role(own)
    with_tag = account.client("s3", account.assume(role, Tags=[{"Key": "stage", "Value": "raw"}]))
    assert with_tag.get_object(Bucket=bucket, Key="data/raw/a.txt")["Body"].read() == b"a"
    without = account.client("s3", account.assume(role))
    refused(lambda: without.get_object(Bucket=bucket, Key="data/raw/a.txt"))


def test_passing_a_role_requires_its_own_permission(account: Account) -> None:
    training = account.role()
    jobs = allow("sagemaker:CreateModel", f"arn:aws:sagemaker:{SCOPE}:model/*")
    passing = allow(
        "iam:PassRole", training, Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    )
    container = {"Image": "1.dkr.ecr.us-east-1.amazonaws.com/x", "ModelDataUrl": "s3://b/m.tar.gz"}

    def create(role: str, *statements: dict[str, Any]) -> None:
        account.session(*statements)("sagemaker").create_model(
            ModelName=unique("model"), ExecutionRoleArn=role, PrimaryContainer=container
        )

    create(training, jobs, passing)
    denied: dict[str, Any] = {"code": "AccessDeniedException", "status": 400}
    refused(lambda: create(training, jobs), "iam:PassRole", training, **denied)
    refused(lambda: create(account.role(), jobs, passing), "iam:PassRole", **denied)


def test_a_bucket_s_deny_binds_the_administrator_too(account: Account, aws: Any) -> None:
    s3, name = aws("s3"), unique("sealed")
    s3.create_bucket(Bucket=name)
    sealed = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/*"}
    header = "s3:x-amz-server-side-encryption"
    other = {"Null": {header: "false"}, "StringNotEquals": {header: "aws:kms"}}
    tls = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(
        Bucket=name,
        Policy=document(
            {**sealed, "Condition": other}, {**tls, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
        ),
    )
    s3.put_object(Bucket=name, Key="x", Body=b"")
    refused(
        lambda: s3.put_object(Bucket=name, Key="x", Body=b"", ServerSideEncryption="AES256"),
        "with an explicit deny in a resource-based policy",
    )


def test_an_encrypted_object_needs_its_key_too(account: Account, aws: Any) -> None:
    s3, name = aws("s3"), unique("encrypted")
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=name)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    s3.put_object(Bucket=name, Key="x", Body=b"x")
    objects = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{name}/*")
    via = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    without = account.session(objects)("s3")
    refused(lambda: without.get_object(Bucket=name, Key="x"), "kms:Decrypt", key)
    refused(lambda: without.put_object(Bucket=name, Key="x", Body=b""), "kms:GenerateDataKey", key)
    session = account.session(objects, allow(["kms:Decrypt", "kms:GenerateDataKey"], key, Condition=via))
    assert session("s3").get_object(Bucket=name, Key="x")["Body"].read() == b"x"
    session("s3").put_object(Bucket=name, Key="x", Body=b"")
    # The condition holds only through S3.
    refused(
        lambda: session("kms").generate_data_key(KeyId=key, KeySpec="AES_256"),
        "kms:GenerateDataKey",
        code="AccessDeniedException",
        status=400,
    )


def test_a_key_without_trusted_principals_decrypts_for_none(account: Account, aws: Any) -> None:
    kms = aws("kms")
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    administer = {"Effect": "Allow", "Principal": root, "Action": "kms:PutKeyPolicy", "Resource": "*"}
    key = kms.create_key(Policy=document(administer))["KeyMetadata"]["Arn"]
    session = account.session(allow("kms:*"))
    refused(
        lambda: session("kms").encrypt(KeyId=key, Plaintext=b"x"),
        "because no resource-based policy allows the kms:Encrypt action",
        code="AccessDeniedException",
        status=400,
    )


def test_an_unknown_resource_is_refused_with_the_reason(account: Account, bucket: str) -> None:
    network = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    s3 = account.session(allow("s3:GetObject", Condition=network))("s3")
    refused(lambda: s3.get_object(Bucket=bucket, Key="data/raw/a.txt"), "aws:sourcevpc")
    polly = account.session(allow("polly:DescribeVoices", "arn:aws:polly:*"))("polly")
    refused(polly.describe_voices, "does not know which resource", code="AccessDeniedException")


def test_decisions_are_evidence(account: Account, bucket: str) -> None:
    role = account.role(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Sid="Read"))
    s3 = account.client("s3", account.assume(role))
    for _ in range(2):
        s3.get_object(Bucket=bucket, Key="data/raw/a.txt")
    refused(lambda: s3.put_object(Bucket=bucket, Key="x", Body=b""))
    seen = {(row["action"], row["decision"], row["by"], row["count"]) for row in account.decisions(role=role)}
    assert seen == {("s3:GetObject", "allowed", "own/Read", 2), ("s3:PutObject", "denied", "", 1)}


def test_an_unreadable_body_grants_nothing(account: Account) -> None:
    credentials = account.assume(account.role(allow("ssm:GetParameter", f"arn:aws:ssm:{SCOPE}:parameter/*")))
    headers = {"X-Amz-Target": "AmazonSSM.GetParameter", "Content-Type": "application/x-amz-json-1.1"}
    signed = AWSRequest("POST", f"{account.endpoint}/", headers, b"{not json")
    session = (credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    SigV4Auth(Credentials(*session), "ssm", REGION).add_auth(signed)
    request = urllib.request.Request(f"{account.endpoint}/", b"{not json", dict(signed.headers.items()))
    with pytest.raises(urllib.error.HTTPError) as failure:
        urllib.request.urlopen(request)
    assert json.loads(failure.value.read())["__type"] == "AccessDeniedException"


def test_reading_secure_strings_below_a_path_requires_the_path_and_the_key(account: Account, aws: Any) -> None:
    key, path = aws("kms").create_key()["KeyMetadata"]["Arn"], f"/{unique('keys')}"
    aws("ssm").put_parameter(Name=f"{path}/one", Value="hash", Type="SecureString", KeyId=key)
    request = {"Path": path, "WithDecryption": True}
    listing = allow("ssm:GetParametersByPath", f"arn:aws:ssm:{SCOPE}:parameter{path}")
    both = account.session(listing, allow("kms:Decrypt", key))("ssm")
    assert [each["Value"] for each in both.get_parameters_by_path(**request)["Parameters"]] == ["hash"]
    without_key = account.session(listing)("ssm")
    json_refusal: dict[str, Any] = {"code": "AccessDeniedException", "status": 400}
    refused(lambda: without_key.get_parameters_by_path(**request), "kms:Decrypt", **json_refusal)
    elsewhere = account.session(allow("ssm:GetParametersByPath", f"arn:aws:ssm:{SCOPE}:parameter/other"))("ssm")
    refused(lambda: elsewhere.get_parameters_by_path(**request), "ssm:GetParametersByPath", **json_refusal)
