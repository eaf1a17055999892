"""Condition keys of a request: what is known, what is certainly not part of it, and, by silence, what is unknown."""

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
"""`aws:ResourceTag/*`, `aws:SourceVpc` and everything else that is not here nor given is unknown."""


def of(
    call: Call,
    need: Need,
    who: Principal,
    source_ip: str,
    user_agent: str,
    source_arn: str,
    own: Mapping[str, Value | None] | None = None,
) -> Context:
    """`source_arn` is what a service acts for; `own` are keys that come with the caller's credentials."""
    now = datetime.now(UTC)
    values: dict[str, Value | None] = {
        "aws:CurrentTime": now.isoformat(timespec="seconds"),
        "aws:EpochTime": int(now.timestamp()),
        "aws:RequestedRegion": call.region,
        "aws:ResourceAccount": owner(need.resource) or call.account,
        # AWS's endpoints speak TLS; this one is on the loopback interface, where nothing can listen in between.
        "aws:SecureTransport": True,
        "aws:SourceIp": source_ip,
        "aws:UserAgent": user_agent,
        "aws:ViaAWSService": False,
        "aws:PrincipalIsAWSService": who.kind == "service",
        "kms:CallerAccount": who.account or call.account,
        "aws:SourceOwner": who.account or call.account,
        **_principal(who, source_arn, call.account),
        **_tags(call.parameters),
        **(own or {}),
        **need.context,
    }
    certain = NOT_PART_OF_IT
    if who.kind == "service":
        # Every service acts for something; it is only not always known here for what.
        certain = tuple(key for key in certain if key != "aws:sourcearn")
    return Context(values, absent=certain)


def _principal(who: Principal, source_arn: str, account: str) -> dict[str, Value | None]:
    if who.kind == "anonymous":
        return {}
    if who.kind == "service":
        # The account that the service works for. Without a source the services differ in what they send.
        values: dict[str, Value | None] = {"aws:PrincipalServiceName": who.arn, "aws:SourceAccount": account}
        return values | ({"aws:SourceArn": source_arn} if source_arn else {})
    kinds = {"session": "AssumedRole", "user": "User", "root": "Account"}
    values = {
        "aws:PrincipalArn": who.role_arn or who.arn,
        "aws:PrincipalAccount": who.account,
        "aws:PrincipalType": kinds[who.kind],
        **{f"aws:PrincipalTag/{name}": value for name, value in who.tags.items()},
    }
    if who.kind == "user":
        values["aws:username"] = who.arn.rsplit("/", 1)[-1]
    return values


def _tags(parameters: Mapping[str, Any]) -> dict[str, Value | None]:
    """Tags that the request would set: a list of pairs or a map, by the service's taste."""
    given = parameters.get("Tags") or parameters.get("tags")
    if isinstance(given, Mapping):
        tags = {str(name): str(value) for name, value in given.items()}
    else:
        pairs = [item for item in given or () if isinstance(item, Mapping)]
        tags = {str(p.get("Key", p.get("key"))): str(p.get("Value", p.get("value", ""))) for p in pairs}
    values: dict[str, Value | None] = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    return values | {"aws:TagKeys": list(tags) or None}


def owner(resource: str | None) -> str:
    """Account in an ARN; empty where ARNs name none, as S3's and AWS's own models."""
    parts = (resource or "").split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""
