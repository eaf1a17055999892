"""Validate ARNs and regions. Pure.

Regions and partitions are botocore's. That no service accepts ARNs of another partition is *assumed*: API Gateway was
observed to reject them.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.config.problems import InvalidValue, nearest
from orchestrator.config.rules.aws_rules import models


@dataclass(frozen=True)
class Arn:
    """`arn:partition:service:region:account:resource`."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def check_region(name: str) -> None:
    """Reject a region that AWS does not have.

    Raises:
        InvalidValue: with the most similar region as suggestion.
    """
    known = models()
    if name not in known.regions:
        rule = f"is not an AWS region ({known.source} lists {len(known.regions)})"
        raise InvalidValue(rule, nearest(name, known.regions))


def check(text: str, *, home: str, service: str, same_region: bool = False) -> None:
    """Reject an ARN of another partition, or with an invalid region or service.

    Args:
        text: the ARN, whose form has already been checked.
        home: the environment's region; empty if unknown.
        service: the required service; several are separated by `|`.
        same_region: the resource can be used only in its own region.

    Raises:
        InvalidValue: with the invalid part.
    """
    pieces = text.split(":", 5)
    if len(pieces) != 6 or pieces[0] != "arn":
        raise InvalidValue("is not an ARN, which has six parts: arn:partition:service:region:account:resource")
    arn = Arn(*pieces[1:])
    regions = models().regions
    partitions = sorted(set(regions.values()))
    own = regions.get(home)
    if arn.partition not in partitions:
        rule = f"has the unknown partition `{arn.partition}`; available: {', '.join(partitions)}"
        raise InvalidValue(rule, own)
    if own is not None and arn.partition != own:
        raise InvalidValue(f"is in the partition `{arn.partition}`: it must be in that of {home}, `{own}`", own)
    if arn.service not in service.split("|"):
        raise InvalidValue(f"belongs to `{arn.service}`: it must belong to {service.replace('|', ' or ')}")
    if arn.region:
        if arn.region not in regions:
            rule = f"has the region `{arn.region}`, which is not an AWS region"
            raise InvalidValue(rule, nearest(arn.region, regions))
        if regions[arn.region] != arn.partition:
            raise InvalidValue(f"has the region `{arn.region}`, which is not in the partition `{arn.partition}`")
        if same_region and home and arn.region != home:
            raise InvalidValue(f"is in {arn.region}: it must be in the environment's region, {home}")
