"""Compute from an environment's files which service quotas it needs.

Pure. Each entry is one service quota (as `aws service-quotas` names it) with the amount that this environment uses at
its peak. Compare it with what the account grants and what is in use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.config.model.async_inference import Async
from orchestrator.config.model.blueprint import Batch, Serverless
from orchestrator.config.model.platform import Blueprint, Platform
from orchestrator.config.rules import addresses

PERSONAS = 4
EXPERIMENTS = 3
"""Roles of the jobs that data engineers, data scientists and ML engineers start."""
FUNCTIONS = 7
"""Data validation, model artifacts, endpoint probe, model router, token authorizer, job API, batch submitter: each has
its own role."""
SERVICE_ROLES = 11
"""Glue, processing, training, evaluation, candidate endpoint, training pipeline, releases, their start by an event, log
delivery of the API, and the state machines that run the ETL and the preprocessing."""
STUDIO_ROLES = 2
"""Of the profiles data scientist and ML engineer."""
FEATURE_STORE_ROLES = 3
"""Of the offline store, of the ingestion job and of the state machine that runs it."""
WORKLOAD_GROUPS = 4
"""Security groups of Lambda, training, endpoints and Studio."""
BEDROCK_RECORDS_PER_JOB = 50_000
KEYS = 4
"""Data, models, logs, Terraform state."""
BUCKETS = 3
"""Data, access logs, Terraform state."""


@dataclass(frozen=True)
class Need:
    """One quota and how much of it is needed.

    `code` is None where AWS has one quota per instance type, or none that is published: look `name` up in the list of
    the service.
    `default` is what a new account has, where that is published and the same everywhere.
    """

    service: str
    code: str | None
    name: str
    amount: int
    why: str
    default: int | None = None


def needs(platform: Platform, blueprints: Sequence[Blueprint]) -> tuple[Need, ...]:
    """Return every quota that this environment uses."""
    serverless = _serverless(blueprints)
    every = (
        *_network(platform),
        *_account(platform, blueprints),
        *_instances(platform, blueprints),
        *serverless,
        *_batch(blueprints),
    )
    return tuple(need for need in every if need.amount > 0)


def beyond_defaults(platform: Platform, blueprints: Sequence[Blueprint]) -> tuple[Need, ...]:
    """Return the quotas beyond the defaults of a new account: an increase has to be requested, which takes days."""
    return tuple(
        need for need in needs(platform, blueprints) if need.default is not None and need.amount > need.default
    )


def _network(platform: Platform) -> Iterator[Need]:
    network = platform.network
    own = network.use_existing is None
    zones = network.availability_zones if own else 0
    gateways = {"none": 0, "single": min(zones, 1), "per_az": zones}[network.nat]
    endpoints = len(network.interface_endpoints)
    s3_endpoint = own or bool(network.use_existing and network.use_existing.route_table_ids)
    isolated_tables = 1 if own and network.isolated_subnets else 0

    yield Need("vpc", "L-F678F1CE", "VPCs per Region", int(own), "the network", 5)
    yield Need("vpc", "L-A4707A72", "Internet gateways per Region", int(own), "the network's way out", 5)
    yield Need("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", gateways, f"network.nat: {network.nat}", 5)
    most_per_zone = min(gateways, 1)
    yield Need("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", most_per_zone, "network.nat", 5)
    yield Need("vpc", "L-407747CB", "Subnets per VPC", len(addresses.subnets(network)), "network", 200)
    tables = 1 + zones + isolated_tables if own else 0
    yield Need("vpc", "L-589F43AA", "Route tables per VPC", tables, "one per zone, one public, one isolated", 200)
    yield Need("vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC", endpoints, "network.interface_endpoints", 50)
    yield Need("vpc", "L-1B52E74A", "Gateway VPC endpoints per Region", int(s3_endpoint), "S3 endpoint", 20)
    groups = WORKLOAD_GROUPS + int(endpoints > 0) + int(own)
    yield Need("vpc", "L-E79EC296", "VPC security groups per Region", groups, "one per kind of workload", 2500)


def _account(platform: Platform, blueprints: Sequence[Blueprint]) -> Iterator[Need]:
    flow_logs = platform.network.flow_logs and platform.network.use_existing is None
    endpoint_roles = sum(each.model.source == "sagemaker" for each in blueprints)
    roles = PERSONAS + EXPERIMENTS + FUNCTIONS + SERVICE_ROLES + int(flow_logs) + endpoint_roles
    roles += STUDIO_ROLES if platform.studio.enabled else 0
    roles += FEATURE_STORE_ROLES if platform.feature_store.enabled else 0
    roles += int(platform.bedrock.invocation_logging.enabled)
    # The crawler of a batch blueprint's results, and the role that Bedrock runs its jobs under.
    roles += sum(1 + (each.model.source == "bedrock") for each in blueprints if each.kind == "batch")
    roles += sum(section is not None for each in blueprints for section in (each.knowledge_base, each.agent))
    queued = [(each, each.async_ or Async()) for each in blueprints if each.kind == "async"]
    # Workers of a queue, and the functions that report finished jobs.
    roles += sum(each.model.source == "bedrock" for each, _ in queued)
    roles += sum(bool(settings.callback.webhook or settings.callback.table) for _, settings in queued)
    workers = sum(settings.max_concurrency for each, settings in queued if each.model.source == "bedrock")
    burst = platform.inference.throttle.burst
    yield Need(
        "iam", "L-FE177D64", "Roles per account", roles, "one role per function, job, endpoint and persona", 1000
    )
    yield Need("s3", "L-DC2B2D3D", "General purpose buckets", BUCKETS, "data, access logs, state", 10_000)
    yield Need("kms", "L-C2F1777E", "Customer managed keys", KEYS, "data, models, logs, state", 100_000)
    yield Need(
        "lambda",
        "L-B99A9384",
        "Concurrent executions",
        burst + workers,
        "inference.throttle.burst: requests admitted at once; async.max_concurrency of Bedrock's blueprints",
        1000,
    )


def _serverless(blueprints: Sequence[Blueprint]) -> Iterator[Need]:
    """Concurrency of all serverless endpoints of a region; a new account has little of it."""
    endpoints = [each for each in blueprints if each.kind == "serverless" and each.model.source == "sagemaker"]
    at_once = sum((each.serverless or Serverless()).max_concurrency for each in endpoints)
    name = "Maximum total concurrency that can be allocated across all serverless endpoints"
    yield Need("sagemaker", "L-96300102", name, at_once, "serverless.max_concurrency of every blueprint", 10)
    name = "Maximum number of serverless endpoints"
    yield Need("sagemaker", None, name, len(endpoints), "one per serverless blueprint of SageMaker", 50)


def _batch(blueprints: Sequence[Blueprint]) -> Iterator[Need]:
    """Jobs of one request at a time for each batch blueprint."""
    instances: Counter[str] = Counter()
    for each in blueprints:
        if each.kind != "batch":
            continue
        if each.model.source == "sagemaker":
            instances[each.instance_type] += each.instance_count
            continue
        batch = each.batch or Batch()
        jobs = -(-batch.maximum_records // (batch.records_per_file or BEDROCK_RECORDS_PER_JOB))
        name = f"Sum of in-progress and submitted batch inference jobs using a base model for {each.model.model_id}"
        yield Need("bedrock", None, name, jobs, f"blueprint {each.name}: batch.maximum_records in jobs")
    for instance, count in sorted(instances.items()):
        yield Need("sagemaker", None, f"{instance} for transform job usage", count, "batch blueprints, a job of each")


def _instances(platform: Platform, blueprints: Sequence[Blueprint]) -> Iterator[Need]:
    """Instances at the peak: scaled out, and twice as many while a release runs beside what it replaces."""
    endpoints: Counter[str] = Counter({platform.training.instance_type: 1})
    for blueprint in blueprints:
        if blueprint.model.source == "sagemaker" and blueprint.kind == "realtime":
            most = blueprint.autoscaling.max if blueprint.autoscaling else blueprint.instance_count
            endpoints[blueprint.instance_type] += 2 * most
        if blueprint.model.source == "sagemaker" and blueprint.kind == "async":
            endpoints[blueprint.instance_type] += (blueprint.async_ or Async()).max_instances
    kind = "spot training job" if platform.training.spot else "training job"
    instance = platform.training.instance_type
    yield Need("sagemaker", None, f"{instance} for {kind} usage", 1, "training.instance_type")
    yield Need("sagemaker", None, f"{instance} for processing job usage", 1, "training.instance_type: its evaluation")
    for instance, count in sorted(endpoints.items()):
        why = "endpoints scaled out, a release beside them, the candidate of the training pipeline"
        yield Need("sagemaker", None, f"{instance} for endpoint usage", count, why)
