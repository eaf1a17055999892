"""An environment's resources are found by tags and names, and told from other environments'."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.model import ListShape

from orchestrator.config import Environment
from orchestrator.recovery import remains
from orchestrator.recovery.listings import LISTINGS, NAMELESS, Listing
from orchestrator.recovery.remains import Remain
from tests.fakes.aws import FakeCloud
from tests.fakes.listings import nothing, tagged

TERRAFORM = Path(__file__).resolve().parents[4] / "terraform"
OURS = {"project": "mlops", "environment": "local"}
THEIRS = {"project": "mlops", "environment": "local-2"}
ARN = "arn:aws:{}:us-east-1:123456789012:{}"
BUCKET = "mlops-local-tfstate-123456789012-us-east-1"
CANDIDATE = "/aws/sagemaker/Endpoints/mlops-local-candidate-1"


def cloud(endpoint: str | None = "http://127.0.0.1:4566", **answers: Any) -> FakeCloud:
    """Empty except for these: `logs__describe_log_groups={…}`."""
    services = nothing()
    for name, answer in answers.items():
        service, operation = name.split("__")
        services[service][operation] = answer
    return FakeCloud(endpoint=endpoint, services=services)


def log_groups(*names: str) -> dict[str, Any]:
    return {"logGroups": [{"logGroupName": name, "arn": ARN.format("logs", f"log-group:{name}:*")} for name in names]}


def names(resources: list[Remain]) -> list[str]:
    return [each.name for each in resources]


def test_a_log_group_that_a_service_made_is_found_by_its_name(environment: Environment) -> None:
    aws = cloud(logs__describe_log_groups=log_groups(CANDIDATE, "/aws/lambda/another-project", "/aws/mlops-local-2/x"))
    assert remains.find(aws, environment, others=["mlops-local-2"]) == [
        Remain("logs", "log-group", CANDIDATE, ARN.format("logs", f"log-group:{CANDIDATE}"))
    ]


def test_a_resource_without_a_name_is_found_by_its_tags(environment: Environment) -> None:
    vpc = ARN.format("ec2", "vpc/vpc-1")
    answer = tagged(**{vpc: OURS, ARN.format("ec2", "vpc/vpc-2"): THEIRS})
    assert remains.find(cloud(resourcegroupstaggingapi__get_resources=answer), environment) == [
        Remain("ec2", "vpc", "vpc-1", vpc)
    ]


def test_tags_decide_on_the_owner_of_a_name(environment: Environment) -> None:
    """`mlops-local-2-jobs` may be the jobs of `local-2`, or `2-jobs` of `local`."""
    queue = ARN.format("sqs", "mlops-local-2-jobs")
    listed = {"QueueUrls": ["https://sqs.us-east-1.amazonaws.com/123456789012/mlops-local-2-jobs"]}

    def owned(tags: dict[str, str], *others: str) -> list[str]:
        answer = tagged(**{queue: tags}) if tags else {}
        aws = cloud(sqs__list_queues=listed, resourcegroupstaggingapi__get_resources=answer)
        return names(remains.find(aws, environment, others))

    assert owned(THEIRS) == []
    assert owned(OURS, "mlops-local-2") == ["mlops-local-2-jobs"]
    assert owned({}) == ["mlops-local-2-jobs"]
    assert owned({}, "mlops-local-2") == []


def test_the_tags_of_roles_are_read(environment: Environment) -> None:
    roles = {"Roles": [{"RoleName": f"mlops-local-{name}", "Arn": name} for name in ("ours", "theirs", "bare")]}
    tags = {"ours": OURS, "theirs": THEIRS, "bare": {}}

    def tags_of(RoleName: str) -> dict[str, Any]:
        of = tags[RoleName.rsplit("-", 1)[-1]]
        return {"Tags": [{"Key": key, "Value": value} for key, value in of.items()]}

    aws = cloud(iam__list_roles=roles, iam__list_role_tags=tags_of)
    assert names(remains.find(aws, environment)) == ["mlops-local-bare", "mlops-local-ours"]


def test_the_state_bucket_and_keys_in_deletion_are_left_out(environment: Environment) -> None:
    own, doomed, left = (ARN.format("kms", f"key/{name}") for name in ("own", "doomed", "left"))
    states = {own: "Enabled", doomed: "PendingDeletion", left: "Enabled"}
    aliases = [{"AliasName": f"alias/{BUCKET}", "AliasArn": ARN.format("kms", f"alias/{BUCKET}"), "TargetKeyId": "own"}]
    aws = cloud(
        resourcegroupstaggingapi__get_resources=tagged(
            **{key: OURS for key in states}, **{f"arn:aws:s3:::{BUCKET}": OURS, ARN.format("s", "training-job/1"): OURS}
        ),
        kms__list_aliases={"Aliases": aliases},
        kms__describe_key=lambda KeyId: {"KeyMetadata": {"KeyState": states[KeyId]}},
        s3__list_buckets={"Buckets": [{"Name": BUCKET}, {"Name": "mlops-local-data"}]},
    )
    assert names(remains.find(aws, environment)) == ["left", "mlops-local-data"]


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("mlops-local-x", True),
        ("/aws/vpc/mlops-local/flow-logs", True),
        ("aws-waf-logs-mlops-local-inference", True),
        ("alias/mlops-local-data", True),
        ("mlops-locality", False),
        ("other-mlops-local-x", False),
    ],
)
def test_a_prefix_must_end_at_a_part_of_the_name(name: str, own: bool) -> None:
    assert remains.bears(name, "mlops-local") is own


def test_operations_that_fail_are_reported(environment: Environment) -> None:
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListTables")
    [problem] = remains.look(cloud(dynamodb__list_tables=refused), environment).unseen
    assert problem.startswith("dynamodb list_tables")
    assert "AccessDenied" in problem


def test_operations_that_the_local_aws_lacks_are_ignored(environment: Environment) -> None:
    message = "The local emulator does not implement this operation of bedrock: list_guardrails"
    unknown = ClientError({"Error": {"Code": "NotImplemented", "Message": message}}, "ListGuardrails")
    assert remains.look(cloud(bedrock__list_guardrails=unknown), environment).unseen == []
    assert len(remains.look(cloud(None, bedrock__list_guardrails=unknown), environment).unseen) == 1


def test_a_missing_service_of_a_region_is_ignored(environment: Environment) -> None:
    none = EndpointConnectionError(endpoint_url="https://bedrock-agent.us-west-1.amazonaws.com")
    agents: dict[str, Any] = {"bedrock-agent__list_agents": none}
    assert remains.look(cloud(None, **agents), environment).unseen == []
    # The local AWS has every service: there it is dead.
    assert len(remains.look(cloud(**agents), environment).unseen) == 1


@pytest.mark.full  # thirty service models take seconds to read
@pytest.mark.parametrize("listing", LISTINGS, ids=lambda each: f"{each.service}-{each.kind}")
def test_each_listing_is_an_operation_of_its_service(listing: Listing) -> None:
    """Names of operation, members and arguments match botocore's model."""
    import botocore.session

    model = botocore.session.get_session().get_service_model(listing.service)
    operation = next(each for each in model.operation_names if _snake(each) == listing.operation)
    shapes = model.operation_model(operation)
    assert set(listing.arguments) <= set(shapes.input_shape.members if shapes.input_shape else ())
    assert shapes.output_shape is not None
    items = shapes.output_shape.members[listing.items]
    assert isinstance(items, ListShape)
    member = items.member
    fields = set(re.findall(r"{(\w+)}", listing.arn)) - {"partition", "region", "account", "name"}
    fields_used = {listing.name, *fields, *(set() if "{" in listing.arn else {listing.arn})} - {""}
    assert fields_used <= set(getattr(member, "members", ()))


