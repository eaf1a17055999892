"""Map a call of a service to the actions on resources that its caller needs permission for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Protocol

from emulator.services.iam import tables
from emulator.services.iam.policy.conditions import Value
from emulator.services.iam.tables import Service

PARTITION = "aws"
_BATCHED = ("Identifiers.FeatureGroupName", "Entries.FeatureGroupName")
_ITEMS = ("PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan")
_RECORDS = ("PutRecord", "GetRecord", "DeleteRecord", "BatchGetRecord", "BatchWriteRecord")


@dataclass(frozen=True)
class Call:
    """A call of an AWS operation. `service` is the name that the request was signed for."""

    service: str
    operation: str
    region: str
    account: str
    parameters: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


@dataclass(frozen=True)
class Need:
    """An action on a resource, which is `None` if unknown. `context` are keys that only this action has."""

    action: str
    resource: str | None
    context: Mapping[str, Value | None] = field(default_factory=dict)


@dataclass(frozen=True)
class StorageKey:
    """A KMS key of S3. With a bucket key it encrypts for the whole bucket, without one for each object."""

    arn: str
    whole_bucket: bool = False


class World(Protocol):
    """State that determines the resources of a call."""

    def key_arn(self, key: str, region: str) -> str | None:
        """Return the ARN of a KMS key given by id, alias or ARN; `None` for a key that does not exist."""

    def bucket_key(self, bucket: str, region: str) -> StorageKey | None:
        """Return the key of the bucket's default encryption."""

    def object_key(self, bucket: str, key: str, version: str | None, region: str) -> StorageKey | None:
        """Return the key that an object is encrypted with."""

    def resource_key(self, arn: str) -> str | None:
        """Return the ARN of the key of a topic, a queue, a table or a feature group's online store."""

    def parameter_key(self, name: str, region: str) -> str | None:
        """Return the ARN of the key of a SecureString parameter."""

    def parameters_below(self, path: str, region: str) -> tuple[str, ...]:
        """Return the names of the parameters under a path."""

    def models_behind(self, profile_arn: str) -> tuple[str, ...]:
        """Return the foundation models of an inference profile."""

    def guardrail_tags(self, arn: str) -> Mapping[str, str]:
        """Return a guardrail's tags; empty for one that does not exist."""

    def workgroup_of(self, query_execution_id: str, region: str) -> str | None:
        """Return the name of the Athena workgroup of a query."""


def of(call: Call, world: World) -> tuple[Need, ...]:
    """Return all needs of a call, its own action first."""
    special = SPECIAL.get(call.service) or SPECIAL.get(f"{call.service}:{call.operation}")
    if special:
        return special(call, world)
    service = tables.SERVICES.get(call.service)
    if service is None:
        return (Need(f"{call.service}:{call.operation}", None),)
    return (*_own(call, service), *_passed_roles(call, service), *_keys(call, world))


def arn(service: str, call: Call, rest: str) -> str:
    """Make an ARN in the caller's region and account; return an ARN unchanged."""
    region = "" if service in tables.GLOBAL else call.region
    return rest if rest.startswith("arn:") else f"arn:{PARTITION}:{service}:{region}:{call.account}:{rest}"


def _own(call: Call, service: Service) -> Iterable[Need]:
    action = f"{service.prefix}:{service.actions.get(call.operation, call.operation)}"
    context = _context(call)
    resources = _resources(call, service)
    if resources is None:
        return [Need(action, None, context)]
    # A batch may name one resource many times.
    return [Need(action, resource, context) for resource in dict.fromkeys(resources)]


def _resources(call: Call, service: Service) -> list[str] | None:
    """Return the resources of a call; `["*"]` for an action without resource type, `None` if the tables lack it."""
    if call.operation in service.operations:
        resources = [one for template in service.operations[call.operation] for one in _filled(template, call, service)]
        return resources or ["*"]
    resources = [
        one
        for name, template in service.parameters.items()
        if call.parameters.get(name)
        for one in _filled(template.replace("{}", f"{{{name}}}"), call, service)
    ]
    if resources:
        return resources
    return ["*"] if any(fnmatchcase(call.operation, pattern) for pattern in service.general) else None


