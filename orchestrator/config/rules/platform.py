"""Rules that one field alone cannot state: across fields, across files, and what cannot be deployed yet.

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
DEPLOYABLE_KINDS = ("realtime", "serverless", "batch", "async")
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
    "expires-at",
    "endpoint-size",
)
TAG_KEY = re.compile(r"[\w.:/=+\-@][\w .:/=+\-@]{0,127}")
TAG_VALUE = re.compile(r"[\w .:/=+\-@]{1,256}")
MAX_OWN_TAGS = 40
"""AWS takes 50 on a resource."""
INTERFACE_ENDPOINTS = (
    "sagemaker.api", "sagemaker.runtime", "bedrock-runtime", "bedrock-agent-runtime", "sts", "logs", "monitoring",
    "ecr.api", "ecr.dkr",
    "glue", "states", "kms", "lambda", "events", "ssm", "sns", "sqs", "secretsmanager", "execute-api", "athena", "xray",
)  # fmt: skip
ROUTER_ENDPOINTS = ("sagemaker.runtime", "bedrock-runtime", "ssm")
"""What the router calls; its logs and traces leave through the Lambda service, not through the VPC."""
ASSISTANT_ENDPOINTS = ("bedrock-agent-runtime",)
"""What it calls as well where knowledge bases or agents answer."""
STUDIO_ENDPOINTS = ("sagemaker.api", "sagemaker.runtime")
"""Without these, and without a way out, Studio's apps do not start."""
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
        rule = f"the local AWS has one account, {LOCAL_ACCOUNT_ID}; remove the key"
        yield _problem(document, ("account_id",), rule, platform.account_id)
    if "local" in platform.model_fields_set and not local:
        rule = "is about the local AWS of an environment with `target: local`, and this one has `target: aws`"
        yield _problem(document, ("local",), rule, platform.local.model_dump())
    yield from _check_lifetime(document, platform)
    yield from _check_tags(document, platform.tags)
    yield from _check_network(document, platform)
    yield from _check_sharing(document, platform)
    yield from _check_studio(document, platform)
    yield from _check_bedrock(name, document, platform)
    yield from data.check(name, document, platform)
    for planned, reason in islice(names.refused(names.of_platform(name, platform)), 1):
        rule = f"together with the environment's name `{name}` makes names that AWS refuses: {reason}"
        too_long = len(planned.name) > planned.kind.limit
        yield _problem(document, ("project",), rule, platform.project if too_long else planned.name)


def _check_lifetime(document: Document, platform: Platform) -> Iterator[Problem]:
    if platform.permanent and platform.expires_at is not None:
        rule = "is the day on which an environment ends that is `permanent`: give one of the two"
        yield _problem(document, ("expires_at",), rule, platform.expires_at)
    if "lifetime_days" not in platform.model_fields_set:
        return
    if platform.permanent:
        rule = "a `permanent` environment stays until somebody removes it: there is no lifetime"
        yield _problem(document, ("lifetime_days",), rule, platform.lifetime_days)
    elif platform.expires_at is not None:
        rule = "counts from each deployment and `expires_at` is a fixed day: give one of the two"
        yield _problem(document, ("lifetime_days",), rule, platform.lifetime_days)


def check_blueprint_names(
    environment: str, platform: Platform, document: Document, blueprint: Blueprint
) -> Iterator[Problem]:
    """Names that this blueprint would have in its environment, and what that cannot have."""
    local = platform.target == "local"
    if local:
        yield from options.check_local(environment, document, blueprint)
    yield from async_inference.check(document, blueprint, local=local)
    yield from _check_parquet(platform, document, blueprint)
    yield from knowledge_base.check(environment, platform, document, blueprint)
    for _, reason in islice(names.refused(names.of_blueprint(environment, platform, blueprint)), 1):
        rule = f"makes a name that AWS refuses: {reason}"
        yield _problem(document, ("name",), rule, blueprint.name)


