"""Rules across the fields of a file, and across files.

Pure: documents and models in, problems out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from orchestrator.config.model import async_inference, knowledge_base
from orchestrator.config.model.platform import Blueprint, Network, Platform
from orchestrator.config.problems import NO_VALUE, Problem, nearest
from orchestrator.config.rules import addresses, data, names, options
from orchestrator.config.yaml_source import Document, Location

LOCAL_ACCOUNT_ID = "123456789012"
MODEL_GROUPS = ("reviews",)
"""Model package groups that the training pipeline fills."""
RESERVED_TAGS = (
    "project",
    "environment",
    "owner",
    "cost-center",
    "managed-by",
    "phase",
    "blueprint",
    "dataset",
    "training",
    "expires-at",
    "endpoint-size",
)
TAG_KEY = re.compile(r"[\w.:/=+\-@][\w .:/=+\-@]{0,127}")
TAG_VALUE = re.compile(r"[\w .:/=+\-@]{1,256}")
MAX_OWN_TAGS = 40
"""AWS allows 50 per resource."""
INTERFACE_ENDPOINTS = (
    "sagemaker.api", "sagemaker.runtime", "bedrock-runtime", "bedrock-agent-runtime", "sts", "logs", "monitoring",
    "ecr.api", "ecr.dkr",
    "glue", "states", "kms", "lambda", "events", "ssm", "sns", "sqs", "secretsmanager", "execute-api", "athena", "xray",
)  # fmt: skip
ROUTER_ENDPOINTS = ("sagemaker.runtime", "bedrock-runtime", "ssm")
"""Services that the router calls; logs and traces go through the Lambda service, not through the VPC."""
ASSISTANT_ENDPOINTS = ("bedrock-agent-runtime",)
"""Services that it also calls if knowledge bases or agents are enabled."""
STUDIO_ENDPOINTS = ("sagemaker.api", "sagemaker.runtime")
"""Without these, and without internet access, Studio's apps do not start."""
OWN_NETWORK_KEYS = frozenset(
    {"cidr", "availability_zones", "nat", "isolated_subnets"}
    | {"flow_logs", "flow_log_traffic", "flow_log_interval_seconds"}
)


def _problem(
    document: Document, location: Location, rule: str, value: object, suggestion: str | None = None
) -> Problem:
    return document.problem(location, rule, value, suggestion)


def check_platform(name: str, document: Document, platform: Platform) -> Iterator[Problem]:
    """Rules within one `platform.yaml`."""
    local = platform.target == "local"
    if local and platform.account_id not in (None, LOCAL_ACCOUNT_ID):
        rule = f"must be {LOCAL_ACCOUNT_ID} with `target: local`: remove the key"
        yield _problem(document, ("account_id",), rule, platform.account_id)
    if "local" in platform.model_fields_set and not local:
        rule = "requires `target: local`"
        yield _problem(document, ("local",), rule, platform.local.model_dump())
    yield from _check_lifetime(document, platform)
    yield from _check_tags(document, platform.tags)
    yield from _check_network(document, platform)
    yield from _check_sharing(document, platform)
    yield from _check_studio(document, platform)
    yield from _check_bedrock(name, document, platform)
    yield from data.check(name, document, platform)
    for planned, reason in islice(names.refused(names.of_platform(name, platform)), 1):
        rule = f"makes a name in environment `{name}` that AWS rejects: {reason}"
        too_long = len(planned.name) > planned.kind.limit
        yield _problem(document, ("project",), rule, platform.project if too_long else planned.name)


def _check_lifetime(document: Document, platform: Platform) -> Iterator[Problem]:
    if platform.permanent and platform.expires_at is not None:
        rule = "cannot be combined with `permanent`: remove one of them"
        yield _problem(document, ("expires_at",), rule, platform.expires_at)
    if "lifetime_days" not in platform.model_fields_set:
        return
    if platform.permanent:
        rule = "cannot be combined with `permanent`: remove one of them"
        yield _problem(document, ("lifetime_days",), rule, platform.lifetime_days)
    elif platform.expires_at is not None:
        rule = "cannot be combined with `expires_at`: remove one of them"
        yield _problem(document, ("lifetime_days",), rule, platform.lifetime_days)


