"""Find all resources with an environment's tags or name, including those that other tools created.

Tags alone are not enough: AWS services create resources themselves (above all log groups) that have none. Nor are
names: some resources only have an id, and our name may be a prefix of another environment's. So both are searched, and
where they disagree the tags decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from orchestrator.aws.client import every, explained
from orchestrator.aws.model import Cloud, StateStore
from orchestrator.config.model.platform import Environment
from orchestrator.core.types import Json
from orchestrator.planning.values import partition, state_bucket
from orchestrator.recovery.listings import LISTINGS, Listing

_AT_ONCE = 8
_SHOWN = 5
_NOT_HERE = "The local emulator does not implement this operation"
_KEPT_BY_AWS = (
    ":training-job/",
    ":processing-job/",
    ":transform-job/",
    ":model-invocation-job/",
    ":recovery-point:",
    ":algorithm/",
)
"""Records of jobs, and backups until they expire: AWS keeps them, and they cannot be deleted."""

_WITHOUT_ARN = ("ec2", "security-configuration", "scalable-target", "query-definition")
"""Services and kinds for which Terraform's provider stores no ARN in the state, or another than AWS returns."""


@dataclass(frozen=True, order=True)
class Remain:
    """An existing resource; `arn` is constructed if its service returns none."""

    service: str
    kind: str
    name: str
    arn: str

    def __str__(self) -> str:
        return f"{self.service} {self.kind} {self.name}"


@dataclass
class Found:
    remains: list[Remain]
    unseen: list[str] = field(default_factory=list)
    """The operations that failed, and why: their resources are unknown."""


Tags = Mapping[str, str]


def find(cloud: Cloud, environment: Environment, others: Collection[str] = ()) -> list[Remain]:
    """List an environment's resources, except its state bucket with its key, and resources that are being deleted."""
    return look(cloud, environment, others).remains


def look(cloud: Cloud, environment: Environment, others: Collection[str] = (), *, names: bool = True) -> Found:
    """List as `find`, with the operations that failed.

    Args:
        cloud: the account and region.
        environment: the environment.
        others: name prefixes of other environments (`mlops-dev-2`); resources with a longer one are theirs.
        names: whether to list by names too, which takes some fifty calls instead of one.
    """
    with explained(cloud, "list the resources with the environment's tags"):
        tagged = _tagged(cloud)
    own = {arn: _of_arn(arn) for arn, tags in tagged.items() if _is_ours(environment, tags)}
    foreign = tagged.keys() - own.keys()
    unseen: list[str] = []
    kept = _kept(environment, cloud)
    if names:
        with_name, unseen = _named(cloud, environment, others)
        own |= {each.arn: each for each in with_name if each.arn not in foreign}
    remains = {each for arn, each in own.items() if not kept(each) and not _leaving(cloud, arn)}
    return Found(sorted(remains), unseen)


def _is_ours(environment: Environment, tags: Tags) -> bool:
    return tags.get("project") == environment.platform.project and tags.get("environment") == environment.name


def _tagged(cloud: Cloud) -> dict[str, Tags]:
    """Map the ARNs of all environments' resources to their tags."""
    filters = [{"Key": "project"}, {"Key": "environment"}]
    items = every(
        cloud.client("resourcegroupstaggingapi"), "get_resources", "ResourceTagMappingList", TagFilters=filters
    )
    return {_plain(item["ResourceARN"]): {tag["Key"]: tag["Value"] for tag in item["Tags"]} for item in items}


def _named(cloud: Cloud, environment: Environment, others: Collection[str]) -> tuple[list[Remain], list[str]]:
    """List the resources with the environment's name, and the operations that failed."""
    from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

    place = {
        "region": environment.platform.region,
        "account": cloud.account_id(),
        "partition": partition(environment.platform.region),
    }
    is_own = _by_name(environment, others)
    unseen = []

    def listed(listing: Listing) -> list[Remain]:
        client = cloud.client(listing.service)
        try:
            items = every(client, listing.operation, listing.items, **listing.arguments)
            named = [item for item in items if is_own(listing.name_of(item), listing)]
            return [
                Remain(listing.service, listing.kind, listing.name_of(item), listing.arn_of(item, place))
                for item in named
                if _tags_allow(client, listing, item, environment)
            ]
        except EndpointConnectionError as error:
            # The tagging API has just responded, so it is not the network: the region lacks this service.
            if cloud.endpoint is not None:
                unseen.append(f"{listing.service} {listing.operation}: {error}")
        except (ClientError, BotoCoreError) as error:
            # The local AWS cannot create resources that it cannot list.
            if cloud.endpoint is None or _NOT_HERE not in str(error):
                unseen.append(f"{listing.service} {listing.operation}: {error}")
        return []

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="remains") as pool:
        return [each for found in pool.map(listed, LISTINGS) for each in found], sorted(unseen)


