"""The option matrix: which option of a blueprint goes with which kind of inference, and which exclude each other.

One table for everybody: files are checked against it before Terraform runs, and `docs/reference/inference-matrix.md`
is written from it. A reason that begins with a service's name is a rule of AWS; the others are this platform's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.config.blueprint import Blueprint
from orchestrator.config.problems import Problem
from orchestrator.config.yaml_source import Document

KINDS = ("realtime", "serverless", "batch", "async")
SOURCES = ("sagemaker", "bedrock")

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
        },
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


def check(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """Options of one file that its kind or its source of models does not have."""
    kind, source = blueprint.kind, blueprint.model.source
    for option in OPTIONS.values():
        for key in option.keys:
            if key not in blueprint.model_fields_set or getattr(blueprint, key) is None:
                continue
            value = getattr(blueprint, key)
            if option.source not in (None, source):
                rule = f"belongs to models of {option.source}; this one comes from {source}"
                yield document.problem((key,), rule, _plain(value))
            elif kind in option.refused:
                rule = f"does not go with kind `{kind}`: {option.refused[kind]}"
                yield document.problem((key,), rule, _plain(value))
    yield from _check_serverless(document, blueprint)


def _check_serverless(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    sizes = blueprint.serverless
    if sizes and sizes.provisioned_concurrency and sizes.provisioned_concurrency > sizes.max_concurrency:
        rule = f"must not exceed `max_concurrency` ({sizes.max_concurrency})"
        yield document.problem(("serverless", "provisioned_concurrency"), rule, sizes.provisioned_concurrency)


def _plain(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    return dump(exclude_unset=True) if dump else value