def _filled(template: str, call: Call, service: Service) -> list[str]:
    """Fill a template with parameters; a list in one of them makes a resource of each item."""
    if "{" not in template:
        return [arn(service.arn_service or service.prefix, call, template) if template != "*" else "*"]
    name = template[template.index("{") + 1 : template.index("}")]
    name, _, default = name.partition("|")
    values = values_at(call.parameters, name) or ([default] if default else [])
    filled = []
    for value in values:
        whole = str(value)
        if whole.startswith("arn:"):
            filled.append(whole)
            continue
        text = template[: template.index("{")] + whole.lstrip("/" if service.strips_slash else "")
        filled += _filled(text + template[template.index("}") + 1 :], call, service)
    return filled


def values_at(parameters: Mapping[str, Any], path: str) -> list[Any]:
    """Return the values at a path such as `Entries.EventBusName`, including those in lists."""
    values: list[Any] = [parameters]
    for part in path.split("."):
        values = [item.get(part) for item in values if isinstance(item, Mapping)]
        values = [inner for item in values for inner in (item if isinstance(item, list) else [item])]
    return [item for item in values if item not in (None, "")]


def _passed_roles(call: Call, service: Service) -> Iterable[Need]:
    """Return the needs of `iam:PassRole`, which is not a call: passing a role to a service requires it."""
    if not call.operation.startswith(tables.PASSING):
        return
    for path in tables.ROLE_PARAMETERS:
        for value in values_at(call.parameters, path):
            if not service.receives_roles_as:
                continue
            role = value if str(value).startswith("arn:") else f"arn:{PARTITION}:iam::{call.account}:role/{value}"
            yield Need("iam:PassRole", str(role), {"iam:PassedToService": service.receives_roles_as})


def _keys(call: Call, world: World) -> Iterable[Need]:
    """Return the needs of KMS keys that a service uses on behalf of its caller."""
    name = f"{call.service}:{call.operation}"
    topic = call.parameters.get("TopicArn") or call.parameters.get("TargetArn")
    if name in ("sns:Publish", "sns:PublishBatch") and topic:
        about: dict[str, Value | None] = {"kms:EncryptionContext:aws:sns:topicArn": str(topic)}
        actions: tuple[str, ...] = ("kms:GenerateDataKey", "kms:Decrypt")
        yield from through("sns", world.resource_key(str(topic)), call, *actions, context=about)
    if call.service == "sqs" and call.operation in ("SendMessage", "SendMessageBatch", "ReceiveMessage"):
        actions = ("kms:Decrypt",) if call.operation == "ReceiveMessage" else ("kms:GenerateDataKey", "kms:Decrypt")
        about = {"kms:EncryptionContext:aws:sqs:arn": queue_arn(call)}
        yield from through("sqs", world.resource_key(queue_arn(call)), call, *actions, context=about)
    if call.service == "ssm":
        yield from _parameter_keys(call, world)
    if call.service == "dynamodb" and call.operation in _ITEMS and call.parameters.get("TableName"):
        # A table may be named by its ARN.
        name = str(call.parameters["TableName"]).rpartition(":table/")[2]
        table = arn("dynamodb", call, f"table/{name}")
        about = {"kms:EncryptionContext:aws:dynamodb:tableName": name}
        yield from through("dynamodb", world.resource_key(table), call, "kms:Decrypt", context=about)
    if call.service == "sagemaker" and call.operation in _RECORDS:
        paths = ("FeatureGroupName", *_BATCHED)
        for group in sorted({str(value) for path in paths for value in values_at(call.parameters, path)}):
            key = world.resource_key(arn("sagemaker", call, f"feature-group/{group.rpartition('/')[2].lower()}"))
            yield from through("sagemaker", key, call, "kms:Decrypt")
    if call.service == "sagemaker" and call.operation.startswith("Create"):
        for path in ("ResourceConfig.VolumeKmsKeyId", "TransformResources.VolumeKmsKeyId", "KmsKeyId"):
            for value in values_at(call.parameters, path):
                granted = {"kms:GrantIsForAWSResource": True}
                key = world.key_arn(str(value), call.region)
                yield from through("sagemaker", key, call, "kms:CreateGrant", "kms:DescribeKey", context=granted)


