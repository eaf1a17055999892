"""The option matrix: which option of a blueprint goes with which kind of inference, and which exclude each other.

One table for everybody: files are checked against it before Terraform runs, and `docs/reference/inference-matrix.md`
is written from it. A reason that begins with a service's name is a rule of AWS; the others are this platform's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.config.model.blueprint import BedrockModel, Blueprint
from orchestrator.config.problems import Problem
from orchestrator.config.rules import prices
from orchestrator.config.yaml_source import Document

KINDS = ("realtime", "serverless", "batch", "async")
SOURCES = ("sagemaker", "bedrock")

CUSTOMIZED = re.compile(r"arn:[a-z-]+:bedrock:[a-z0-9-]+:\d{12}:custom-model/[A-Za-z0-9.:/_-]+")
SYSTEM_PROFILE = re.compile(r"(us-gov|us|eu|apac|jp|au|ca|global)\.")

_SIZES = "SageMaker picks the machines of a serverless endpoint: `serverless.memory_mb` is all that one asks for"
_ONE_VARIANT = "SageMaker Serverless Inference has one variant per endpoint"


@dataclass(frozen=True)
class Option:
    """One option of a blueprint file.

    Attributes:
        meaning: what it is.
        keys: top-level keys of the file that ask for it; none where the platform decides by itself.
        refused: why it does not go with a kind; a kind that is not in it takes the option.
        source: the only source of models that has it; `None`: both have.
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
            "serverless": "SageMaker Serverless Inference scales by itself, from nothing to `max_concurrency`",
            "batch": "a batch job ends: it runs on the instances that it was given",
            "async": "asynchronous endpoints follow their queue: `async.min_instances` and `async.max_instances`",
        },
    ),
    "queue": Option(
        "requests that wait, scaling to none, and who is told of their end",
        ("async",),
        {
            "realtime": "the caller waits for the answer: there is no queue",
            "serverless": "the caller waits for the answer: there is no queue",
            "batch": "a batch job has all its records when it starts",
        },
        source=None,
    ),
    "serverless": Option(
        "memory, concurrency, and concurrency that is kept warm",
        ("serverless",),
        {
            "realtime": "a real-time endpoint runs on instances: ask for `instance_type`, or for kind serverless",
            "batch": "a batch job runs on instances",
            "async": "SageMaker Asynchronous Inference runs on instances, which scale to none",
        },
    ),
    "batch": Option(
        "how inputs become jobs: format, sizes, arrival, schedule",
        ("batch",),
        {
            "realtime": "requests come one by one, and each waits for its answer",
            "serverless": "requests come one by one, and each waits for its answer",
            "async": "an asynchronous request is one input; many of them in one object are kind batch",
        },
        source=None,
    ),
    "variants": Option(
        "production variants that share the traffic by weight (A/B)",
        ("weight", "variants"),
        {
            "serverless": _ONE_VARIANT,
            "batch": "a batch job runs one model",
            "async": "one queue leads to one variant here: which of several answered would be known too late",
        },
    ),
    "shadow": Option(
        "a variant that gets a copy of the requests",
        ("shadow",),
        {
            "serverless": "SageMaker has shadow variants on instances only",
            "batch": "a batch job runs one model",
            "async": "SageMaker has no shadow variants behind an asynchronous endpoint",
        },
    ),
    "multi-model": Option(
        "one container that loads models when they are asked for",
        ("multi_model",),
        {
            "serverless": "SageMaker Serverless Inference has no multi-model endpoints",
            "batch": "a batch job names its model",
            "async": "one queue leads to one model here",
        },
    ),
    "multi-container": Option(
        "several containers, in series or named by the request",
        ("containers",),
        {
            "serverless": "SageMaker Serverless Inference has no inference pipelines and one container",
            "batch": "a batch job runs one container here",
            "async": "one queue leads to one container here",
        },
    ),
    "data capture": Option(
        "requests and answers in S3",
        ("data_capture",),
        {
            "serverless": "SageMaker Serverless Inference captures no data",
            "batch": "inputs and outputs of a batch job are objects already",
            "async": "inputs and outputs of asynchronous requests are objects already",
        },
    ),
    "model monitor": Option(
        "schedules that compare captured data with a baseline",
        refused={
            "serverless": "SageMaker Model Monitor needs data capture, which Serverless Inference has not",
            "async": "SageMaker Model Monitor needs data capture",
        },
    ),
    "rollout": Option(
        "canary or linear releases with rollback",
        ("rollout",),
        {
            "serverless": "releases of serverless endpoints move all requests at once: there is no fleet",
            "batch": "a batch request takes the version that is released when it begins: there is no traffic to move",
            "async": "the queue waits while the fleet is replaced: nothing is gained by parts",
        },
    ),
    "provisioned throughput": Option(
        "capacity of a Bedrock model by the hour, which customized models need (`model.provisioned`)",
        refused={
            "serverless": "serverless on Bedrock is on demand; throughput of its own is kind realtime",
            "batch": "Bedrock runs batch jobs on demand only",
        },
        source="bedrock",
    ),
    "guardrail": Option(
        "filters of what Bedrock's model is asked and answers",
        ("guardrail",),
        {"batch": "Bedrock applies no guardrail to a batch job"},
        source="bedrock",
    ),
    "knowledge base": Option(
        "documents that Bedrock looks up before the model answers",
        ("knowledge_base",),
        {
            "batch": "Bedrock's batch jobs ask a model alone",
            "async": "the worker behind the queue asks a model alone",
        },
        source="bedrock",
    ),
    "agent": Option(
        "an agent of Bedrock that answers in the model's place",
        ("agent",),
        {
            "batch": "Bedrock's batch jobs ask a model alone",
            "async": "the worker behind the queue asks a model alone",
        },
        source="bedrock",
    ),
    "routing": Option(
        "other blueprints that stand in, share the requests or get a copy of them",
        ("routing",),
        {
            "batch": "nobody waits for a batch job's answer: the router is not asked",
            "async": "the queue keeps a request until its endpoint answers",
        },
        source=None,
    ),
    "limits": Option("the most that one request may ask of the model", ("limits",), source=None),
    "vpc": Option(
        "containers in private subnets",
        refused={"serverless": "SageMaker Serverless Inference has no VPC: its containers reach the internet"},
    ),
    "network isolation": Option(
        "containers cannot open connections",
        refused={"serverless": "SageMaker Serverless Inference has no network isolation"},
    ),
    "volume key": Option(
        "a key of the platform on the instances' volumes",
        refused={"serverless": "SageMaker Serverless Inference shows no volume that a key could be given for"},
    ),
}