def _snake(operation: str) -> str:
    import botocore

    return str(botocore.xform_name(operation))


def test_every_type_has_a_listing_or_a_reason() -> None:
    written = {
        type_
        for file in TERRAFORM.rglob("*.tf")
        for type_ in re.findall(r'^resource "(aws_\w+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    listed = {type_ for listing in LISTINGS for type_ in listing.types}
    nameless = {f"aws_{type_}" for types in NAMELESS.values() for type_ in types.split()}
    assert len(written) > 100
    assert listed & nameless == set()
    assert written == listed | nameless


def test_resources_in_no_state_are_listed(environment: Environment) -> None:
    arn = ARN.format("sagemaker", "model/{}").format
    one, two = (Remain("sagemaker", "model", name, arn(name)) for name in ("m1", "m2"))
    unnamed = Remain("glue", "security-configuration", "s", ARN.format("glue", "securityConfiguration/s"))
    # `m2` is an endpoint's configuration too: its name in a state says nothing of the model.
    assert remains.beyond([one, two, unnamed], {arn("m1"), "m2", "s"}) == [two]


@pytest.mark.parametrize(
    ("service", "kind", "name", "beside"),
    [
        ("sagemaker", "model", "mlops-local-reviews-0a1b2c3d-v12", True),
        ("sagemaker", "endpoint-config", "mlops-local-candidate-r1", True),
        ("sagemaker", "model-package", "mlops-local-reviews/1", True),
        ("sagemaker", "model", "mlops-local-by-hand", False),
        ("ssm", "parameter", "/mlops/local/models/reviews/live", True),
        ("ssm", "parameter", "mlops/local/secrets/job-ids", True),
        ("ssm", "parameter", "/mlops/local/routes/gone", False),
        ("logs", "log-group", CANDIDATE, True),
        ("logs", "log-group", "/aws/lambda/mlops-local-lost", False),
        ("lambda", "function", "mlops-local-candidate-x", False),
    ],
)
def test_resources_created_outside_of_the_states_are_recognised(
    environment: Environment, service: str, kind: str, name: str, beside: bool
) -> None:
    assert remains.made_beside(environment, Remain(service, kind, name, f"arn:{name}")) is beside


def test_ids_count_if_the_provider_stores_no_arn() -> None:
    nat = Remain("ec2", "natgateway", "nat-1", ARN.format("ec2", "natgateway/nat-1"))
    query = Remain("logs", "query-definition", "mlops-local/q", ARN.format("logs", "query-definition:0a"))
    assert remains.beyond([nat, query], {"nat-1", "0a"}) == []
    assert remains.beyond([nat, query], {"q"}) == [nat, query]
