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
"""`<prefix>-<name>-callback`: a function's name has at most 32 characters behind the prefix."""
LONGEST_BEDROCK_SECONDS = 880
"""Lambda's 900, less what the worker keeps to write the result."""
LARGEST_BEDROCK_MB = 20
"""The worker holds the request in memory, and asks the model for one text after the other."""
FEWEST_WORKERS = 2
PRIVATE_SUFFIXES = (".local", ".internal", ".localhost", ".lan", ".home.arpa")

Address = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Callback(Section):
    """Who is told when a request has ended, beside whoever subscribes to the topics."""

    webhook: Annotated[str, Field(max_length=500)] | None = Field(
        None,
        description="https address that gets a signed POST; the key of the signature is the encrypted SSM parameter "
        "/<project>/<environment>/callbacks/<blueprint>, which people write",
    )
    emails: list[Address] = Field([], max_length=10, description="each owner confirms once per topic")
    table: bool = Field(False, description="a DynamoDB table with the end of each request")
    keep_days: int = Field(30, ge=1, le=3650, description="of the table's items")


class Async(Section):
    """Requests that are taken at once, wait in a queue and are answered in S3."""

    max_concurrency: int = Field(
        4,
        ge=1,
        le=1000,
        description="requests at once: of each instance on SageMaker; of all workers on Bedrock, from 2",
    )
    min_instances: int = Field(0, ge=0, description="SageMaker; 0: none while nothing waits, the first request waits")
    max_instances: int = Field(2, ge=1, description="SageMaker")
    backlog_per_instance: int = Field(5, ge=1, description="SageMaker: waiting requests that are worth an instance")
    ttl_seconds: int = Field(21_600, ge=60, le=21_600, description="after so long in the queue a request has failed")
    timeout_seconds: int = Field(60, ge=1, le=3600, description="of one request at the model; on Bedrock up to 880")
    max_input_mb: int | None = Field(
        None, ge=1, le=1024, description="of one input; none: 100 on SageMaker, 5 on Bedrock, which takes up to 20"
    )
    max_attempts: int = Field(8, ge=1, le=100, description="Bedrock: after so many tries a request has failed")
    callback: Callback = Callback()


ONLY_SAGEMAKER = ("min_instances", "max_instances", "backlog_per_instance")


def check(document: Document, blueprint: Blueprint, *, local: bool) -> Iterator[Problem]:
    """Rules of one file; `local`: its environment is."""
    if blueprint.kind != "async":
        return
    if len(blueprint.name) > LONGEST_NAME:
        rule = f"of kind `async` may have at most {LONGEST_NAME} characters: functions are named after it"
        yield document.problem(("name",), rule, blueprint.name)
    if "instance_count" in blueprint.model_fields_set:
        rule = "does not go with kind `async`: the number of instances follows the queue (`async.max_instances`)"
        yield document.problem(("instance_count",), rule, blueprint.instance_count)
    asked = blueprint.async_
    if asked is None:
        return
    if asked.min_instances > asked.max_instances:
        rule = f"must not exceed `max_instances` ({asked.max_instances})"
        yield document.problem(("async", "min_instances"), rule, asked.min_instances)
    if blueprint.model.source == "bedrock":
        yield from _check_bedrock(document, asked)
    elif "max_attempts" in asked.model_fields_set:
        rule = "belongs to models of bedrock: SageMaker asks its container once"
        yield document.problem(("async", "max_attempts"), rule, asked.max_attempts)
    if asked.callback.webhook is not None:
        refusal = webhook_refusal(asked.callback.webhook, local=local)
        if refusal:
            # An address may hold a password, and what is said here ends in logs.
            shown = re.sub(r"//.*@", "//…@", asked.callback.webhook)
            yield document.problem(("async", "callback", "webhook"), refusal, shown)


def _check_bedrock(document: Document, asked: Async) -> Iterator[Problem]:
    for name in ONLY_SAGEMAKER:
        if name in asked.model_fields_set:
            rule = "belongs to models of sagemaker: Bedrock has no instances, `max_concurrency` is its limit"
            yield document.problem(("async", name), rule, getattr(asked, name))
    limits = {
        "max_concurrency": (asked.max_concurrency >= FEWEST_WORKERS, "must be at least 2: Lambda takes no less"),
        "timeout_seconds": (
            asked.timeout_seconds <= LONGEST_BEDROCK_SECONDS,
            f"must not exceed {LONGEST_BEDROCK_SECONDS} on Bedrock: the worker is a Lambda function",
        ),
        "max_input_mb": (
            (asked.max_input_mb or 1) <= LARGEST_BEDROCK_MB,
            f"must not exceed {LARGEST_BEDROCK_MB} on Bedrock: the worker holds the request in memory",
        ),
    }
    for name, (holds, rule) in limits.items():
        if not holds:
            yield document.problem(("async", name), rule, getattr(asked, name))


def webhook_refusal(url: str, *, local: bool) -> str | None:
    """Why results must not be sent to an address. Where its name leads is looked at when it is called, too."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if not host:
        return "must name a host"
    if parts.username or parts.password or parts.fragment:
        return "must have no user, password or fragment: the signature says who sends"
    if local and parts.scheme in ("http", "https") and _is_loopback(host):
        return None
    if parts.scheme != "https":
        return "must begin with https://"
    if not _is_public(host):
        return "must be a host in the internet: callbacks reach no private network"
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
        # `127.1`, `0x7f.1` and `2130706433` are IPv4 addresses to whoever calls them.
        number = re.fullmatch(r"\d+|0x[0-9a-f]*", name.rpartition(".")[2])
        return "." in name and not number and not name.endswith(PRIVATE_SUFFIXES)
