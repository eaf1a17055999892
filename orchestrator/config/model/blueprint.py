"""`terraform/envs/<env>/blueprints/<name>.yaml`: one inference deployment.

`orchestrator.config.rules.options` lists the options of each kind.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from orchestrator.config.model.async_inference import Async
from orchestrator.config.model.golden import GoldenCase
from orchestrator.config.model.knowledge_base import Agent, KnowledgeBase
from orchestrator.config.model.section import Name, Section


class SageMakerModel(Section):
    source: Literal["sagemaker"]
    group: Name = Field(description="model package group of the live version")


class Provisioned(Section):
    """Dedicated throughput, billed by the hour whether it is used or not."""

    model_units: int = Field(1, ge=1)
    commitment: Literal["OneMonth", "SixMonths"] | None = Field(None, description="unset: by the hour, until destroyed")


class BedrockModel(Section):
    source: Literal["bedrock"]
    model_id: str = Field(
        description="foundation model, system inference profile, or ARN of a customized model (with `provisioned`)"
    )
    provisioned: Provisioned | None = Field(None, description="for a model of this region; unset: on demand. Not local")


Strength = Literal["LOW", "MEDIUM", "HIGH"]
Harm = Literal["HATE", "INSULTS", "SEXUAL", "VIOLENCE", "MISCONDUCT", "PROMPT_ATTACK"]


class Guardrail(Section):
    """Filters for requests to and answers of a Bedrock model; the router applies them to every request."""

    blocked_input: str = Field("This request cannot be answered.", min_length=1, max_length=500)
    blocked_output: str = Field("This answer cannot be given.", min_length=1, max_length=500)
    filters: dict[Harm, Strength] = Field({}, description="strength of the filter for each kind of harm")
    pii: dict[Annotated[str, Field(pattern=r"^[A-Z_]+$")], Literal["BLOCK", "ANONYMIZE"]] = Field(
        {}, description="by Bedrock's type, such as EMAIL"
    )
    denied_topics: dict[Name, Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        {}, description="definition of each topic, by name"
    )
    words: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field([], description="blocked words")


class Autoscaling(Section):
    min: int = Field(1, ge=1)
    max: int = Field(2, ge=1)
    invocations_per_minute: int = Field(200, ge=1)


Version = Annotated[int, Field(ge=1, description="number in the model group; unset: that of the primary variant")]


class Variant(Section):
    """A production variant in addition to `primary`: another version of the model, or other instances."""

    weight: int = Field(1, ge=0, description="share of the requests, relative to the other weights")
    instance_type: str = "ml.m5.large"
    instance_count: int = Field(1, ge=1)
    version: Version | None = None


class Shadow(Section):
    """A variant that receives copies of requests; its answers are discarded."""

    sampling_percent: int = Field(100, ge=1, le=100, description="of the requests")
    instance_type: str = "ml.m5.large"
    instance_count: int = Field(1, ge=1)
    version: Version | None = None


class MultiModel(Section):
    """One container that loads models on request, from artifacts/models/sagemaker-custom/<name>/."""

    default: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]*\.tar\.gz$")] = Field(
        description="model for requests through the API"
    )


class OtherContainer(Section):
    group: Name = Field(description="model package group")
    version: int = Field(ge=1, description="number in the group: versions of containers are pinned")


class Containers(Section):
    """Containers in addition to `primary`, called in series or selected by the request."""

    mode: Literal["serial", "direct"]
    target: Name = Field("primary", description="mode direct: container for requests through the API")
    others: dict[Name, OtherContainer] = Field(min_length=1, max_length=14, description="by host name, in order")


class DataCapture(Section):
    """Requests and answers as JSON Lines in inference/realtime/logs/<name>/."""

    sampling_percent: int = Field(100, ge=1, le=100, description="of the requests")


class Serverless(Section):
    """Size of a serverless endpoint, which costs nothing without requests; the first one has a cold start."""

    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 2048
    max_concurrency: int = Field(5, ge=1, le=200, description="concurrent requests; more are throttled")
    provisioned_concurrency: int | None = Field(
        None, ge=1, le=200, description="kept warm and billed by the hour; at most max_concurrency"
    )


class BatchPrices(Section):
    """Prices for the cost estimate of a request: all of the model's source, or none for no estimate."""

    instance_usd_per_hour: float | None = Field(None, ge=0, description="SageMaker")
    usd_per_million_input_tokens: float | None = Field(None, ge=0, description="Bedrock")
    usd_per_million_output_tokens: float | None = Field(None, ge=0, description="Bedrock")


Format = Literal["inputs", "jsonlines", "json", "csv", "classify", "embed", "text", "messages"]