def _by_name(environment: Environment, others: Collection[str]) -> Callable[[str, Listing], bool]:
    """Return a function that checks whether a name is this environment's; the longest matching prefix decides."""
    prefix, path = environment.name_prefix, f"/{environment.platform.project}/{environment.name}/"
    longer = [other for other in others if other != prefix and other.startswith(prefix)]

    def is_own(name: str, listing: Listing) -> bool:
        if listing.kind == "parameter":
            return name.startswith(path)
        plain = name.replace("_", "-") if listing.underscores else name
        return bears(plain, prefix) and not any(bears(plain, other) for other in longer)

    return is_own


def bears(name: str, prefix: str) -> bool:
    """Return whether a name, or a part of a path, begins with an environment's prefix."""
    # A web ACL's log group must have this prefix.
    parts = name.removeprefix("aws-waf-logs-").split("/")
    return any(part == prefix or part.startswith(f"{prefix}-") for part in parts)


def _tags_allow(client: Any, listing: Listing, item: Json | str, environment: Environment) -> bool:
    """Return whether a resource's tags, if the tagging API lacks them, do not name another environment."""
    if listing.tags is None or isinstance(item, str):
        return True
    operation, argument, key = listing.tags
    tags = {tag["Key"]: tag["Value"] for tag in getattr(client, operation)(**{argument: item[key]})["Tags"]}
    return not {"project", "environment"} <= tags.keys() or _is_ours(environment, tags)


def _kept(environment: Environment, cloud: Cloud) -> Callable[[Remain], bool]:
    """Return a function that recognises the state bucket and its key, which outlive the environment."""
    bucket = state_bucket(environment, cloud.account_id())
    keys = {
        f":key/{alias['TargetKeyId']}"
        for alias in every(cloud.client("kms"), "list_aliases", "Aliases")
        if alias["AliasName"] == f"alias/{bucket}" and "TargetKeyId" in alias
    }

    def kept(remain: Remain) -> bool:
        return remain.name in (bucket, f"alias/{bucket}") or remain.arn.endswith(tuple(keys) or ("\0",))

    return kept


def _leaving(cloud: Cloud, arn: str) -> bool:
    """Return whether a resource is being deleted, or is a record that AWS keeps."""
    if ":kms:" in arn and ":key/" in arn:
        return bool(cloud.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion")
    return any(part in arn for part in _KEPT_BY_AWS)


def _of_arn(arn: str) -> Remain:
    """Split an ARN into service, kind and name."""
    service, resource = arn.split(":", 5)[2::3]
    kind, separator, name = resource.lstrip("/").replace(":", "/", 1).partition("/")
    return Remain(service, kind, name, arn) if separator else Remain(service, "", kind, arn)


def _plain(arn: str) -> str:
    return arn.removesuffix(":*")


def message(environment: str, number: int) -> str:
    """Report the number of remaining resources, with the same words in all commands."""
    if number == 1:
        return f"1 resource of `{environment}` exists and is in no Terraform state"
    return f"{number} resources of `{environment}` exist and are in no Terraform state"


def named(arns: Sequence[str]) -> str:
    """List the first few ARNs."""
    more = len(arns) - _SHOWN
    return ", ".join(arns[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def hint(environment: str) -> str:
    return f"`orchestrator recover {environment}` lists them, and imports or removes them"


def beyond(remains: Iterable[Remain], held: AbstractSet[str]) -> list[Remain]:
    """List the resources that are in no state, by the states' ARNs and ids (`State.ids`)."""

    def is_held(each: Remain) -> bool:
        if each.arn in held:
            return True
        # A model and its endpoint's configuration may have the same name, so ids only count without an ARN.
        by_id = each.service in _WITHOUT_ARN or each.kind in _WITHOUT_ARN
        return by_id and not held.isdisjoint((each.name, re.split("[:/]", each.arn)[-1]))

    return [each for each in remains if not is_held(each)]


def astray(store: StateStore, environment: Environment, remains: Iterable[Remain]) -> list[Remain]:
    """List the resources of a deployed environment that are in no state, but should be.

    Raises:
        TerraformError: a state cannot be read.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="state") as pool:
        states = [state for state in pool.map(store.read, store.stacks()) if state]
    held = frozenset().union(*(state.ids for state in states))
    return [each for each in beyond(remains, held) if not made_beside(environment, each)]


def made_beside(environment: Environment, remain: Remain) -> bool:
    """Return whether the orchestrator, the pipeline or a release created the resource, which then is in no state."""
    prefix, project = environment.name_prefix, environment.platform.project
    path = rf"/?{re.escape(project)}/{re.escape(environment.name)}/(api-keys|approvals|models|releases|secrets)/.+"
    if remain.service == "ssm":
        return re.fullmatch(path, remain.name) is not None
    if remain.service == "apigateway":
        return "/apikeys/" in remain.arn
    if remain.service == "logs":
        return remain.name.startswith(f"/aws/sagemaker/Endpoints/{prefix}-candidate-")
    if remain.service != "sagemaker":
        return False
    released = re.fullmatch(rf"{re.escape(prefix)}-.+-[0-9a-f]{{8}}-v\d+", remain.name)
    return bool(released) or remain.kind == "model-package" or remain.name.startswith(f"{prefix}-candidate-")