def _parameter_keys(call: Call, world: World) -> Iterable[Need]:
    """Return the needs of SecureStrings' keys, which SSM uses on behalf of its caller."""
    if call.operation == "PutParameter" and call.parameters.get("Type") == "SecureString":
        key = world.key_arn(str(call.parameters.get("KeyId") or "alias/aws/ssm"), call.region)
        # KMS itself encrypts a standard parameter, a data key an advanced one; the parameter is the context.
        action = "kms:GenerateDataKey" if call.parameters.get("Tier") == "Advanced" else "kms:Encrypt"
        yield from through("ssm", key, call, action, context=_of_parameter(call, str(call.parameters.get("Name"))))
    if call.operation not in ("GetParameter", "GetParameters", "GetParametersByPath"):
        return
    if not call.parameters.get("WithDecryption"):
        return
    named = [str(name) for key in ("Name", "Names") for name in values_at(call.parameters, key)]
    below = [
        name for path in values_at(call.parameters, "Path") for name in world.parameters_below(str(path), call.region)
    ]
    for parameter in (*named, *below):
        key = world.parameter_key(parameter, call.region)
        yield from through("ssm", key, call, "kms:Decrypt", context=_of_parameter(call, parameter))


def _of_parameter(call: Call, name: str) -> dict[str, Value | None]:
    return {"kms:EncryptionContext:PARAMETER_ARN": arn("ssm", call, f"parameter/{name.lstrip('/')}")}


def through(
    service: str, key: str | None, call: Call, *actions: str, context: Mapping[str, Value | None] | None = None
) -> Iterable[Need]:
    """Return a service's calls of KMS on behalf of its caller; none without a key of the account."""
    if key is None:
        return
    keys: dict[str, Value | None] = {"kms:GrantIsForAWSResource": False, **(context or {})}
    keys |= {"kms:ViaService": f"{service}.{call.region}.amazonaws.com", "aws:ViaAWSService": True}
    for action in actions:
        yield Need(action, key, keys)


def queue_arn(call: Call) -> str:
    account, _, name = str(call.parameters.get("QueueUrl", "")).rpartition("/")
    return f"arn:{PARTITION}:sqs:{call.region}:{account.rpartition('/')[2] or call.account}:{name}"


def _context(call: Call) -> dict[str, Value | None]:
    """Return the condition keys that the parameters set."""
    context: dict[str, Value | None] = {}
    for key, path in tables.CONDITION_KEYS.get(call.service, {}).items():
        paths = (path,) if isinstance(path, str) else path
        values = [value for one in paths for value in values_at(call.parameters, one)]
        context[key] = [("true" if v else "false") if isinstance(v, bool) else str(v) for v in values] or None
    return context


# ---- services whose parameters do not name their resources as they are ----------------------------------------


def _sqs(call: Call, world: World) -> tuple[Need, ...]:
    if call.operation == "ListQueues":
        return (Need("sqs:ListQueues", "*"),)
    name = call.parameters.get("QueueName")
    resource = arn("sqs", call, str(name)) if name else queue_arn(call)
    action = call.operation.removesuffix("Batch")
    return (Need(f"sqs:{action}", resource), *_keys(call, world))


def _kms(call: Call, world: World) -> tuple[Need, ...]:
    given = call.parameters.get("KeyId") or call.parameters.get("TargetKeyId")
    context: dict[str, Value | None] = {"kms:ViaService": None, "kms:GrantIsForAWSResource": False}
    encryption = call.parameters.get("EncryptionContext") or {}
    context |= {f"kms:EncryptionContext:{name}": str(value) for name, value in encryption.items()}
    if given is None:
        general = call.operation in ("ListKeys", "ListAliases", "CreateKey", "GenerateRandom")
        return (Need(f"kms:{call.operation}", "*" if general else None, context),)
    return (Need(f"kms:{call.operation}", world.key_arn(str(given), call.region), context),)