def check_blueprint_names(
    environment: str, platform: Platform, document: Document, blueprint: Blueprint
) -> Iterator[Problem]:
    """Check a blueprint's names and options in its environment."""
    local = platform.target == "local"
    if local:
        yield from options.check_local(environment, document, blueprint)
    yield from async_inference.check(document, blueprint, local=local)
    yield from _check_parquet(platform, document, blueprint)
    yield from knowledge_base.check(environment, platform, document, blueprint)
    for _, reason in islice(names.refused(names.of_file(environment, platform, blueprint)), 1):
        rule = f"makes a name that AWS rejects: {reason}"
        yield _problem(document, ("name",), rule, blueprint.name)


def _check_parquet(platform: Platform, document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """Check that pyarrow is available: on AWS only from a layer, locally from the requirements."""
    batch = blueprint.batch
    layer = platform.target == "local" or platform.inference.parquet_layer_arn
    if batch and batch.format == "parquet" and not layer:
        rule = "requires `inference.parquet_layer_arn` in platform.yaml: a layer with pyarrow (arm64, Python 3.12)"
        yield _problem(document, ("batch", "format"), rule, batch.format)


def _check_sharing(document: Document, platform: Platform) -> Iterator[Problem]:
    for group in MODEL_GROUPS:
        if group not in platform.registry.groups:
            rule = f"must include `{group}`, in which the training pipeline registers models"
            yield _problem(document, ("registry", "groups"), rule, sorted(platform.registry.groups))
    shared = {
        ("registry", "consumer_account_ids"): platform.registry.consumer_account_ids,
        ("images", "pull_account_ids"): platform.images.pull_account_ids,
    }
    for location, accounts in shared.items():
        for position, account in enumerate(accounts):
            if account == platform.account_id:
                yield _problem(document, (*location, position), "is this environment's own account", account)


def _check_tags(document: Document, tags: Mapping[str, str]) -> Iterator[Problem]:
    """Check tags against the rule of IAM, the narrowest of all services."""
    if len(tags) > MAX_OWN_TAGS:
        rule = f"must have at most {MAX_OWN_TAGS} entries: the platform adds its own tags"
        yield _problem(document, ("tags",), rule, len(tags))
    seen: dict[str, str] = {}
    for tag, value in tags.items():
        location = ("tags", tag)
        # IAM treats `Owner` and `owner` as the same key and rejects the second.
        folded = tag.casefold()
        if folded in RESERVED_TAGS:
            yield _problem(document, location, "is set by the platform: remove it", value)
        elif folded in seen:
            yield _problem(
                document, location, f"duplicates the tag `{seen[folded]}`: names of tags are not case-sensitive", value
            )
        elif not TAG_KEY.fullmatch(tag) or folded.startswith("aws:"):
            rule = "must have 1 to 128 letters, digits, spaces or _.:/=+-@ as name, not beginning with aws:"
            yield _problem(document, location, rule, tag)
        elif not TAG_VALUE.fullmatch(value):
            rule = "must have 1 to 256 letters, digits, spaces or _.:/=+-@ as value"
            yield _problem(document, location, rule, value)
        seen.setdefault(folded, tag)


def _check_network(document: Document, platform: Platform) -> Iterator[Problem]:
    network = platform.network
    if network.use_existing is None and "cidr" not in network.model_fields_set:
        missing = "is required unless `use_existing` is set; a later change recreates the network"
        yield _problem(document, ("network", "cidr"), missing, NO_VALUE)
    try:
        block = ipaddress.ip_network(network.cidr)
    except ValueError as error:
        yield _problem(document, ("network", "cidr"), f"must be an IPv4 block: {error}", network.cidr)
    else:
        if rule := addresses.refusal(block):
            yield _problem(document, ("network", "cidr"), rule, network.cidr)
    for position, endpoint in enumerate(network.interface_endpoints):
        location = ("network", "interface_endpoints", position)
        if endpoint not in INTERFACE_ENDPOINTS:
            suggestion = nearest(endpoint, INTERFACE_ENDPOINTS)
            yield _problem(document, location, "is not a supported interface endpoint", endpoint, suggestion)
        elif endpoint in network.interface_endpoints[:position]:
            yield _problem(document, location, "is a duplicate", endpoint)
    yield from _check_existing_network(document, network)
    yield from _check_internet_access(document, platform)


def _check_existing_network(document: Document, network: Network) -> Iterator[Problem]:
    existing = network.use_existing
    if existing is None:
        return
    for key in sorted(network.model_fields_set & OWN_NETWORK_KEYS):
        rule = "cannot be combined with `use_existing`: remove one of them"
        yield _problem(document, ("network", key), rule, getattr(network, key))
    groups = ("private_subnet_ids", "public_subnet_ids", "isolated_subnet_ids")
    seen: dict[str, str] = {}
    for group in groups:
        for position, subnet in enumerate(getattr(existing, group)):
            if subnet in seen:
                rule = f"is already in `{seen[subnet]}`"
                yield _problem(document, ("network", "use_existing", group, position), rule, subnet)
            seen.setdefault(subnet, group)


def _check_internet_access(document: Document, platform: Platform) -> Iterator[Problem]:
    """Check that functions in the VPC reach the services they call: over the internet or through endpoints."""
    network = platform.network
    assisted = platform.bedrock.knowledge_bases or platform.bedrock.agents
    called = (*ROUTER_ENDPOINTS, *(ASSISTANT_ENDPOINTS if assisted else ()))
    missing = [name for name in called if name not in network.interface_endpoints]
    if platform.inference.lambda_in_vpc and not _has_internet_access(network) and missing:
        rule = (
            "requires internet access (`network.nat: single` or `per_az`), or these entries in "
            f"`network.interface_endpoints`: {', '.join(missing)}"
        )
        yield _problem(document, ("inference", "lambda_in_vpc"), rule, True)


def _check_studio(document: Document, platform: Platform) -> Iterator[Problem]:
    studio, network = platform.studio, platform.network
    if studio.volume_gb > studio.max_volume_gb:
        rule = f"must not exceed `max_volume_gb` ({studio.max_volume_gb})"
        yield _problem(document, ("studio", "volume_gb"), rule, studio.volume_gb)
    if not studio.enabled or _has_internet_access(network):
        return
    if studio.packages.source == "pip":
        rule = (
            "requires internet access, as Studio's apps install packages through the VPC (`network.nat: single` or "
            "`per_az`, or an existing network with egress)"
        )
        yield _problem(document, ("studio", "packages", "source"), rule, studio.packages.source, "image")
    missing = [name for name in STUDIO_ENDPOINTS if name not in network.interface_endpoints]
    if missing:
        rule = (
            "requires internet access (`network.nat: single` or `per_az`), or these entries in "
            f"`network.interface_endpoints`: {', '.join(missing)}"
        )
        yield _problem(document, ("studio", "enabled"), rule, True)


def _has_internet_access(network: Network) -> bool:
    """Whether private subnets have internet access."""
    return network.use_existing.internet_egress if network.use_existing else network.nat != "none"


def _check_bedrock(name: str, document: Document, platform: Platform) -> Iterator[Problem]:
    logging = platform.bedrock.invocation_logging
    if logging.enabled and platform.target == "local":
        rule = f"cannot be enabled in `{name}`: the local AWS does not emulate it; its evidence lists all calls"
        yield _problem(document, ("bedrock", "invocation_logging", "enabled"), rule, True)
    if "bodies" in logging.model_fields_set and not logging.enabled:
        rule = "requires `enabled: true`"
        yield _problem(document, ("bedrock", "invocation_logging", "bodies"), rule, logging.bodies.model_dump())


def check_blueprint(
    stem: str, document: Document, blueprint: Blueprint, groups: Collection[str] = MODEL_GROUPS
) -> Iterator[Problem]:
    """Check one blueprint file; `groups` are the model package groups of its environment."""
    if blueprint.name != stem:
        yield _problem(document, ("name",), f"must equal the name of the file, `{stem}`", blueprint.name)
    model = blueprint.model
    if model.source == "sagemaker" and model.group not in groups:
        rule = f"is not a model group in `registry.groups`; available: {', '.join(sorted(groups))}"
        yield _problem(document, ("model", "group"), rule, model.group, nearest(model.group, groups))
    yield from options.check(document, blueprint)
    scaling = blueprint.autoscaling
    if scaling and scaling.min > scaling.max:
        yield _problem(document, ("autoscaling", "min"), f"must not exceed `max` ({scaling.max})", scaling.min)
    yield from options.check_golden(document, blueprint)


def check_names(documents: Mapping[str, Document], blueprints: Sequence[tuple[str, Blueprint]]) -> Iterator[Problem]:
    """Check that names of blueprints are unique: equal names would share a state."""
    owners: dict[str, str] = {}
    for stem, blueprint in blueprints:
        first = owners.setdefault(blueprint.name, stem)
        if first != stem:
            rule = f"is a duplicate of the name in {first}.yaml"
            yield _problem(documents[stem], ("name",), rule, blueprint.name)
