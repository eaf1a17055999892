"""`terraform/envs/<env>/blueprints/<name>.yaml`: one inference deployment.

Which options go with which kind is in `orchestrator.config.rules.options`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from orchestrator.config.model.async_inference import Async
from orchestrator.config.model.knowledge_base import Agent, KnowledgeBase
from orchestrator.config.model.section import Name, Section


class SageMakerModel(Section):
    source: Literal["sagemaker"]
    group: Name = Field(description="model package group that the live version comes from")


class Provisioned(Section):
    """Throughput of its own, billed by the hour whether used or not."""

    model_units: int = Field(1, ge=1)
    commitment: Literal["OneMonth", "SixMonths"] | None = Field(None, description="none: by the hour, until destroyed")


class BedrockModel(Section):
    source: Literal["bedrock"]
    model_id: str = Field(
        description="foundation model, system inference profile, or ARN of a customized model (with `provisioned`)"
    )
    provisioned: Provisioned | None = Field(None, description="of a model of this region; none: on demand. Not local")


Strength = Literal["LOW", "MEDIUM", "HIGH"]
Harm = Literal["HATE", "INSULTS", "SEXUAL", "VIOLENCE", "MISCONDUCT", "PROMPT_ATTACK"]


class Guardrail(Section):
    """What a model of Bedrock may be asked and may answer; the router applies it to every request."""

    blocked_input: str = Field("This request cannot be answered.", min_length=1, max_length=500)
    blocked_output: str = Field("This answer cannot be given.", min_length=1, max_length=500)
    filters: dict[Harm, Strength] = Field({}, description="how strictly each kind of harm is kept out")
    pii: dict[Annotated[str, Field(pattern=r"^[A-Z_]+$")], Literal["BLOCK", "ANONYMIZE"]] = Field(
        {}, description="by Bedrock's type, such as EMAIL"
    )
    denied_topics: dict[Name, Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        {}, description="by name, each with its definition"
    )
    words: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field([], description="that are blocked")


class Autoscaling(Section):
    min: int = Field(1, ge=1)
    max: int = Field(2, ge=1)
    invocations_per_minute: int = Field(200, ge=1)


Version = Annotated[int, Field(ge=1, description="number in the model's group; none: the primary variant's")]


class Variant(Section):
    """A production variant beside `primary`: another version of the model, or other instances."""

    weight: int = Field(1, ge=0, description="share of the requests, beside the weights of the others")
    instance_type: str = "ml.m5.large"
    instance_count: int = Field(1, ge=1)
    version: Version | None = None


class Shadow(Section):
    """A variant that gets a copy of requests, and whose answers nobody waits for."""

    sampling_percent: int = Field(100, ge=1, le=100, description="of the requests")
    instance_type: str = "ml.m5.large"
    instance_count: int = Field(1, ge=1)
    version: Version | None = None


class MultiModel(Section):
    """One container that loads models when they are asked for, from artifacts/models/sagemaker-custom/<name>/."""

    default: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]*\.tar\.gz$")] = Field(
        description="model that requests through the API mean"
    )


class OtherContainer(Section):
    group: Name = Field(description="model package group")
    version: int = Field(ge=1, description="number in the group: containers are pinned")


class Containers(Section):
    """Containers beside `primary`: each gets what the one before it answered, or a request names the one it means."""

    mode: Literal["serial", "direct"]
    target: Name = Field("primary", description="of mode direct: the container that requests through the API mean")
    others: dict[Name, OtherContainer] = Field(min_length=1, max_length=14, description="by host name, in their order")


class DataCapture(Section):
    """Requests and answers as JSON Lines below inference/realtime/logs/<name>/."""

    sampling_percent: int = Field(100, ge=1, le=100, description="of the requests")


class Serverless(Section):
    """Sizes of a serverless endpoint. It costs nothing while nobody asks; the first request waits for a cold start."""

    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 2048
    max_concurrency: int = Field(5, ge=1, le=200, description="requests at once; more are throttled")
    provisioned_concurrency: int | None = Field(
        None, ge=1, le=200, description="kept warm and billed by the hour; at most max_concurrency"
    )


class BatchPrices(Section):
    """What the estimate of a request's cost is made of: all prices of the model's source, or none for no estimate."""

    instance_usd_per_hour: float | None = Field(None, ge=0, description="SageMaker")
    usd_per_million_input_tokens: float | None = Field(None, ge=0, description="Bedrock")
    usd_per_million_output_tokens: float | None = Field(None, ge=0, description="Bedrock")


class Batch(Section):
    """How inputs become jobs: objects below inference/batch/input/<name>/, by arrival, schedule or request."""

    format: Literal["auto", "jsonlines", "csv", "text", "parquet"] = Field(
        "auto", description="auto: by the name's ending"
    )
    column: str | None = Field(None, description="field or column of the text; none: input, inputs, text, prompt, …")
    delimiter: Literal[",", ";", "|", "tab"] = Field(",", description="CSV: what separates the cells")
    on_arrival: bool = Field(True, description="an object starts when it arrives, but for those below requests/")
    schedule: Annotated[str, Field(pattern=r"^(rate|cron)\(.+\)$")] | None = Field(
        None, description="when that which lies in the folder and was no request yet is started"
    )
    records_per_file: int | None = Field(
        None, ge=1, le=1_000_000, description="none: 10 000, or Bedrock's 50 000, of which each file is a job"
    )
    minimum_records: int | None = Field(None, ge=1, description="none: 1, or the 100 of Bedrock's models")
    maximum_records: int = Field(1_000_000, ge=1, description="of one request")
    strategy: Literal["MultiRecord", "SingleRecord"] = Field("MultiRecord", description="SageMaker: lines of one call")
    max_payload_mb: int = Field(6, ge=1, le=100, description="SageMaker: of one call")
    max_concurrent_transforms: int = Field(1, ge=1, le=100, description="SageMaker: calls at once on an instance")
    timeout_hours: int = Field(24, ge=24, le=168, description="Bedrock: of one job")
    prices: BatchPrices = BatchPrices()


class Rollout(Section):
    """How a release reaches a real-time endpoint; an alarm of the endpoint brings back what it ran before."""

    strategy: Literal["all_at_once", "canary", "linear"] = Field(
        "all_at_once", description="traffic at once, in two steps or in many; the last two need two instances"
    )
    step_percent: int = Field(20, ge=10, le=50, description="of the fleet: the first step, or each one")
    bake_seconds: int = Field(120, ge=0, le=3600, description="after each step the alarms have so long to fire")
    keep_old_seconds: int = Field(120, ge=0, le=3600, description="for how long the old fleet stays after that")


class RoutedShadow(Section):
    """A copy of some requests for another blueprint, whose answers are compared and never told."""

    blueprint: Name
    percent: int = Field(10, ge=1, le=100, description="of the requests")


class Routing(Section):
    """What the router does beyond asking this blueprint's own model. Others are blueprints of the same environment."""

    fallback: list[Name] = Field(
        [], max_length=5, description="blueprints that answer when the own model fails, in this order"
    )
    share_percent: dict[Name, Annotated[int, Field(ge=1, le=100)]] = Field(
        {},
        max_length=5,
        description="of the requests, by the blueprint that is asked first; the rest is the own model's",
    )
    shadow: RoutedShadow | None = None
    retries: int | None = Field(
        None, ge=0, le=10, description="how often one request comes back to who failed; none: the router's 2"
    )
    cooldown_seconds: int | None = Field(
        None, ge=0, le=3600, description="how long who fails is left alone; none: the router's 30"
    )
    timeout_seconds: int | None = Field(
        None, ge=1, le=25, description="after which the own model is given up for the next; none: the whole request's"
    )


