"""Plan the names of an environment's resources, and find those that AWS would reject.

Pure. A name consists of project, environment, account, region and blueprint; valid parts can together exceed the
limit of a service. Every template refers to the module that it is taken from; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.config.model.platform import Blueprint, Dataset, Described, Platform

Scope = Literal["global", "account", "region"]

UNKNOWN_ACCOUNT = "0" * 12
"""Placeholder for an account that is not set; all have twelve digits."""
LONGEST_RUN_ID = "r" * 24
"""The longest run id that the training pipeline accepts."""
CONTENT_HASH = "0" * 8
"""Suffix of the names of models and endpoint configurations."""
LAST_VERSION = "9" * 4
"""The longest version number of a model group for which names have room."""


@dataclass(frozen=True)
class Kind:
    """Rules of a service for names: at most `limit` characters, matching `pattern`, unique within `scope`."""

    title: str
    limit: int
    pattern: str
    scope: Scope


BUCKET = Kind("S3 bucket", 63, r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]+[a-z0-9](?<!-s3alias)", "global")
ROLE = Kind("IAM role", 64, r"[\w+=,.@-]+", "account")
FUNCTION = Kind("Lambda function", 64, r"[A-Za-z0-9_-]+", "region")
SAGEMAKER = Kind("SageMaker name", 63, r"[A-Za-z0-9](-*[A-Za-z0-9])*", "region")
STATE_MACHINE = Kind("Step Functions state machine", 80, r"[A-Za-z0-9_-]+", "region")
EVENT_RULE = Kind("EventBridge rule", 64, r"[\w.-]+", "region")
EVENT_ARCHIVE = Kind("EventBridge archive", 48, r"[\w.-]+", "region")
QUEUE = Kind("SQS queue", 80, r"[A-Za-z0-9_-]+", "region")
TOPIC = Kind("SNS topic", 256, r"[A-Za-z0-9_-]+", "region")
VECTORS = Kind("S3 vector bucket", 63, r"[a-z0-9][a-z0-9-]+[a-z0-9]", "region")
PROFILE = Kind("Bedrock inference profile", 64, r"([0-9A-Za-z][ _-]?)+", "region")
GUARDRAIL = Kind("Bedrock guardrail", 50, r"[0-9A-Za-z_-]+", "region")
THROUGHPUT = Kind("Bedrock provisioned throughput", 63, r"([0-9A-Za-z][_-]?)+", "region")
REPOSITORY = Kind("ECR repository", 256, r"[a-z0-9]+([._/-][a-z0-9]+)*", "region")
ALIAS = Kind("KMS alias", 256, r"alias/(?!aws/)[A-Za-z0-9/_-]+", "region")
DATABASE = Kind("Glue database", 255, r"[a-z0-9_]+", "region")
WORKGROUP = Kind("Athena workgroup", 128, r"[A-Za-z0-9._-]+", "region")


@dataclass(frozen=True)
class Template:
    """A name as modules build it. `file` is in `terraform/` and contains `hcl` ('' for names built in Python)."""

    kind: Kind
    text: str
    file: str
    hcl: str


PLATFORM = (
    Template(BUCKET, "{prefix}-data-{account}-{region}", "modules/s3_buckets", "-data-${"),
    Template(BUCKET, "{prefix}-access-logs-{account}-{region}", "modules/s3_buckets", "-access-logs-${"),
    Template(BUCKET, "{prefix}-tfstate-{account}-{region}", "", ""),
    Template(ROLE, "{prefix}-data-scientist", "modules/iam", "${local.prefix}-${local.persona_tag[each.key]}"),
    Template(ROLE, "{prefix}-studio-data-scientist", "modules/studio", "-studio-${each.value.role}"),
    Template(ROLE, "{prefix}-sagemaker-evaluation", "modules/sagemaker", "-sagemaker-${each.key}"),
    Template(ROLE, "{prefix}-data-validation", "modules/lambda", "= local.function_name"),
    Template(FUNCTION, "{prefix}-data-validation", "modules/lambda", "-${var.function.name}"),
    Template(SAGEMAKER, "{prefix}-{run_id}", "modules/stepfunctions", "training-job/${var.context.name_prefix}-*"),
    Template(SAGEMAKER, "{prefix}-candidate-{run_id}", "modules/stepfunctions", "${var.context.name_prefix}-candidate"),
    Template(ROLE, "{prefix}-experiments-data-scientist", "modules/experiments", "-experiments-${var.persona}"),
    Template(ROLE, "{prefix}-feature-ingestion-run", "modules/fixed_run", "${local.name}-run"),
    Template(STATE_MACHINE, "{prefix}-training", "modules/stepfunctions", "${var.context.name_prefix}-training"),
    Template(
        STATE_MACHINE, "{prefix}-feature-ingestion", "modules/fixed_run", "${var.context.name_prefix}-${var.name}"
    ),
    Template(EVENT_RULE, "{prefix}-bedrock-batch-completion", "modules/event_rules", "bedrock-batch-completion = {"),
    Template(EVENT_ARCHIVE, "{prefix}-services", "modules/event_rules", "services = {"),
    Template(QUEUE, "{prefix}-dead-letters", "modules/event_rules", "-dead-letters"),
    Template(TOPIC, "{prefix}-notifications", "modules/events", "-notifications"),
    Template(ALIAS, "alias/{prefix}-models", "modules/kms", "alias/${var.context.name_prefix}-${each.key}"),
    Template(DATABASE, "{database_prefix}_processed", "modules/glue", "${local.database_prefix}_${each.key}"),
    Template(WORKGROUP, "{prefix}-analytics", "modules/athena", "-analytics"),
)
"""The longest name of each kind that does not depend on lists of the environment file."""

PER_REPOSITORY = Template(REPOSITORY, "{prefix}/{item}", "modules/ecr", "${var.context.name_prefix}/${each.key}")
PER_GROUP = Template(SAGEMAKER, "{prefix}-{item}", "modules/model_registry", "${var.context.name_prefix}-${each.key}")
PER_STREAM = Template(ROLE, "{prefix}-{item}-delivery", "modules/streaming", "${local.name}-delivery")
PER_DATASET = (Template(ROLE, "{prefix}-{item}-etl", "modules/dataset", "${local.name}-etl"),)
PER_TRAINING = (
    Template(ROLE, "{prefix}-{item}-evaluation", "modules/sagemaker", "-${var.name}-${each.key}"),
    Template(
        STATE_MACHINE,
        "{prefix}-{item}-pipeline",
        "modules/stepfunctions",
        "${var.context.name_prefix}-${var.name}-pipeline",
    ),
    PER_GROUP,
)
PER_ENDPOINT = Template(
    SAGEMAKER,
    "{prefix}-{item}-{hash}-v{version}",
    "modules/realtime_endpoint",
    "${local.endpoint_name}-${local.launch.spec_hash}-v",
)
PER_SERVERLESS = Template(
    SAGEMAKER,
    "{prefix}-{item}-{hash}-v{version}",
    "modules/serverless_endpoint",
    "${local.endpoint_name}-${local.launch.spec_hash}-v",
)
PER_BATCH = Template(SAGEMAKER, "{prefix}-{item}-0123456789ab-9-999", "modules/batch_runs", "<= 40")
"""Jobs: digest of the request, attempt, number of the job."""
PER_ASYNC = Template(
    SAGEMAKER,
    "{prefix}-{item}-{hash}-v{version}",
    "modules/async_endpoint",
    "${local.endpoint_name}-${local.launch.spec_hash}-v",
)
PER_PROFILE = Template(
    PROFILE, "{prefix}-{item}", "modules/bedrock_model", "${var.context.name_prefix}-${var.blueprint.name}"
)

PER_GUARDRAIL = Template(
    GUARDRAIL, "{prefix}-{item}", "modules/bedrock_model", "name                      = local.profile_name"
)
PER_THROUGHPUT = Template(
    THROUGHPUT, "{prefix}-{item}", "modules/bedrock_model", "provisioned_model_name = local.profile_name"
)

BESIDE_ENDPOINT = (Template(ROLE, "{prefix}-{item}-endpoint", "modules/realtime_endpoint", "-endpoint"),)
BESIDE_SERVERLESS = (Template(ROLE, "{prefix}-{item}-endpoint", "modules/serverless_endpoint", "-endpoint"),)
BESIDE_KNOWLEDGE_BASE = (
    Template(VECTORS, "{prefix}-{item}-vectors", "modules/bedrock_knowledge_base", "-vectors"),
    Template(ROLE, "{prefix}-{item}-knowledge", "modules/bedrock_knowledge_base", "-knowledge"),
)
BESIDE_AGENT = (Template(ROLE, "{prefix}-{item}-agent", "modules/bedrock_agent", "-agent"),)
BESIDE_BATCH = (
    Template(ROLE, "{prefix}-{item}-crawler", "modules/batch_runs", "-crawler"),
    Template(EVENT_RULE, "{prefix}-{item}-schedule", "modules/batch_runs", "-schedule"),
    Template(DATABASE, "{database_prefix}_{sql_item}", "modules/batch_runs", 'replace(local.full_name, "-", "_")'),
)
BESIDE_TRANSFORM = (
    Template(ROLE, "{prefix}-{item}-model", "modules/batch_transform", "${local.full_name}-model"),
    Template(
        SAGEMAKER,
        "{prefix}-{item}-{hash}-v{version}",
        "modules/batch_transform",
        "${local.full_name}-${local.launch.spec_hash}-v",
    ),
)
BESIDE_BATCH_PROFILE = (
    Template(PROFILE, "{prefix}-{item}", "modules/bedrock_batch", "${var.context.name_prefix}-${var.blueprint.name}"),
    Template(ROLE, "{prefix}-{item}-jobs", "modules/bedrock_batch", "${local.full_name}-jobs"),
)
BESIDE_ASYNC = (Template(TOPIC, "{prefix}-{item}-completed", "modules/async_results", "-completed"),)
BESIDE_ASYNC_ENDPOINT = (Template(ROLE, "{prefix}-{item}-endpoint", "modules/async_endpoint", "-endpoint"),)
BESIDE_ASYNC_PROFILE = (
    Template(QUEUE, "{prefix}-{item}-requests-dead", "modules/bedrock_async", "${local.queue_name}-dead"),
    Template(FUNCTION, "{prefix}-{item}-worker", "modules/lambda", "-${var.function.name}"),
    Template(ROLE, "{prefix}-{item}-worker", "modules/lambda", "= local.function_name"),
)
BESIDE_CALLBACK = (
    Template(FUNCTION, "{prefix}-{item}-callback", "modules/lambda", "-${var.function.name}"),
    Template(ROLE, "{prefix}-{item}-callback", "modules/lambda", "= local.function_name"),
    Template(QUEUE, "{prefix}-{item}-undelivered", "modules/async_results", "${local.name}-undelivered"),
)
PER_BLUEPRINT = (
    *(PER_ENDPOINT, PER_SERVERLESS, PER_BATCH, PER_ASYNC, PER_PROFILE, PER_GUARDRAIL, PER_THROUGHPUT),
    *(
        *BESIDE_ENDPOINT,
        *BESIDE_SERVERLESS,
        *BESIDE_KNOWLEDGE_BASE,
        *BESIDE_AGENT,
        *BESIDE_BATCH,
        *BESIDE_TRANSFORM,
        *BESIDE_BATCH_PROFILE,
    ),
    *(*BESIDE_ASYNC, *BESIDE_ASYNC_ENDPOINT, *BESIDE_ASYNC_PROFILE, *BESIDE_CALLBACK),
)
"""All templates with a blueprint's name; `_templates` selects those that a blueprint has."""
PER_FILE = (*PER_DATASET, *PER_TRAINING, *PER_BLUEPRINT)


