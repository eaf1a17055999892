"""Section `async` of a blueprint file, and the rules across its fields."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import Field

from orchestrator.config.model.section import Section
from orchestrator.config.problems import Problem
from orchestrator.config.rules.public_addresses import is_public
from orchestrator.config.yaml_source import Document

if TYPE_CHECKING:
    from orchestrator.config.model.blueprint import Blueprint

LONGEST_NAME = 23
"""`<prefix>-<name>-callback`: the name of a function has at most 32 characters after the prefix."""
LONGEST_BEDROCK_SECONDS = 880
"""Lambda's limit of 900, minus the time the worker needs to write the result."""
LARGEST_BEDROCK_MB = 20
"""The worker holds the request in memory, and sends one text after another to the model."""
FEWEST_WORKERS = 2
PRIVATE_SUFFIXES = (".local", ".internal", ".localhost", ".lan", ".home.arpa")

Address = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Callback(Section):
    """Notifications when a request has ended, in addition to subscriptions to the topics."""

    webhook: Annotated[str, Field(max_length=500)] | None = Field(
        None,
        description="HTTPS URL that receives a signed POST; the key of the signature is the encrypted SSM parameter "
        "/<project>/<environment>/callbacks/<blueprint>, which you create",
    )
    emails: list[Address] = Field([], max_length=10, description="each recipient confirms once per topic")
    table: bool = Field(False, description="a DynamoDB table with the result of each request")
    keep_days: int = Field(30, ge=1, le=3650, description="days for which the table keeps items")


class Async(Section):
    """Requests that are accepted at once, queued, and answered in S3."""

    max_concurrency: int = Field(
        4,
        ge=1,
        le=1000,
        description="concurrent requests: per instance on SageMaker; of all workers on Bedrock, at least 2",
    )
    min_instances: int = Field(0, ge=0, description="SageMaker; 0: the first request waits for an instance")
    max_instances: int = Field(2, ge=1, description="SageMaker")
    backlog_per_instance: int = Field(5, ge=1, description="SageMaker: queued requests per instance")
    ttl_seconds: int = Field(21_600, ge=60, le=21_600, description="a request fails after this time in the queue")
    timeout_seconds: int = Field(60, ge=1, le=3600, description="timeout of the model; on Bedrock at most 880")
    max_input_mb: int | None = Field(
        None, ge=1, le=1024, description="of one input; unset: 100 on SageMaker, 5 on Bedrock (maximum: 20)"
    )
    max_attempts: int = Field(8, ge=1, le=100, description="Bedrock: a request fails after this many attempts")
    callback: Callback = Callback()


ONLY_SAGEMAKER = ("min_instances", "max_instances", "backlog_per_instance")


def check(document: Document, blueprint: Blueprint, *, local: bool) -> Iterator[Problem]:
    """Check one blueprint file; `local` says whether its environment is."""
    if blueprint.kind != "async":
        return
    if len(blueprint.name) > LONGEST_NAME:
        rule = f"must have at most {LONGEST_NAME} characters with kind `async`: functions are named after it"
        yield document.problem(("name",), rule, blueprint.name)
    if "instance_count" in blueprint.model_fields_set:
        rule = "cannot be combined with kind `async`, whose instances follow the queue; set `async.max_instances`"
        yield document.problem(("instance_count",), rule, blueprint.instance_count)
    section = blueprint.async_
    if section is None:
        return
    if section.min_instances > section.max_instances:
        rule = f"must not exceed `max_instances` ({section.max_instances})"
        yield document.problem(("async", "min_instances"), rule, section.min_instances)
    if blueprint.model.source == "bedrock":
        yield from _check_bedrock(document, section)
    elif "max_attempts" in section.model_fields_set:
        rule = "is only available for models of bedrock: SageMaker does not retry"
        yield document.problem(("async", "max_attempts"), rule, section.max_attempts)
    if section.callback.webhook is not None:
        refusal = webhook_refusal(section.callback.webhook, local=local)
        if refusal:
            # A URL can contain a password, and messages end up in logs.
            shown = re.sub(r"//.*@", "//…@", section.callback.webhook)
            yield document.problem(("async", "callback", "webhook"), refusal, shown)


def _check_bedrock(document: Document, section: Async) -> Iterator[Problem]:
    for name in ONLY_SAGEMAKER:
        if name in section.model_fields_set:
            rule = "is only available for models of sagemaker: Bedrock has no instances; set `max_concurrency`"
            yield document.problem(("async", name), rule, getattr(section, name))
    limits = {
        "max_concurrency": (section.max_concurrency >= FEWEST_WORKERS, "must be at least 2, the minimum of Lambda"),
        "timeout_seconds": (
            section.timeout_seconds <= LONGEST_BEDROCK_SECONDS,
            f"must not exceed {LONGEST_BEDROCK_SECONDS} on Bedrock: the worker is a Lambda function",
        ),
        "max_input_mb": (
            (section.max_input_mb or 1) <= LARGEST_BEDROCK_MB,
            f"must not exceed {LARGEST_BEDROCK_MB} on Bedrock: the worker holds the request in memory",
        ),
    }
    for name, (holds, rule) in limits.items():
        if not holds:
            yield document.problem(("async", name), rule, getattr(section, name))


def webhook_refusal(url: str, *, local: bool) -> str | None:
    """Explain why results must not be sent to a URL; its host is resolved and checked again at each call."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a valid URL"
    if not host:
        return "must name a host"
    if parts.username or parts.password or parts.fragment:
        return "must have no user, password or fragment: requests are authenticated by their signature"
    if local and parts.scheme in ("http", "https") and _is_loopback(host):
        return None
    if parts.scheme != "https":
        return "must begin with https://"
    if not _is_public(host):
        return "must be a public host: callbacks cannot reach private networks"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_public(host: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        name = host.rstrip(".").lower()
        # HTTP clients read `127.1`, `0x7f.1` and `2130706433` as IPv4 addresses.
        number = re.fullmatch(r"\d+|0x[0-9a-f]*", name.rpartition(".")[2])
        return "." in name and not number and not name.endswith(PRIVATE_SUFFIXES)