def _check_parquet(platform: Platform, document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """On AWS the submitter has pyarrow from a layer only; locally it comes with the requirements."""
    batch = blueprint.batch
    layer = platform.target == "local" or platform.inference.parquet_layer_arn
    if batch and batch.format == "parquet" and not layer:
        rule = "needs `inference.parquet_layer_arn` in platform.yaml: a layer with pyarrow (arm64, Python 3.12)"
        yield _problem(document, ("batch", "format"), rule, batch.format)


def _check_sharing(document: Document, platform: Platform) -> Iterator[Problem]:
    for group in MODEL_GROUPS:
        if group not in platform.registry.groups:
            rule = f"must have `{group}`, which the training pipeline registers its models in"
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
    """What every service accepts: the narrowest of them, IAM, sets the rule."""
    if len(tags) > MAX_OWN_TAGS:
        rule = f"at most {MAX_OWN_TAGS} tags of your own: the platform's come to them"
        yield _problem(document, ("tags",), rule, len(tags))
    seen: dict[str, str] = {}
    for tag, value in tags.items():
        location = ("tags", tag)
        # IAM takes `Owner` and `owner` for the same key and refuses the second.
        folded = tag.casefold()
        if folded in RESERVED_TAGS:
            yield _problem(document, location, "the platform sets this tag itself; it cannot be given here", value)
        elif folded in seen:
            yield _problem(
                document, location, f"is the tag `{seen[folded]}` again: upper and lower case are one", value
            )
        elif not TAG_KEY.fullmatch(tag) or folded.startswith("aws:"):
            rule = "a tag's name has 1 to 128 letters, digits, blanks or _.:/=+-@, and does not begin with aws:"
            yield _problem(document, location, rule, tag)
        elif not TAG_VALUE.fullmatch(value):
            rule = "a tag's value has 1 to 256 letters, digits, blanks or _.:/=+-@"
            yield _problem(document, location, rule, value)
        seen.setdefault(folded, tag)


def _check_network(document: Document, platform: Platform) -> Iterator[Problem]:
    network = platform.network
    if network.use_existing is None and "cidr" not in network.model_fields_set:
        missing = "is required: another block makes a new network (or name one that exists: `use_existing`)"
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
            yield _problem(document, location, "is no interface endpoint that the platform knows", endpoint, suggestion)
        elif endpoint in network.interface_endpoints[:position]:
            yield _problem(document, location, "is in the list already", endpoint)
    yield from _check_existing_network(document, network)
    yield from _check_way_out(document, platform)


def _check_existing_network(document: Document, network: Network) -> Iterator[Problem]:
    existing = network.use_existing
    if existing is None:
        return
    for key in sorted(network.model_fields_set & OWN_NETWORK_KEYS):
        rule = "shapes a network of our own; with `use_existing` there is none: remove one of the two"
        yield _problem(document, ("network", key), rule, getattr(network, key))
    groups = ("private_subnet_ids", "public_subnet_ids", "isolated_subnet_ids")
    seen: dict[str, str] = {}
    for group in groups:
        for position, subnet in enumerate(getattr(existing, group)):
            if subnet in seen:
                rule = f"is named in `{seen[subnet]}` already"
                yield _problem(document, ("network", "use_existing", group, position), rule, subnet)
            seen.setdefault(subnet, group)


def _check_way_out(document: Document, platform: Platform) -> Iterator[Problem]:
    """Functions in the VPC need each service that they call: through a way out, or through its endpoint."""
    network = platform.network
    assisted = platform.bedrock.knowledge_bases or platform.bedrock.agents
    called = (*ROUTER_ENDPOINTS, *(ASSISTANT_ENDPOINTS if assisted else ()))
    missing = [name for name in called if name not in network.interface_endpoints]
    if platform.inference.lambda_in_vpc and not _way_out(network) and missing:
        rule = (
            "functions inside the VPC reach no AWS service they call: give the network a way out (`network.nat` "
            f"single or per_az), or list in `network.interface_endpoints` also {', '.join(missing)}"
        )
        yield _problem(document, ("inference", "lambda_in_vpc"), rule, True)


def _check_studio(document: Document, platform: Platform) -> Iterator[Problem]:
    studio, network = platform.studio, platform.network
    if studio.volume_gb > studio.max_volume_gb:
        rule = f"must not exceed `max_volume_gb` ({studio.max_volume_gb})"
        yield _problem(document, ("studio", "volume_gb"), rule, studio.volume_gb)
    if not studio.enabled or _way_out(network):
        return
    if studio.packages.source == "pip":
        rule = (
            "pip reaches no package index: Studio's apps leave through the VPC alone, which has no way out "
            "(`network.nat: none`, or an existing network without egress); `image` needs none"
        )
        yield _problem(document, ("studio", "packages", "source"), rule, studio.packages.source, "image")
    missing = [name for name in STUDIO_ENDPOINTS if name not in network.interface_endpoints]
    if missing:
        rule = (
            "Studio's apps do not start in a network without a way out: give it one (`network.nat` single or per_az), "
            f"or list in `network.interface_endpoints` also {', '.join(missing)}"
        )
        yield _problem(document, ("studio", "enabled"), rule, True)


def _way_out(network: Network) -> bool:
    """Whether private subnets reach the internet."""
    return network.use_existing.internet_egress if network.use_existing else network.nat != "none"


def _check_bedrock(name: str, document: Document, platform: Platform) -> Iterator[Problem]:
    logging = platform.bedrock.invocation_logging
    if logging.enabled and platform.target == "local":
        rule = f"has no effect in `{name}`: calls of the local Bedrock are in its evidence, and it writes no such logs"
        yield _problem(document, ("bedrock", "invocation_logging", "enabled"), rule, True)
    if "bodies" in logging.model_fields_set and not logging.enabled:
        rule = "says what is logged, and nothing is: `enabled` is false"
        yield _problem(document, ("bedrock", "invocation_logging", "bodies"), rule, logging.bodies.model_dump())


def check_blueprint(
    stem: str, document: Document, blueprint: Blueprint, groups: Collection[str] = MODEL_GROUPS
) -> Iterator[Problem]:
    """Rules within one blueprint file; `groups` are the model package groups of its environment."""
    if blueprint.name != stem:
        yield _problem(document, ("name",), f"must be the file's name, `{stem}`", blueprint.name)
    if blueprint.kind not in DEPLOYABLE_KINDS:
        rule = (
            f"inference of this kind cannot be deployed yet (its Terraform and smoke probes do not exist); "
            f"available: {', '.join(DEPLOYABLE_KINDS)}"
        )
        yield _problem(document, ("kind",), rule, blueprint.kind)
    model = blueprint.model
    if model.source == "sagemaker" and model.group not in groups:
        rule = f"is no model package group of the foundation phase; available: {', '.join(sorted(groups))}"
        yield _problem(document, ("model", "group"), rule, model.group, nearest(model.group, groups))
    yield from options.check(document, blueprint)
    scaling = blueprint.autoscaling
    if scaling and scaling.min > scaling.max:
        yield _problem(document, ("autoscaling", "min"), f"must not exceed `max` ({scaling.max})", scaling.min)
    expectation = "label" if model.source == "sagemaker" else "contains"
    for position, case in enumerate(blueprint.smoke.golden):
        if getattr(case, expectation) is None:
            rule = f"needs `{expectation}`, the known answer of a {model.source} model"
            yield _problem(document, ("smoke", "golden", position), rule, case.input)


def check_names(documents: Mapping[str, Document], blueprints: Sequence[tuple[str, Blueprint]]) -> Iterator[Problem]:
    """Two files must not describe one blueprint: they would share a state."""
    owners: dict[str, str] = {}
    for stem, blueprint in blueprints:
        first = owners.setdefault(blueprint.name, stem)
        if first != stem:
            rule = f"is already the name of the blueprint in {first}.yaml"
            yield _problem(documents[stem], ("name",), rule, blueprint.name)
