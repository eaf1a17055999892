"""Policies of moto's resources, and whether they admit an AWS service. Reads moto without patching it."""

from __future__ import annotations

import json
from typing import Any

from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import Queue, sqs_backends
from moto.utilities.arns import parse_arn

from emulator.services.events.courier import no_permission, no_resource
from emulator.services.events.permission import Call, admits, grants, trusts

ENCRYPTED_FOR = {"sns": "aws:sns:topicArn", "sqs": "aws:sqs:arn"}
"""Encryption context of the two services."""


def queue(arn: str) -> Queue:
    target = parse_arn(arn)
    try:
        return sqs_backends[target.account][target.region].queues[target.resource_id]
    except KeyError:
        raise no_resource(f"The queue {arn} does not exist") from None


def topic(arn: str) -> Any:
    target = parse_arn(arn)
    try:
        return sns_backends[target.account][target.region].topics[arn]
    except KeyError:
        raise no_resource(f"The topic {arn} does not exist") from None


def function(arn: str) -> Any:
    from moto.awslambda.exceptions import GenericResourcNotFound, UnknownFunctionException
    from moto.awslambda.utils import get_backend

    target = parse_arn(arn)
    try:
        return get_backend(target.account, target.region).get_function(arn)
    except (UnknownFunctionException, GenericResourcNotFound):
        raise no_resource(f"The function {arn} does not exist") from None


def to_queue(arn: str, call_from: str, context: dict[str, str]) -> Queue:
    """Return the queue if its policy and its key's policy admit the service. Raise `DeliveryFailed` otherwise."""
    target = queue(arn)
    call = Call(call_from, "sqs:SendMessage", arn, context)
    if not admits(_document(target.policy), call):
        raise no_permission(f"The policy of {arn} does not let {call_from} send messages")
    key(getattr(target, "kms_master_key_id", None), arn, call_from, context)
    return target


def to_topic(arn: str, call_from: str, context: dict[str, str]) -> Any:
    target = topic(arn)
    # Alarms act for the account; EventBridge acts for itself, which is why it needs its own statement.
    owner = target.account_id if call_from == "cloudwatch.amazonaws.com" else None
    if not admits(_document(target.policy), Call(call_from, "sns:Publish", arn, context), owner=owner):
        raise no_permission(f"The policy of {arn} does not let {call_from} publish")
    key(target.kms_master_key_id, arn, call_from, context)
    return target


def to_function(arn: str, call_from: str, context: dict[str, str]) -> None:
    target = function(arn)
    policy = {"Statement": target.policy.statements} if target.policy else None
    # Permissions are granted on the function, or on the alias or version in the ARN.
    if not any(
        admits(policy, Call(call_from, "lambda:InvokeFunction", name, context)) for name in (arn, target.function_arn)
    ):
        raise no_permission(f"{arn} has no permission for {call_from}")


def to_log_group(arn: str, call_from: str, context: dict[str, str]) -> None:
    target = parse_arn(arn)
    policies = [
        json.loads(item.policy_document)
        for item in logs_backends[target.account][target.region].resource_policies.values()
    ]
    plain = arn.removesuffix(":*")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        names = (plain, f"{plain}:*", f"{plain}:log-stream:x")
        calls = [Call(call_from, action, name, context) for name in names]
        if not any(admits(policy, call) for policy in policies for call in calls):
            raise no_permission(f"No resource policy of CloudWatch Logs gives {call_from} {action} on {arn}")


def to_bus(arn: str, call_from: str, context: dict[str, str]) -> None:
    target = parse_arn(arn)
    bus = events_backends[target.account][target.region].event_buses.get(target.resource_id)
    if bus is None:
        raise no_resource(f"The event bus {arn} does not exist")
    if not admits(_document(bus.policy), Call(call_from, "events:PutEvents", arn, context)):
        raise no_permission(f"{arn} takes events from another bus only under a role or by its own policy")


def under_role(role_arn: str, service: str, action: str, resource: str, context: dict[str, str] | None = None) -> None:
    """Check that the service may assume the role and that the role allows the call; raise `DeliveryFailed` if not."""
    backend = iam_backends[parse_arn(role_arn).account]["aws"]
    role = next((role for role in backend.roles.values() if role.arn == role_arn), None)
    if role is None:
        raise no_permission(f"The role {role_arn} does not exist")
    if not trusts(
        _document(role.assume_role_policy_document), Call(service, "sts:AssumeRole", role_arn, context or {})
    ):
        raise no_permission(f"The role {role_arn} does not trust {service}")
    boundary = _attached(backend.managed_policies.get(role.permissions_boundary_arn or ""))
    if not grants(role_arn, role_policies(role), boundary, Call(service, action, resource)):
        raise no_permission(f"The role {role_arn} does not allow {action} on {resource}")


def role_policies(role: Any) -> list[dict[str, Any]]:
    inline = [_document(text) for text in role.policies.values()]
    attached = [_attached(policy) for policy in role.managed_policies.values()]
    return [document for document in (*inline, *attached) if document]


def _attached(policy: Any) -> dict[str, Any] | None:
    """Return the default version of a managed policy."""
    if policy is None:
        return None
    return next(
        (_document(version.document) for version in policy.versions if version.version_id == policy.default_version_id),
        None,
    )


def key(key_id: str | None, of: str, service: str, context: dict[str, str]) -> None:
    """Check that a service may use the key of an encrypted queue or topic; without permission, messages are lost."""
    if not key_id:
        return
    resource = parse_arn(of)
    backend = kms_backends[resource.account][resource.region]
    known = backend.keys.get(backend.any_id_to_key_id(key_id) or "")
    if known is None:
        raise no_resource(f"The key {key_id} of {of} does not exist")
    if key_id.removeprefix("arn:").split(":")[-1].startswith("alias/aws/"):
        raise no_permission(f"{of} is encrypted with {key_id}, an AWS managed key that does not admit {service}")
    # SNS and SQS send this encryption context to the key, whatever the sender.
    context = {**context, f"kms:EncryptionContext:{ENCRYPTED_FOR[resource.service]}": of}
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        if not admits(_document(known.policy), Call(service, action, known.arn, context)):
            raise no_permission(f"The policy of key {known.arn} of {of} does not give {service} {action}")


def _document(text: Any) -> dict[str, Any] | None:
    if not text:
        return None
    return text if isinstance(text, dict) else json.loads(text)
