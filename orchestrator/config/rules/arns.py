"""ARNs and regions, held to those that exist. Pure.

Regions and partitions are botocore's. That nothing reaches across partitions is *assumed* for each service: API Gateway
has been seen to refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.config.problems import nearest
from orchestrator.config.rules.aws_rules import models


class BadAddress(ValueError):
    """An ARN or a region that leads nowhere; the message is a rule."""

    def __init__(self, rule: str, suggestion: str | None = None) -> None:
        super().__init__(rule)
        self.suggestion = suggestion


@dataclass(frozen=True)
class Arn:
    """`arn:partition:service:region:account:resource`."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def check_region(name: str) -> None:
    """Refuse a region that AWS does not have.

    Raises:
        BadAddress: with the region that was probably meant.
    """
    known = models()
    if name not in known.regions:
        rule = f"is no region of AWS ({known.source} knows {len(known.regions)})"
        raise BadAddress(rule, nearest(name, known.regions))


def check(text: str, *, home: str, service: str, same_region: bool = False) -> None:
    """Refuse an ARN of another partition than the environment's, or of a region that does not exist.

    Args:
        text: the ARN, whose form has been checked already.
        home: the environment's region; empty where it is not known.
        service: that the resource must belong to; several with `|` between.
        same_region: the resource can be used from its own region only.

    Raises:
        BadAddress: with the part that is wrong.
    """
    pieces = text.split(":", 5)
    if len(pieces) != 6 or pieces[0] != "arn":
        raise BadAddress("is no ARN: it has six parts, arn:partition:service:region:account:resource")
    arn = Arn(*pieces[1:])
    regions = models().regions
    partitions = sorted(set(regions.values()))
    own = regions.get(home)
    if arn.partition not in partitions:
        rule = f"has the partition `{arn.partition}`, which AWS does not have: {', '.join(partitions)}"
        raise BadAddress(rule, own)
    if own is not None and arn.partition != own:
        raise BadAddress(f"is in the partition `{arn.partition}`, and {home} in `{own}`: nothing reaches across", own)
    if arn.service not in service.split("|"):
        raise BadAddress(f"belongs to `{arn.service}`: it must be of {service.replace('|', ' or ')}")
    if arn.region:
        if arn.region not in regions:
            rule = f"has the region `{arn.region}`, which AWS does not have"
            raise BadAddress(rule, nearest(arn.region, regions))
        if regions[arn.region] != arn.partition:
            raise BadAddress(f"has the region `{arn.region}`, which is not in the partition `{arn.partition}`")
        if same_region and home and arn.region != home:
            raise BadAddress(f"is in {arn.region}: it must be in the environment's region, {home}")