@dataclass(frozen=True)
class Planned:
    """A planned name."""

    kind: Kind
    name: str

    @property
    def refusal(self) -> str | None:
        """Explain why AWS would reject the name, or None."""
        if len(self.name) > self.kind.limit:
            over = len(self.name) - self.kind.limit
            return f"{self.kind.title} `{self.name}` exceeds the limit of {self.kind.limit} characters by {over}"
        if not re.fullmatch(self.kind.pattern, self.name):
            return f"{self.kind.title} `{self.name}` does not match {self.kind.pattern}"
        return None


def of_platform(environment: str, platform: Platform) -> tuple[Planned, ...]:
    """Plan the names of an environment that do not depend on its blueprints; of each kind the longest."""
    parts = _parts(environment, platform)
    listed = [(PER_REPOSITORY, name) for name in platform.images.repositories]
    listed += [(PER_GROUP, name) for name in platform.registry.groups]
    listed += [(PER_STREAM, platform.streaming.dataset)] if platform.streaming.enabled else []
    return (
        *(Planned(each.kind, each.text.format(**parts)) for each in PLATFORM),
        *(Planned(each.kind, each.text.format(**parts, item=name)) for each, name in listed),
    )


def of_file(environment: str, platform: Platform, file: Described) -> tuple[Planned, ...]:
    """Plan the names that a dataset, training or blueprint adds."""
    parts = _parts(environment, platform) | {"item": file.name, "sql_item": file.name.replace("-", "_")}
    if isinstance(file, Blueprint):
        templates = tuple(_templates(file))
    else:
        templates = PER_DATASET if isinstance(file, Dataset) else PER_TRAINING
    return tuple(Planned(each.kind, each.text.format(**parts)) for each in templates)