class Batch(Section):
    """How objects in inference/batch/input/<name>/ become jobs: on arrival, by schedule or on request."""

    format: Literal["auto", "jsonlines", "csv", "text", "parquet"] = Field(
        "auto", description="auto: by file extension"
    )
    column: str | None = Field(
        None, description="field or column of the inputs; `*`: whole rows as objects; unset: input, text, prompt, …"
    )
    id: str | None = Field(None, description="field or column that names each record in its result; unset: id")
    types: dict[str, Literal["string", "bigint", "double", "boolean"]] = Field(
        {}, description='CSV with `column: "*"`: types of columns by name; the others are strings'
    )
    delimiter: Literal[",", ";", "|", "tab"] = Field(",", description="CSV: separator of the cells")
    on_arrival: bool = Field(True, description="an object starts a job when it arrives, except in requests/")
    schedule: Annotated[str, Field(pattern=r"^(rate|cron)\(.+\)$")] | None = Field(
        None, description="when jobs are started for objects of the folder that had none yet"
    )
    records_per_file: int | None = Field(
        None, ge=1, le=1_000_000, description="unset: 10 000; on Bedrock 50 000, and each file is a job"
    )
    minimum_records: int | None = Field(None, ge=1, description="unset: 1; on Bedrock 100")
    maximum_records: int = Field(1_000_000, ge=1, description="per request")
    strategy: Literal["MultiRecord", "SingleRecord"] = Field("MultiRecord", description="SageMaker: records per call")
    max_payload_mb: int = Field(6, ge=1, le=100, description="SageMaker: per call")
    max_concurrent_transforms: int = Field(1, ge=1, le=100, description="SageMaker: concurrent calls per instance")
    timeout_hours: int = Field(24, ge=24, le=168, description="Bedrock: per job")
    prices: BatchPrices = BatchPrices()


class Rollout(Section):
    """How a release moves traffic of a real-time endpoint; an alarm of the endpoint rolls it back."""

    strategy: Literal["all_at_once", "canary", "linear"] = Field(
        "all_at_once", description="move traffic at once, in two steps or in many; the last two require two instances"
    )
    step_percent: int = Field(20, ge=10, le=50, description="share of the fleet in the first step, or in each")
    bake_seconds: int = Field(120, ge=0, le=3600, description="time for alarms to fire after each step")
    keep_old_seconds: int = Field(120, ge=0, le=3600, description="time for which the old fleet is kept afterwards")


class RoutedShadow(Section):
    """Copies of requests for another blueprint, whose answers are compared and discarded."""

    blueprint: Name
    percent: int = Field(10, ge=1, le=100, description="of the requests")


class Routing(Section):
    """How the router involves other blueprints of the same environment."""

    fallback: list[Name] = Field(
        [], max_length=5, description="blueprints that answer if the own model fails, in order"
    )
    share_percent: dict[Name, Annotated[int, Field(ge=1, le=100)]] = Field(
        {},
        max_length=5,
        description="share of requests that go to other blueprints first; the own model gets the rest",
    )
    shadow: RoutedShadow | None = None
    retries: int | None = Field(None, ge=0, le=10, description="retries of a request per failing target (default: 2)")
    cooldown_seconds: int | None = Field(
        None, ge=0, le=3600, description="seconds a failing target is skipped (default: 30)"
    )
    timeout_seconds: int | None = Field(
        None, ge=1, le=25, description="of the own model, then the next target is tried; unset: that of the request"
    )


class Limits(Section):
    """Upper limits for a request, regardless of its parameters."""

    max_tokens: int = Field(4096, ge=1, le=1_000_000, description="per answer; higher values are reduced to it")
    max_inputs: int | None = Field(
        None, ge=1, le=1000, description="answers per request, including `n`; unset: 100, kind async: 1000"
    )
    max_total_tokens: int | None = Field(
        None,
        ge=1,
        description="answers times tokens per request; unset: 100 times max_tokens, kind batch: unlimited",
    )


class Smoke(Section):
    golden: list[GoldenCase] = Field(min_length=1)
    max_latency_ms: int = Field(30_000, ge=1)


class Blueprint(Section):
    """`terraform/envs/<env>/blueprints/<name>.yaml`: one inference deployment."""

    model_config = ConfigDict(serialize_by_alias=True)  # `async` is a keyword of Python

    name: Name
    kind: Literal["realtime", "serverless", "batch", "async"]
    model: SageMakerModel | BedrockModel = Field(discriminator="source")
    format: Format = Field("inputs", description="SageMaker: what the container reads and writes")
    instance_type: str = "ml.m5.large"
    instance_count: int = Field(1, ge=1)
    autoscaling: Autoscaling | None = None
    weight: int = Field(1, ge=0, description="of the variant `primary`, relative to `variants`")
    variants: dict[Name, Variant] = Field({}, max_length=9, description="production variants in addition to `primary`")
    shadow: Shadow | None = None
    multi_model: MultiModel | None = None
    containers: Containers | None = None
    data_capture: DataCapture | None = None
    serverless: Serverless | None = Field(None, description="kind serverless on SageMaker; unset: the defaults")
    batch: Batch | None = Field(None, description="kind batch; unset: the defaults")
    async_: Async | None = Field(None, alias="async", description="kind async; unset: the defaults")
    rollout: Rollout = Rollout()
    guardrail: Guardrail | None = None
    knowledge_base: KnowledgeBase | None = None
    agent: Agent | None = None
    routing: Routing = Routing()
    parameters: dict[str, float | int | str] = Field({}, description="default request parameters, such as max_tokens")
    limits: Limits = Limits()
    smoke: Smoke
