"""Rules for the data phase: external sources and shares, streams, large ETL, file systems.

Pure: documents and models in, problems out.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.config.model.data import DataSource
from orchestrator.config.model.platform import Platform
from orchestrator.config.problems import Problem
from orchestrator.config.yaml_source import Document, Location

NOT_LOCAL = {
    "streaming": "the local AWS does not emulate Firehose",
    "emr": "the local AWS does not emulate EMR Serverless; the ETL runs there as a Glue job",
    "efs": "the local AWS does not mount file systems",
}
"""Sections that local environments cannot enable. Their plans are tested with a mocked provider."""
ETL_DATASET = "reviews"
"""Folder in data/raw/ that the ETL reads, as tab-separated text."""
EMR_ENDPOINTS = ("glue", "kms", "logs")
"""Services that jobs in the VPC call in addition to S3."""


def check(name: str, document: Document, platform: Platform) -> Iterator[Problem]:
    """Check the data sections of a `platform.yaml`."""
    if platform.target == "local":
        yield from _check_local(name, document, platform)
    for source_name, source in platform.data.sources.items():
        yield from _check_source(document, ("data", "sources", source_name), source)
    yield from _check_shares(document, platform)
    yield from _check_streaming(document, platform)
    yield from _check_emr(document, platform)


def _check_local(name: str, document: Document, platform: Platform) -> Iterator[Problem]:
    for section, reason in NOT_LOCAL.items():
        if getattr(platform, section).enabled:
            yield document.problem((section, "enabled"), f"cannot be enabled in `{name}`: {reason}", True)
    if platform.sharing.consumer.shares:
        rule = f"cannot be used in `{name}`: the local AWS has one account and does not enforce Lake Formation"
        yield document.problem(("sharing", "consumer", "shares"), rule, sorted(platform.sharing.consumer.shares))


def _check_source(document: Document, location: Location, source: DataSource) -> Iterator[Problem]:
    if (source.bucket is None) == (source.database is None):
        rule = "requires either a `bucket` (with `prefixes`) or a Glue `database`"
        yield document.problem(location, rule, [source.bucket, source.database])
    elif source.bucket is not None and not source.prefixes:
        rule = "requires `prefixes`, the folders to read: access to a whole external bucket is not granted"
        yield document.problem(location, rule, source.bucket)
    elif source.bucket is None and (source.prefixes or source.kms_key_arn or source.owner):
        yield document.problem(location, "`prefixes`, `kms_key_arn` and `owner` require a `bucket`", source.database)


def _check_shares(document: Document, platform: Platform) -> Iterator[Problem]:
    consumer = platform.sharing.consumer
    if consumer.shares and not consumer.admin_arns:
        rule = "requires `admin_arns`: only administrators of Lake Formation can grant access, also the deploying role"
        yield document.problem(("sharing", "consumer"), rule, [])
    for name, share in consumer.shares.items():
        location = ("sharing", "consumer", "shares", name, "producer_account_id")
        if share.producer_account_id == platform.account_id:
            rule = "is this environment's own account, whose data needs no share"
            yield document.problem(location, rule, share.producer_account_id)


def _check_streaming(document: Document, platform: Platform) -> Iterator[Problem]:
    streaming = platform.streaming
    if streaming.dataset == ETL_DATASET:
        rule = (
            f"must not be `{ETL_DATASET}`: the ETL and the crawler read tab-separated text there, and would quarantine "
            "the stream's Parquet files"
        )
        yield document.problem(("streaming", "dataset"), rule, streaming.dataset)
    names = [column.name for column in streaming.columns]
    if len(set(names)) < len(names):
        yield document.problem(("streaming", "columns"), "has duplicate names of columns", names)


def _check_emr(document: Document, platform: Platform) -> Iterator[Problem]:
    emr, network = platform.emr, platform.network
    if not 2 * emr.max_vcpus <= emr.max_memory_gb <= 8 * emr.max_vcpus:
        rule = f"must be 2 to 8 GB for each of the {emr.max_vcpus} vCPUs (`max_vcpus`)"
        yield document.problem(("emr", "max_memory_gb"), rule, emr.max_memory_gb)
    way_out = network.use_existing.internet_egress if network.use_existing else network.nat != "none"
    missing = [name for name in EMR_ENDPOINTS if name not in network.interface_endpoints]
    if emr.enabled and emr.in_vpc and not way_out and missing:
        rule = (
            "requires internet access (`network.nat: single` or `per_az`), or these entries in "
            f"`network.interface_endpoints`: {', '.join(missing)}"
        )
        yield document.problem(("emr", "in_vpc"), rule, True)