def _templates(blueprint: Blueprint) -> Iterator[Template]:
    """Select the longest template of each kind, and those of the blueprint's options."""
    on_sagemaker = blueprint.model.source == "sagemaker"
    if blueprint.kind == "batch":
        yield from (PER_BATCH, *BESIDE_BATCH)
        yield from BESIDE_TRANSFORM if on_sagemaker else BESIDE_BATCH_PROFILE
    elif blueprint.kind == "async":
        yield from (PER_ASYNC, *BESIDE_ASYNC_ENDPOINT) if on_sagemaker else (PER_PROFILE, *BESIDE_ASYNC_PROFILE)
        yield from (*BESIDE_ASYNC, *BESIDE_CALLBACK)
    elif on_sagemaker:
        serverless = blueprint.kind == "serverless"
        yield from (PER_SERVERLESS, *BESIDE_SERVERLESS) if serverless else (PER_ENDPOINT, *BESIDE_ENDPOINT)
    else:
        yield PER_PROFILE
    yield from (PER_GUARDRAIL,) if blueprint.guardrail else ()
    yield from (PER_THROUGHPUT,) if blueprint.model.source == "bedrock" and blueprint.model.provisioned else ()
    yield from BESIDE_KNOWLEDGE_BASE if blueprint.knowledge_base else ()
    yield from BESIDE_AGENT if blueprint.agent else ()


def of_environment(environment: str, platform: Platform, files: Sequence[Described]) -> tuple[Planned, ...]:
    """Plan all names of an environment, to check whether they are taken."""
    added = [planned for each in files for planned in of_file(environment, platform, each)]
    return (*of_platform(environment, platform), *added)


def refused(planned: Iterable[Planned]) -> Iterator[tuple[Planned, str]]:
    """Yield the names that AWS would reject, with the reason; the one furthest over its limit comes first."""
    rejected = [(each, reason) for each in planned if (reason := each.refusal)]
    yield from sorted(rejected, key=lambda pair: pair[0].kind.limit - len(pair[0].name))


def _parts(environment: str, platform: Platform) -> dict[str, str]:
    prefix = f"{platform.project}-{environment}"
    return {
        "prefix": prefix,
        "database_prefix": prefix.replace("-", "_"),
        "account": platform.account_id or UNKNOWN_ACCOUNT,
        "region": platform.region,
        "run_id": LONGEST_RUN_ID,
        "hash": CONTENT_HASH,
        "version": LAST_VERSION,
    }
