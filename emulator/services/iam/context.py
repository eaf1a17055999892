"""Condition keys of a request: those that are known and those that it certainly lacks; all others are unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.services.iam.needs import Call, Need
from emulator.services.iam.policy import Context, Principal
from emulator.services.iam.policy.conditions import Value

NOT_PART_OF_IT = (
    # No tags in the request, or not these; no federation, no second factor, no organization on this machine.
    "aws:requesttag/*",
    "aws:tagkeys",
    "aws:principaltag/*",
    "aws:username",
    "aws:calledvia*",
    "aws:federatedprovider",
    "aws:multifactorauth*",
    "aws:principalorg*",
    "aws:resourceorg*",
    "aws:principalservicename*",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceorg*",
    "aws:referer",
    "ec2:*",
    "kms:encryptioncontext:*",
    "kms:viaservice",
    "s3:x-amz-*",
    "sagemaker:resourcetag/*",
)
"""`aws:ResourceTag/*`, `aws:SourceVpc` and all others that are neither listed here nor given are unknown."""


def of(
    call: Call,
    need: Need,
    principal: Principal,
    source_ip: str,
    user_agent: str,
    source_arn: str,
    own: Mapping[str, Value | None] | None = None,
) -> Context:
    """Return the context. `source_arn` is what a service acts for; `own` are keys of the caller's credentials."""
    now = datetime.now(UTC)
    values: dict[str, Value | None] = {
        "aws:CurrentTime": now.isoformat(timespec="seconds"),
        "aws:EpochTime": int(now.timestamp()),
        "aws:RequestedRegion": call.region,
        "aws:ResourceAccount": owner(need.resource) or call.account,
        # AWS's endpoints use TLS; this one is on the loopback interface, where connections cannot be intercepted.
        "aws:SecureTransport": True,
        "aws:SourceIp": source_ip,
        "aws:UserAgent": user_agent,
        "aws:ViaAWSService": False,
        "aws:PrincipalIsAWSService": principal.kind == "service",
        "kms:CallerAccount": principal.account or call.account,
        "aws:SourceOwner": principal.account or call.account,
        **_principal(principal, source_arn, call.account),
        **_tags(call.parameters),
        **(own or {}),
        **need.context,
    }
    certain: tuple[str, ...] = NOT_PART_OF_IT
    if principal.kind == "service":
        # Every service acts for a resource, but it is not always known which.
        certain = tuple(key for key in certain if key != "aws:sourcearn")
    return Context(values, absent=certain)


def _principal(principal: Principal, source_arn: str, account: str) -> dict[str, Value | None]:
    if principal.kind == "anonymous":
        return {}
    if principal.kind == "service":
        # The account that the service acts for. Without a source, services differ in what they send.
        values: dict[str, Value | None] = {"aws:PrincipalServiceName": principal.arn, "aws:SourceAccount": account}
        return values | ({"aws:SourceArn": source_arn} if source_arn else {})
    kinds = {"session": "AssumedRole", "user": "User", "root": "Account"}
    values = {
        "aws:PrincipalArn": principal.role_arn or principal.arn,
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalType": kinds[principal.kind],
        **{f"aws:PrincipalTag/{name}": value for name, value in principal.tags.items()},
    }
    if principal.kind == "user":
        values["aws:username"] = principal.arn.rsplit("/", 1)[-1]
    return values


def _tags(parameters: Mapping[str, Any]) -> dict[str, Value | None]:
    """Return the tags that the request would set; services take a list of pairs or a map."""
    given = parameters.get("Tags") or parameters.get("tags")
    if isinstance(given, Mapping):
        tags = {str(name): str(value) for name, value in given.items()}
    else:
        pairs = [item for item in given or () if isinstance(item, Mapping)]
        tags = {str(p.get("Key", p.get("key"))): str(p.get("Value", p.get("value", ""))) for p in pairs}
    values: dict[str, Value | None] = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    return values | {"aws:TagKeys": list(tags) or None}


def owner(resource: str | None) -> str:
    """Return the account in an ARN; empty if it names none, as those of S3 and of AWS's models."""
    parts = (resource or "").split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""
