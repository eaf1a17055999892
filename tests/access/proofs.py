"""What no policy of the platform may say. Each proof returns the findings, in sentences; none is good."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.access import actions
from tests.access.roles import Document, Role, Statement, listed

NARROWED_BY_CONDITION = {
    "cloudwatch:PutMetricData": "cloudwatch:namespace",
}
"""Actions without resource type that AWS lets one limit in another way; then it has to be done."""

SERVICES_WITHOUT_SOURCE = {
    "apigateway.amazonaws.com": "takes the role for the account's logs, and sends no source with it",
}
"""Services whose trust cannot name the account that they act for, with the reason."""


USES_OF_KEYS = frozenset(
    f"kms:{name}"
    for name in (
        "CreateGrant",
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    )
)
UNTIED_KEYS = {
    "EncryptBookmarks": "Glue encrypts job bookmarks in the job itself (CSE-KMS) and documents no service or context",
    "GrantVolumeKey": "SageMaker makes the grant with the role it runs under; it is tied by kms:GrantIsForAWSResource",
    "UseVolumeKey": "SageMaker tries with its role whether it may encrypt; nothing is opened by that",
    "UseKey": "Bedrock keeps what it reads for a knowledge base with its role, and documents no service or context",
}
"""Statements, by their name, in which a key is tied to no service and no encryption context, with the reason."""


def untied_keys(document: Document) -> list[str]:
    """List the permissions on keys that are limited neither to one service nor to one encrypted thing.

    Otherwise the permission for one object under the key opens every other object that its holder can read.
    """
    return [
        f"{sid}: {action} through anything, for anything"
        for sid, statement in _allows(document)
        if sid not in UNTIED_KEYS and not _tied(statement)
        for action in _expanded(statement)
        if action in USES_OF_KEYS
    ]


def _tied(statement: Statement) -> bool:
    """Conditions that hold of an absent key (`…IfExists`), or of all but one value, tie nothing."""
    return any(
        key.lower() == "kms:viaservice" or key.lower().startswith("kms:encryptioncontext:")
        for operator, keys in statement.get("Condition", {}).items()
        if not operator.endswith("IfExists") and "Not" not in operator and operator != "Null"
        for key in keys
    )


def wildcard_actions(document: Document) -> list[str]:
    """List wildcard actions: only denies and boundaries may name families of actions, and none a whole service."""
    return [
        f"{sid}: {action}"
        for sid, statement in _allows(document)
        for action in listed(statement.get("Action", "NotAction"))
        if "*" in action or "?" in action or action == "NotAction"
    ]


def whole_services(document: Document) -> list[str]:
    """For a boundary: families such as `Describe*` are fine, a whole service is not."""
    return [
        f"{sid}: {action}"
        for sid, statement in _allows(document)
        for action in listed(statement.get("Action", "*"))
        if action.partition(":")[2] in ("", "*") or re.fullmatch(r"[*?]+", action.partition(":")[2])
    ]


def unknown_actions(document: Document) -> list[str]:
    """A misspelt action grants nothing, and denies nothing."""
    return [
        f"{sid}: {action}"
        for sid, statement in _statements(document)
        for action in listed(statement.get("Action", []))
        if not actions.expand(action)
    ]


def needless_stars(document: Document) -> list[str]:
    """`*` as resource, where AWS could limit the action to resources or by a condition."""
    faults = []
    for sid, statement in _allows(document):
        if "*" not in listed(statement.get("Resource", "*")):
            continue
        keys = {key.lower() for operator in statement.get("Condition", {}).values() for key in operator}
        for action in _expanded(statement):
            if action in actions.EITHER:
                continue
            if actions.resource_types(action):
                faults.append(
                    f"{sid}: {action} on *, although it can be limited to {actions.resource_types(action)[0]}"
                )
            elif NARROWED_BY_CONDITION.get(action, "").lower() not in keys | {""}:
                faults.append(f"{sid}: {action} on * without a condition on {NARROWED_BY_CONDITION[action]}")
    return faults


def idle_pairs(document: Document) -> list[str]:
    """Actions and resources of one statement that cannot meet: the right is not what it looks like."""
    faults = []
    for sid, statement in _allows(document):
        resources = listed(statement["Resource"])
        if resources == ["*"]:
            continue
        expanded = [action for action in _expanded(statement) if action not in actions.EITHER]
        if not expanded:
            continue
        faults += [
            f"{sid}: {action} takes none of {', '.join(resources)}"
            for action in expanded
            if not any(actions.can_mean(resource, action) for resource in resources)
        ]
        faults += [
            f"{sid}: no action there takes {resource}"
            for resource in resources
            if not any(actions.can_mean(resource, action) for action in expanded)
        ]
    return faults


def open_trust(role: Role, account: str, prefix: str) -> list[str]:
    """List roles that another account may assume, or a whole account without a condition."""
    faults = []
    for statement in role.trust["Statement"]:
        conditions = {key for operator in statement.get("Condition", {}).values() for key in operator}
        principal = statement["Principal"]
        if principal == "*" or "*" in listed(principal.get("AWS", [])):
            faults.append(f"{role.name}: anybody may take it")
            continue
        for service in listed(principal.get("Service", [])):
            if "aws:SourceAccount" not in conditions and service not in SERVICES_WITHOUT_SOURCE:
                faults.append(f"{role.name}: {service} may take it for any account")
        for arn in listed(principal.get("AWS", [])):
            if arn.endswith(":root") and not {"aws:PrincipalTag/persona"} & conditions:
                faults.append(f"{role.name}: every principal of {arn.split(':')[4]} may take it")
            if arn.split(":")[4] != account:
                faults.append(f"{role.name}: another account may take it")
    if not role.name.startswith(prefix):
        faults.append(f"{role.name}: not named after the environment {prefix}, so the boundary does not know it")
    return faults


def reach_of_passing(role: Role) -> list[str]:
    """PassRole names roles and the service that gets them."""
    return [
        f"{role.name} {sid}: {reason}"
        for sid, statement in role.statements()
        if statement["Effect"] == "Allow" and "iam:PassRole" in _expanded(statement)
        for reason in _careless_passing(statement)
    ]


def _careless_passing(statement: Statement) -> Iterable[str]:
    if any("*" in arn or "?" in arn for arn in listed(statement["Resource"])):
        yield f"passes roles by pattern: {statement['Resource']}"
    passed_to = statement.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService")
    if not passed_to:
        yield "passes roles to any service"


def _expanded(statement: Statement) -> list[str]:
    return [action for pattern in listed(statement["Action"]) for action in actions.expand(pattern)]


def _statements(document: Document) -> Iterable[tuple[str, Statement]]:
    return [(str(each.get("Sid", position)), each) for position, each in enumerate(document["Statement"])]


def _allows(document: Document) -> Iterable[tuple[str, Statement]]:
    return [(sid, statement) for sid, statement in _statements(document) if statement["Effect"] == "Allow"]