class Limits(Section):
    """The most that one request may ask of the model, whatever its caller asks for."""

    max_tokens: int = Field(4096, ge=1, le=1_000_000, description="of one answer; who asks for more gets this many")
    max_inputs: int | None = Field(
        None, ge=1, le=1000, description="answers of one request, `n` counted; none: 100, or 1000 of kind async"
    )
    max_total_tokens: int | None = Field(
        None,
        ge=1,
        description="answers times tokens of one request; none: 100 times max_tokens, kind batch: any number",
    )


class GoldenCase(Section):
    """One request whose answer is known."""

    input: str
    label: str | None = Field(None, description="SageMaker: the label that must come back")
    contains: str | None = Field(None, description="generative models: text that must be in the answer; '' = any text")


class Smoke(Section):
    golden: list[GoldenCase] = Field(min_length=1)
    max_latency_ms: int = Field(30_000, ge=1)


class Blueprint(Section):
    """`terraform/envs/<env>/blueprints/<name>.yaml`: one inference deployment."""

    model_config = ConfigDict(serialize_by_alias=True)  # `async` is no name in Python

    name: Name
    kind: Literal["realtime", "serverless", "batch", "async"]
    model: SageMakerModel | BedrockModel = Field(discriminator="source")
    instance_type: str = "ml.m5.large"
    instance_count: int = Field(1, ge=1)
    autoscaling: Autoscaling | None = None
    weight: int = Field(1, ge=0, description="of the variant `primary`, beside `variants`")
    variants: dict[Name, Variant] = Field({}, max_length=9, description="production variants beside `primary`")
    shadow: Shadow | None = None
    multi_model: MultiModel | None = None
    containers: Containers | None = None
    data_capture: DataCapture | None = None
    serverless: Serverless | None = Field(None, description="of kind serverless on SageMaker; none: the defaults")
    batch: Batch | None = Field(None, description="of kind batch; none: the defaults")
    async_: Async | None = Field(None, alias="async", description="of kind async; none: the defaults")
    rollout: Rollout = Rollout()
    guardrail: Guardrail | None = None
    knowledge_base: KnowledgeBase | None = None
    agent: Agent | None = None
    routing: Routing = Routing()
    parameters: dict[str, float | int | str] = Field({}, description="default request parameters, e.g. max_tokens")
    limits: Limits = Limits()
    smoke: Smoke
