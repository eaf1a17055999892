"""The option matrix: the options of each kind of inference, and options that exclude each other.

Files are checked against it before Terraform runs, and `docs/reference/inference-matrix.md` is generated from it. A
reason that begins with the name of a service is a rule of AWS; the others are rules of this platform.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.config.model.blueprint import BedrockModel, Blueprint
from orchestrator.config.problems import Problem
from orchestrator.config.rules import golden, prices
from orchestrator.config.yaml_source import Document

KINDS = ("realtime", "serverless", "batch", "async")
SOURCES = ("sagemaker", "bedrock")

CUSTOMIZED = re.compile(r"arn:[a-z-]+:bedrock:[a-z0-9-]+:\d{12}:custom-model/[A-Za-z0-9.:/_-]+")
SYSTEM_PROFILE = re.compile(r"(us-gov|us|eu|apac|jp|au|ca|global)\.")

_SIZES = "SageMaker serverless endpoints take no instance type; set `serverless.memory_mb`"
_ONE_VARIANT = "SageMaker Serverless Inference has one variant per endpoint"


@dataclass(frozen=True)
class Option:
    """An option of a blueprint file.

    Attributes:
        meaning: its description.
        keys: top-level keys of the file that set it; empty if the platform decides.
        refused: reasons by unsupported kind; other kinds support the option.
        source: the only source of models that supports it; `None`: both do.
    """

    meaning: str
    keys: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    source: str | None = "sagemaker"


OPTIONS: dict[str, Option] = {
    "instances": Option(
        "type and number of instances",
        ("instance_type", "instance_count"),
        {"serverless": _SIZES},
    ),
    "autoscaling": Option(
        "instances follow the number of requests",
        ("autoscaling",),
        {
            "serverless": "SageMaker Serverless Inference scales automatically, from zero to `max_concurrency`",
            "batch": "a batch job has a fixed number of instances",
            "async": "asynchronous endpoints scale with their queue (`async.min_instances`, `async.max_instances`)",
        },
    ),
    "queue": Option(
        "queued requests, scaling to zero, and notifications of results",
        ("async",),
        {
            "realtime": "requests are answered synchronously, without a queue",
            "serverless": "requests are answered synchronously, without a queue",
            "batch": "a batch job has all its records when it starts",
        },
        source=None,
    ),
    "serverless": Option(
        "memory, concurrency, and concurrency that is kept warm",
        ("serverless",),
        {
            "realtime": "a real-time endpoint runs on instances; set `instance_type`, or kind serverless",
            "batch": "a batch job runs on instances",
            "async": "SageMaker Asynchronous Inference runs on instances, which scale to zero",
        },
    ),
    "batch": Option(
        "how inputs become jobs: format, sizes, arrival, schedule",
        ("batch",),
        {
            "realtime": "requests are answered one by one",
            "serverless": "requests are answered one by one",
            "async": "an asynchronous request has one input; use kind batch for many inputs in one object",
        },
        source=None,
    ),
    "variants": Option(
        "production variants that share the traffic by weight (A/B)",
        ("weight", "variants"),
        {
            "serverless": _ONE_VARIANT,
            "batch": "a batch job runs one model",
            "async": "one queue serves one variant here: the variant that answered would be known too late",
        },
    ),
    "shadow": Option(
        "a variant that receives copies of requests",
        ("shadow",),
        {
            "serverless": "SageMaker has shadow variants on instances only",
            "batch": "a batch job runs one model",
            "async": "SageMaker has no shadow variants behind an asynchronous endpoint",
        },
    ),
    "multi-model": Option(
        "one container that loads models on request",
        ("multi_model",),
        {
            "serverless": "SageMaker Serverless Inference has no multi-model endpoints",
            "batch": "a batch job uses one model",
            "async": "one queue serves one model here",
        },
    ),
    "multi-container": Option(
        "several containers, in series or selected by the request",
        ("containers",),
        {
            "serverless": "SageMaker Serverless Inference has no inference pipelines and one container",
            "batch": "a batch job runs one container here",
            "async": "one queue serves one container here",
        },
    ),
    "data capture": Option(
        "requests and answers in S3",
        ("data_capture",),
        {
            "serverless": "SageMaker Serverless Inference captures no data",
            "batch": "inputs and outputs of a batch job are already objects in S3",
            "async": "inputs and outputs of asynchronous requests are already objects in S3",
        },
    ),
    "model monitor": Option(
        "schedules that compare captured data with a baseline",
        refused={
            "serverless": "SageMaker Model Monitor requires data capture, which Serverless Inference lacks",
            "async": "SageMaker Model Monitor requires data capture",
        },
    ),
    "rollout": Option(
        "canary or linear releases with rollback",
        ("rollout",),
        {
            "serverless": "releases of serverless endpoints move all requests at once, as there is no fleet",
            "batch": "a batch request uses the version that is released when it starts; there is no traffic to move",
            "async": "requests are queued while the fleet is replaced, so steps have no benefit",
        },
    ),
    "provisioned throughput": Option(
        "capacity of a Bedrock model by the hour, which customized models require (`model.provisioned`)",
        refused={
            "serverless": "serverless on Bedrock is on demand; use kind realtime for dedicated throughput",
            "batch": "Bedrock runs batch jobs on demand only",
        },
        source="bedrock",
    ),
    "guardrail": Option(
        "filters for requests to and answers of a Bedrock model",
        ("guardrail",),
        {"batch": "Bedrock applies no guardrail to a batch job"},
        source="bedrock",
    ),
    "knowledge base": Option(
        "documents that Bedrock retrieves before the model answers",
        ("knowledge_base",),
        {
            "batch": "Bedrock's batch jobs call only a model",
            "async": "the worker of the queue calls only a model",
        },
        source="bedrock",
    ),
    "agent": Option(
        "an agent of Bedrock that answers instead of the model",
        ("agent",),
        {
            "batch": "Bedrock's batch jobs call only a model",
            "async": "the worker of the queue calls only a model",
        },
        source="bedrock",
    ),
    "routing": Option(
        "other blueprints as fallback, for a share of the requests, or for copies of them",
        ("routing",),
        {
            "batch": "batch jobs do not use the router",
            "async": "the queue keeps a request until its endpoint answers",
        },
        source=None,
    ),
    "container format": Option("what the container reads and writes, if not this platform's own format", ("format",)),
    "limits": Option("upper limits for a request", ("limits",), source=None),
    "vpc": Option(
        "containers in private subnets",
        refused={"serverless": "SageMaker Serverless Inference has no VPC: its containers reach the internet"},
    ),
    "network isolation": Option(
        "containers cannot open connections",
        refused={"serverless": "SageMaker Serverless Inference has no network isolation"},
    ),
    "volume key": Option(
        "a key of the platform for the instances' volumes",
        refused={"serverless": "SageMaker Serverless Inference has no volume to encrypt"},
    ),
}


ATTRIBUTES = {"async": "async_"}
"""Attributes of keys that are keywords of Python."""


@dataclass(frozen=True)
class Exclusion:
    """Two keys that cannot be combined in a file."""

    one: str
    other: str
    reason: str


EXCLUSIONS = (
    Exclusion("shadow", "variants", "SageMaker accepts one production variant in addition to a shadow variant"),
    Exclusion("shadow", "multi_model", "SageMaker has no shadow variants of multi-model endpoints"),
    Exclusion("shadow", "containers", "SageMaker has no shadow variants of multi-container endpoints"),
    Exclusion("multi_model", "containers", "one container loads many models, or several have one each"),
    Exclusion("multi_model", "variants", "variants differ in the version of one model; requests select among many"),
    Exclusion("containers", "variants", "variants differ in the version of one model; containers have several models"),
)


def check(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """Check the options of one file against its kind and source of models."""
    kind, source = blueprint.kind, blueprint.model.source
    for option in OPTIONS.values():
        for key in option.keys:
            name = ATTRIBUTES.get(key, key)
            if name not in blueprint.model_fields_set or getattr(blueprint, name) is None:
                continue
            value = getattr(blueprint, name)
            if option.source not in (None, source):
                rule = f"is only available for models of {option.source}; this one is of {source}"
                yield document.problem((key,), rule, _plain(value))
            elif kind in option.refused:
                rule = f"cannot be combined with kind `{kind}`: {option.refused[kind]}"
                yield document.problem((key,), rule, _plain(value))
    yield from _check_exclusions(document, blueprint)
    yield from _check_serverless(document, blueprint)
    yield from _check_variants(document, blueprint)
    yield from _check_bedrock(document, blueprint)
    yield from _check_format(document, blueprint)
    yield from _check_batch(document, blueprint)
    yield from _check_limits(document, blueprint)


def _check_exclusions(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    for each in EXCLUSIONS:
        value = getattr(blueprint, each.one)
        if value and getattr(blueprint, each.other):
            yield document.problem((each.one,), f"cannot be combined with `{each.other}`: {each.reason}", _plain(value))


def _check_variants(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    weights = [blueprint.weight, *(each.weight for each in blueprint.variants.values())]
    if not any(weights):
        rule = "no variant would receive traffic: at least one weight must be greater than 0"
        yield document.problem(("weight",), rule, weights)
    if "weight" in blueprint.model_fields_set and not blueprint.variants:
        rule = "requires `variants`, with which it shares the requests"
        yield document.problem(("weight",), rule, blueprint.weight)
    for name in set(blueprint.variants) & {"primary", "shadow"}:
        yield document.problem(("variants", name), "is a reserved name of a variant", name)
    containers = blueprint.containers
    if containers:
        known = ["primary", *containers.others]
        if "primary" in containers.others:
            rule = "is reserved for the blueprint's own container"
            yield document.problem(("containers", "others", "primary"), rule, "primary")
        if containers.target not in known:
            rule = f"must be one of the containers: {', '.join(known)}"
            yield document.problem(("containers", "target"), rule, containers.target)


def check_local(environment: str, document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """Reject options that local environments do not support."""
    if isinstance(blueprint.model, BedrockModel) and blueprint.model.provisioned:
        rule = f"is not available in `{environment}`: the local AWS supports only on-demand inference"
        yield document.problem(("model", "provisioned"), rule, _plain(blueprint.model.provisioned))


TAKEN_BY_BEDROCK = ("max_tokens", "temperature", "top_p", "stop_sequences", "system")
"""The functions reject other parameters, which would have no effect."""


def _check_bedrock(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    model = blueprint.model
    if not isinstance(model, BedrockModel):
        return
    customized = model.model_id.startswith("arn:")
    if customized and not CUSTOMIZED.fullmatch(model.model_id):
        yield document.problem(("model", "model_id"), "is not an ARN of a customized model", model.model_id)
    if customized and model.provisioned is None:
        rule = "is a customized model, which requires provisioned throughput: set `model.provisioned`"
        yield document.problem(("model", "model_id"), rule, model.model_id)
    if model.provisioned is not None:
        refused = OPTIONS["provisioned throughput"].refused.get(blueprint.kind)
        rule = f"cannot be combined with kind `{blueprint.kind}`: {refused}" if refused else ""
        if not rule and SYSTEM_PROFILE.match(model.model_id):
            rule = "requires a model of this region, not a system inference profile"
        if rule:
            yield document.problem(("model", "provisioned"), rule, _plain(model.provisioned))
    embedder = embedder_of(model.model_id)
    accepted = TAKEN_BY_BEDROCK if embedder is None else EMBEDDERS[embedder]
    of_models = "Bedrock's models" if embedder is None else "this embedding model"
    yield from _check_parameters(document, blueprint, accepted, of_models)
    if embedder is not None:
        for key in ("guardrail", "knowledge_base", "agent"):
            if getattr(blueprint, key) is not None:
                rule = "cannot be combined with an embedding model, which generates no text"
                yield document.problem((key,), rule, _plain(getattr(blueprint, key)))
    guardrail = blueprint.guardrail
    if guardrail and not (guardrail.filters or guardrail.pii or guardrail.denied_topics or guardrail.words):
        yield document.problem(("guardrail",), "is empty: set `filters`, `pii`, `denied_topics` or `words`", {})


def _check_parameters(
    document: Document, blueprint: Blueprint, accepted: Collection[str], of_models: str
) -> Iterator[Problem]:
    for name in sorted(set(blueprint.parameters) - set(accepted)):
        available = f"available: {', '.join(accepted)}" if accepted else "there are none"
        rule = f"is not a parameter of {of_models}; {available}"
        yield document.problem(("parameters", name), rule, blueprint.parameters[name])


EMBEDDERS = {"amazon.titan-embed-text-v2": ("dimensions",), "amazon.titan-embed": (), "cohere.embed": ("input_type",)}
"""Bedrock's embedding models by a part of their id, with their parameters; the functions have the same table."""
GENERATION = ("max_tokens", "temperature", "top_p", "stop_sequences")
TAKEN_BY_FORMAT: dict[str, tuple[str, ...]] = {
    "json": (),
    "csv": (),
    "embed": (),
    "text": (
        *GENERATION, "top_k", "seed", "do_sample", "typical_p", "repetition_penalty", "frequency_penalty",
        "return_full_text", "truncate", "system",
    ),
    "messages": (
        *GENERATION, "top_k", "min_p", "seed", "repetition_penalty", "frequency_penalty", "presence_penalty", "system",
    ),
}  # fmt: skip
"""Parameters that the payload of a container format can hold; formats that are absent hold any."""


