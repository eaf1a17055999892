"""Find resources that Terraform created for an environment and no state holds, and whose address is taken or gone.

A second network is the common case: a run died, its state was lost, and the next one created everything without a name
again. Its tags show that Terraform created it. Models and endpoint configurations are left out on purpose: those of
releases have the same tags, are in no state either, and are in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.aws.client import every, explained
from orchestrator.aws.model import Cloud
from orchestrator.recovery import ec2
from orchestrator.recovery.importing import identity
from orchestrator.session.session import Session

STACK = "recover-rest"
"""The name of the state that holds the resources during their removal."""
MADE_BY = ("managed-by", "terraform")


@dataclass(frozen=True)
class Kind:
    """A kind of resource: the provider's type, and the version of its schema in a state."""

    type: str
    schema: int = 0
    is_arn: bool = False
    """Whether the provider's id is the ARN."""


OTHERS: Mapping[str, Kind] = {
    "apigateway:/restapis/": Kind("aws_api_gateway_rest_api"),
    "apigateway:/usageplans/": Kind("aws_api_gateway_usage_plan"),
    "elasticfilesystem:access-point/": Kind("aws_efs_access_point"),
    "elasticfilesystem:file-system/": Kind("aws_efs_file_system"),
    "kms:key/": Kind("aws_kms_key"),
    "lambda:function:": Kind("aws_lambda_function"),
    "logs:log-group:": Kind("aws_cloudwatch_log_group"),
    "sagemaker:domain/": Kind("aws_sagemaker_domain"),
    "sns:": Kind("aws_sns_topic", is_arn=True),
    "states:stateMachine:": Kind("aws_sfn_state_machine", is_arn=True),
}
"""By service and prefix of the ARN's resource."""


@dataclass(frozen=True)
class Rest:
    """A resource that belongs to no address."""

    id: str
    name: str
    kind: Kind


def find(session: Session) -> list[Rest]:
    """List these resources of an environment."""
    cloud, store = session.target.cloud, session.target.store
    with explained(cloud, "list the resources that belong to no stack"):
        # Without the state of an interrupted removal, so that its resources are found again.
        states = [store.read(name) for name in store.stacks() if name != STACK]
        held = {known for state in states if state for known in state.ids}
        unowned = [each for each in (*_of_ec2(cloud, session), *_tagged(cloud, session)) if each.id not in held]
        return [each for each in unowned if not _is_leaving(cloud, each)]


def _tags(session: Session) -> dict[str, str]:
    return {**identity(session), MADE_BY[0]: MADE_BY[1]}


def _of_ec2(cloud: Cloud, session: Session) -> Iterator[Rest]:
    """List EC2's resources with its own API, because the local tagging API lacks some of its kinds."""
    for kind in ec2.KINDS:
        for item, tags in ec2.tagged(cloud, kind, _tags(session)):
            if item.get("GroupName") != "default":  # deleted with its VPC
                yield Rest(str(item[kind.id]), tags.get("Name", ""), Kind(kind.type, kind.schema))


def _tagged(cloud: Cloud, session: Session) -> Iterator[Rest]:
    filters = [{"Key": key, "Values": [value]} for key, value in _tags(session).items()]
    client = cloud.client("resourcegroupstaggingapi")
    for item in every(client, "get_resources", "ResourceTagMappingList", TagFilters=filters):
        arn = str(item["ResourceARN"]).removesuffix(":*")
        service, resource = arn.split(":", 5)[2::3]
        kinds = [(begin, kind) for begin, kind in OTHERS.items() if f"{service}:{resource}".startswith(begin)]
        if kinds:
            begin, kind = kinds[0]
            own = f"{service}:{resource}".removeprefix(begin)
            yield Rest(arn if kind.is_arn else own, arn, kind)


def _is_leaving(cloud: Cloud, rest: Rest) -> bool:
    """Return whether a resource is being deleted: a key in deletion exists for a week or more."""
    if rest.kind.type != "aws_kms_key":
        return False
    return bool(cloud.client("kms").describe_key(KeyId=rest.id)["KeyMetadata"]["KeyState"] == "PendingDeletion")


def state(found: list[Rest], lineage: str, serial: int, provider: str) -> dict[str, Any]:
    """Build a state that holds only the ids of these resources: the provider reads the other attributes itself."""
    resources = [
        {
            "mode": "managed",
            "type": each.kind.type,
            "name": f"rest{number}",
            "provider": f'provider["{provider}"]',
            "instances": [{"schema_version": each.kind.schema, "attributes": {"id": each.id}}],
        }
        for number, each in enumerate(found)
    ]
    return {
        "version": 4,
        "terraform_version": "1.11.0",
        "serial": serial,
        "lineage": lineage,
        "outputs": {},
        "resources": resources,
    }