ATTRIBUTES = {"async": "async_"}
"""Keys that Python does not take for names."""


@dataclass(frozen=True)
class Exclusion:
    """Two keys that one file cannot have together."""

    one: str
    other: str
    reason: str


EXCLUSIONS = (
    Exclusion("shadow", "variants", "SageMaker takes one production variant beside a shadow variant"),
    Exclusion("shadow", "multi_model", "SageMaker has no shadow variants of multi-model endpoints"),
    Exclusion("shadow", "containers", "SageMaker has no shadow variants of multi-container endpoints"),
    Exclusion("multi_model", "containers", "one container loads many models, or several have one each"),
    Exclusion("multi_model", "variants", "variants differ in the version of one model; here a request names its model"),
    Exclusion("containers", "variants", "variants differ in the version of one model; these containers have several"),
)


def check(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """Options of one file that its kind or its source of models does not have."""
    kind, source = blueprint.kind, blueprint.model.source
    for option in OPTIONS.values():
        for key in option.keys:
            name = ATTRIBUTES.get(key, key)
            if name not in blueprint.model_fields_set or getattr(blueprint, name) is None:
                continue
            value = getattr(blueprint, name)
            if option.source not in (None, source):
                rule = f"belongs to models of {option.source}; this one comes from {source}"
                yield document.problem((key,), rule, _plain(value))
            elif kind in option.refused:
                rule = f"does not go with kind `{kind}`: {option.refused[kind]}"
                yield document.problem((key,), rule, _plain(value))
    yield from _check_exclusions(document, blueprint)
    yield from _check_serverless(document, blueprint)
    yield from _check_variants(document, blueprint)
    yield from _check_bedrock(document, blueprint)
    yield from _check_batch(document, blueprint)
    yield from _check_limits(document, blueprint)


def _check_exclusions(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    for each in EXCLUSIONS:
        value = getattr(blueprint, each.one)
        if value and getattr(blueprint, each.other):
            yield document.problem((each.one,), f"does not go with `{each.other}`: {each.reason}", _plain(value))


def _check_variants(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    weights = [blueprint.weight, *(each.weight for each in blueprint.variants.values())]
    if not any(weights):
        yield document.problem(("weight",), "nobody would answer: at least one weight must be above 0", weights)
    if "weight" in blueprint.model_fields_set and not blueprint.variants:
        rule = "shares the requests with `variants`, and there are none"
        yield document.problem(("weight",), rule, blueprint.weight)
    for name in set(blueprint.variants) & {"primary", "shadow"}:
        yield document.problem(("variants", name), "is the name of a variant that the platform makes", name)
    containers = blueprint.containers
    if containers:
        known = ["primary", *containers.others]
        if "primary" in containers.others:
            rule = "is the name of the blueprint's own container"
            yield document.problem(("containers", "others", "primary"), rule, "primary")
        if containers.target not in known:
            rule = f"must be one of the containers: {', '.join(known)}"
            yield document.problem(("containers", "target"), rule, containers.target)


def check_local(environment: str, document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """What a local environment cannot have."""
    if isinstance(blueprint.model, BedrockModel) and blueprint.model.provisioned:
        rule = f"cannot be bought in `{environment}`: the local AWS answers on demand only"
        yield document.problem(("model", "provisioned"), rule, _plain(blueprint.model.provisioned))


TAKEN_BY_BEDROCK = ("max_tokens", "temperature", "top_p", "stop_sequences", "system")
"""The functions refuse others, which would have no effect."""


def _check_bedrock(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    model = blueprint.model
    if not isinstance(model, BedrockModel):
        return
    customized = model.model_id.startswith("arn:")
    if customized and not CUSTOMIZED.fullmatch(model.model_id):
        yield document.problem(("model", "model_id"), "is no ARN of a customized model", model.model_id)
    if customized and model.provisioned is None:
        rule = "is a customized model, which Bedrock serves with provisioned throughput: `model.provisioned`"
        yield document.problem(("model", "model_id"), rule, model.model_id)
    if model.provisioned is not None:
        refused = OPTIONS["provisioned throughput"].refused.get(blueprint.kind)
        rule = f"does not go with kind `{blueprint.kind}`: {refused}" if refused else ""
        if not rule and SYSTEM_PROFILE.match(model.model_id):
            rule = "goes with a model of this region, not with a system inference profile"
        if rule:
            yield document.problem(("model", "provisioned"), rule, _plain(model.provisioned))
    for name in sorted(set(blueprint.parameters) - set(TAKEN_BY_BEDROCK)):
        rule = f"is no parameter of Bedrock's models; known are {', '.join(TAKEN_BY_BEDROCK)}"
        yield document.problem(("parameters", name), rule, blueprint.parameters[name])
    guardrail = blueprint.guardrail
    if guardrail and not (guardrail.filters or guardrail.pii or guardrail.denied_topics or guardrail.words):
        yield document.problem(("guardrail",), "filters nothing: give filters, pii, denied_topics or words", {})


OF_ONE_SOURCE = {
    "sagemaker": ("strategy", "max_payload_mb", "max_concurrent_transforms"),
    "bedrock": ("timeout_hours",),
}
RECORDS_PER_JOB = 50_000
"""The most that Bedrock takes in one job."""
PAYLOAD_MB = 100
"""The most that SageMaker sends to one container at once."""


def _check_batch(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    batch, source = blueprint.batch, blueprint.model.source
    if batch is None or blueprint.kind != "batch":
        return
    for other, keys in OF_ONE_SOURCE.items():
        for key in keys:
            if other != source and key in batch.model_fields_set:
                rule = f"belongs to models of {other}; this one comes from {source}"
                yield document.problem(("batch", key), rule, getattr(batch, key))
    yield from prices.check(document, batch, source)
    at_once = batch.max_payload_mb * batch.max_concurrent_transforms
    if at_once > PAYLOAD_MB:
        rule = f"times `max_concurrent_transforms` must not exceed {PAYLOAD_MB} MB, SageMaker's limit"
        yield document.problem(("batch", "max_payload_mb"), rule, at_once)
    least, most = batch.minimum_records or (100 if source == "bedrock" else 1), batch.records_per_file
    if source == "bedrock" and most is not None and not 2 * least <= most <= RECORDS_PER_JOB:
        rule = (
            f"must be from {2 * least} (twice `minimum_records`: what is split must still be enough) "
            f"to {RECORDS_PER_JOB}, the most that Bedrock takes in one job"
        )
        yield document.problem(("batch", "records_per_file"), rule, most)
    if batch.maximum_records < least:
        rule = f"must not be smaller than `minimum_records` ({least})"
        yield document.problem(("batch", "maximum_records"), rule, batch.maximum_records)


INPUTS_AT_ONCE = 100
"""The most that the API takes of a caller who waits."""


def _check_limits(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    limits = blueprint.limits
    if limits.max_inputs is not None and blueprint.kind == "batch":
        rule = "does not go with kind `batch`: `batch.maximum_records` limits the records of a request"
        yield document.problem(("limits", "max_inputs"), rule, limits.max_inputs)
    elif limits.max_inputs is not None and blueprint.kind != "async" and limits.max_inputs > INPUTS_AT_ONCE:
        rule = f"must not exceed {INPUTS_AT_ONCE}, the most that the API takes of a caller who waits"
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
