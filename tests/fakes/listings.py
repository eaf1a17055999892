"""An AWS in which every list that the audit requests is empty, except for what a test puts there."""

from __future__ import annotations

from typing import Any

from orchestrator.recovery.listings import LISTINGS


def nothing() -> dict[str, dict[str, Any]]:
    """Return services without any resource, for `FakeCloud.services`."""
    services: dict[str, dict[str, Any]] = {"resourcegroupstaggingapi": {"get_resources": tagged()}}
    for each in LISTINGS:
        services.setdefault(each.service, {})[each.operation] = {}
    services["iam"] |= {"list_role_tags": {"Tags": []}, "list_policy_tags": {"Tags": []}}
    services["kms"]["describe_key"] = {"KeyMetadata": {"KeyState": "Enabled"}}
    return services


def empty_except(answers: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return services whose listings are empty except for these responses; those with API keys list them themselves."""
    services = nothing()
    if "apigateway" in answers:
        del services["apigateway"]["get_api_keys"]
    return {name: {**services.get(name, {}), **answers.get(name, {})} for name in {**services, **answers}}


def tagged(**tags_of: dict[str, str]) -> dict[str, Any]:
    """Return the tagging API's response for these tags by ARN."""
    return {
        "ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            for arn, tags in tags_of.items()
        ]
    }