def embedder_of(model_id: str) -> str | None:
    """Return the entry of `EMBEDDERS` for a Bedrock model; None if it generates text."""
    return next((marker for marker in EMBEDDERS if marker in model_id), None)


def _check_format(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    accepted = TAKEN_BY_FORMAT.get(blueprint.format)
    if accepted is not None and blueprint.model.source == "sagemaker":
        yield from _check_parameters(document, blueprint, accepted, f"containers of format `{blueprint.format}`")


def embeds(blueprint: Blueprint) -> bool:
    """Return whether the blueprint's model makes embeddings."""
    model = blueprint.model
    return embedder_of(model.model_id) is not None if isinstance(model, BedrockModel) else blueprint.format == "embed"


def generates(blueprint: Blueprint) -> bool:
    """Return whether the blueprint's model generates text."""
    return blueprint.format in ("text", "messages") or (blueprint.model.source == "bedrock" and not embeds(blueprint))


def check_golden(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """Check that the golden cases fit what the model takes and makes."""
    cases, location = blueprint.smoke.golden, ("smoke", "golden")
    makes = "text" if generates(blueprint) else "embedding" if embeds(blueprint) else "any"
    texts_only = blueprint.model.source == "bedrock" or generates(blueprint)
    yield from golden.check(document, location, cases, makes=makes, texts_only=texts_only)
    if blueprint.model.source == "sagemaker" and blueprint.kind != "batch":
        yield from golden.check_size(document, location, cases)


OF_ONE_SOURCE = {
    "sagemaker": ("strategy", "max_payload_mb", "max_concurrent_transforms"),
    "bedrock": ("timeout_hours",),
}
RECORDS_PER_JOB = 50_000
"""Bedrock's limit of records per job."""
PAYLOAD_MB = 100
"""SageMaker's limit for concurrent requests to a container, in MB."""


def _check_batch(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    batch, source = blueprint.batch, blueprint.model.source
    if batch is None or blueprint.kind != "batch":
        return
    for other, keys in OF_ONE_SOURCE.items():
        for key in keys:
            if other != source and key in batch.model_fields_set:
                rule = f"is only available for models of {other}; this one is of {source}"
                yield document.problem(("batch", key), rule, getattr(batch, key))
    if batch.types and (batch.column != "*" or batch.format not in ("auto", "csv")):
        rule = 'requires `column: "*"` and CSV: other columns are texts, and other formats have types'
        yield document.problem(("batch", "types"), rule, dict(batch.types))
    yield from prices.check(document, batch, source)
    at_once = batch.max_payload_mb * batch.max_concurrent_transforms
    if at_once > PAYLOAD_MB:
        rule = f"times `max_concurrent_transforms` must not exceed {PAYLOAD_MB} MB, SageMaker's limit"
        yield document.problem(("batch", "max_payload_mb"), rule, at_once)
    least, most = batch.minimum_records or (100 if source == "bedrock" else 1), batch.records_per_file
    if source == "bedrock" and most is not None and not 2 * least <= most <= RECORDS_PER_JOB:
        rule = (
            f"must be from {2 * least} (twice `minimum_records`, so that split files have enough records) "
            f"to {RECORDS_PER_JOB}, Bedrock's limit per job"
        )
        yield document.problem(("batch", "records_per_file"), rule, most)
    if batch.maximum_records < least:
        rule = f"must not be smaller than `minimum_records` ({least})"
        yield document.problem(("batch", "maximum_records"), rule, batch.maximum_records)


INPUTS_AT_ONCE = 100
"""The API's limit of inputs in a synchronous request."""


def _check_limits(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    limits = blueprint.limits
    if limits.max_inputs is not None and blueprint.kind == "batch":
        rule = "cannot be combined with kind `batch`; set `batch.maximum_records`"
        yield document.problem(("limits", "max_inputs"), rule, limits.max_inputs)
    elif limits.max_inputs is not None and blueprint.kind != "async" and limits.max_inputs > INPUTS_AT_ONCE:
        rule = f"must not exceed {INPUTS_AT_ONCE}, the limit of synchronous requests"
        yield document.problem(("limits", "max_inputs"), rule, limits.max_inputs)
    own = blueprint.parameters.get("max_tokens")
    if "max_tokens" in limits.model_fields_set and isinstance(own, int) and own > limits.max_tokens:
        rule = f"must not exceed `limits.max_tokens` ({limits.max_tokens})"
        yield document.problem(("parameters", "max_tokens"), rule, own)


def _check_serverless(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    sizes = blueprint.serverless
    if sizes and sizes.provisioned_concurrency and sizes.provisioned_concurrency > sizes.max_concurrency:
        rule = f"must not exceed `max_concurrency` ({sizes.max_concurrency})"
        yield document.problem(("serverless", "provisioned_concurrency"), rule, sizes.provisioned_concurrency)


def _plain(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    return dump(exclude_unset=True) if dump else value