def _bedrock(call: Call, world: World) -> tuple[Need, ...]:
    """Return the needs of a model; through a profile, both the profile and the model in every region it routes to."""
    action = {"Converse": "InvokeModel", "ConverseStream": "InvokeModelWithResponseStream"}.get(
        call.operation, call.operation
    )
    model = call.parameters.get("modelId")
    job = call.parameters.get("jobIdentifier")
    if job:
        return (Need(f"bedrock:{action}", arn("bedrock", call, _job(str(job)))),)
    if model is None:
        profile = call.parameters.get("inferenceProfileIdentifier")
        if call.operation == "ApplyGuardrail":
            return (_guarding(call, world),)
        general = call.operation.startswith("List")
        return (Need(f"bedrock:{action}", arn("bedrock", call, str(profile)) if profile else "*" if general else None),)
    model = str(model)
    if not model.startswith("arn:"):
        model = f"arn:{PARTITION}:bedrock:{call.region}::foundation-model/{model}"
    behind = world.models_behind(model) if "inference-profile/" in model else ()
    own = [Need(f"bedrock:{action}", model)]
    profile_key: dict[str, Value | None] = {"bedrock:InferenceProfileArn": model}
    guard = (_guarding(call, world),) if _guardrail_of(call) else ()
    batch: tuple[Need, ...] = ()
    if call.operation == "CreateModelInvocationJob":
        # The job's id is not known yet; its role is passed to the service.
        role = Need(
            "iam:PassRole", str(call.parameters.get("roleArn")), {"iam:PassedToService": "bedrock.amazonaws.com"}
        )
        batch = (Need(f"bedrock:{action}", arn("bedrock", call, _job("*"))), role)
    return (*own, *(Need(f"bedrock:{action}", one, profile_key) for one in behind), *guard, *batch)


def _job(identifier: str) -> str:
    return identifier if identifier.startswith("arn:") else f"model-invocation-job/{identifier}"


def _guardrail_of(call: Call) -> str | None:
    """Return the guardrail: a parameter of ApplyGuardrail and InvokeModel, and a member of one of Converse."""
    config = call.parameters.get("guardrailConfig") or {}
    given = call.parameters.get("guardrailIdentifier") or config.get("guardrailIdentifier")
    return str(given) if given else None


def _guarding(call: Call, world: World) -> Need:
    """Return the need of a guardrail, with its tags as context: policies cannot name its id, which AWS generates."""
    given = str(_guardrail_of(call))
    resource = arn("bedrock", call, given if given.startswith("arn:") else f"guardrail/{given}")
    tags = world.guardrail_tags(resource)
    keys: dict[str, Value | None] = {f"aws:ResourceTag/{name}": tags.get(name) for name in ("project", "environment")}
    return Need("bedrock:ApplyGuardrail", resource, keys | {f"aws:ResourceTag/{n}": v for n, v in tags.items()})


def _put_events(call: Call, world: World) -> tuple[Need, ...]:
    """Return the needs of PutEvents: each entry has its own bus, by default the default one."""
    needs = []
    for entry in call.parameters.get("Entries") or ():
        bus = entry.get("EventBusName") or "default"
        resource = arn("events", call, bus if str(bus).startswith("arn:") else f"event-bus/{bus}")
        keys = {"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")}
        needs.append(Need("events:PutEvents", resource, keys))
    return tuple(needs)


def _athena(call: Call, world: World) -> tuple[Need, ...]:
    query = call.parameters.get("QueryExecutionId")
    group = call.parameters.get("WorkGroup") or (world.workgroup_of(str(query), call.region) if query else None)
    if group is None and call.operation == "StartQueryExecution":
        group = "primary"
    if group is None:
        return (Need(f"athena:{call.operation}", "*" if call.operation.startswith("List") else None),)
    return (Need(f"athena:{call.operation}", arn("athena", call, f"workgroup/{group}")),)


SPECIAL = {
    "athena": _athena,
    "bedrock": _bedrock,
    "events:PutEvents": _put_events,
    "kms": _kms,
    "sqs": _sqs,
}
"""By service, or by service and operation."""
