"""Rules of the data phase's options: sources and shares of others, streams, large ETL, shared files.

Pure: documents and models in, problems out.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.config.model.data import DataSource
from orchestrator.config.model.platform import Platform
from orchestrator.config.problems import Problem
from orchestrator.config.yaml_source import Document, Location

NOT_LOCAL = {
    "streaming": "the local AWS has no Firehose that would deliver records",
    "emr": "the local AWS runs no EMR Serverless; the ETL runs there as a Glue job",
    "efs": "the local AWS keeps file systems, and nothing mounts them",
}
"""What an environment can switch on, but for the local one. Its plan is tested with a mocked provider."""
ETL_DATASET = "reviews"
"""Folder of data/raw/ that the ETL reads, as tab-separated text."""
EMR_ENDPOINTS = ("glue", "kms", "logs")
"""What jobs in the VPC call beside S3."""


def check(name: str, document: Document, platform: Platform) -> Iterator[Problem]:
    """Rules within one `platform.yaml`."""
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
            yield document.problem((section, "enabled"), f"cannot be switched on in `{name}`: {reason}", True)
    if platform.sharing.consumer.shares:
        rule = (
            f"there is nobody to share in `{name}`: the local AWS has one account and does not enforce Lake Formation"
        )
        yield document.problem(("sharing", "consumer", "shares"), rule, sorted(platform.sharing.consumer.shares))


def _check_source(document: Document, location: Location, source: DataSource) -> Iterator[Problem]:
    if (source.bucket is None) == (source.database is None):
        rule = "names a `bucket` (with `prefixes`) or a Glue `database`: one of the two"
        yield document.problem(location, rule, [source.bucket, source.database])
    elif source.bucket is not None and not source.prefixes:
        rule = "needs `prefixes`, the folders that are read: nobody gets all of another owner's bucket"
        yield document.problem(location, rule, source.bucket)
    elif source.bucket is None and (source.prefixes or source.kms_key_arn or source.owner):
        yield document.problem(location, "`prefixes`, `kms_key_arn` and `owner` belong to a `bucket`", source.database)


def _check_shares(document: Document, platform: Platform) -> Iterator[Problem]:
    consumer = platform.sharing.consumer
    if consumer.shares and not consumer.admin_arns:
        rule = "needs `admin_arns`: grants are made by administrators of Lake Formation, whoever deploys among them"
        yield document.problem(("sharing", "consumer"), rule, [])
    for name, share in consumer.shares.items():
        location = ("sharing", "consumer", "shares", name, "producer_account_id")
        if share.producer_account_id == platform.account_id:
            rule = "is this environment's own account: what is in it needs no share"
            yield document.problem(location, rule, share.producer_account_id)


def _check_streaming(document: Document, platform: Platform) -> Iterator[Problem]:
    streaming = platform.streaming
    if streaming.dataset == ETL_DATASET:
        rule = (
            f"must be another folder than `{ETL_DATASET}`: the ETL and the crawler read tab-separated text there, and "
            "would put the stream's Parquet in quarantine"
        )
        yield document.problem(("streaming", "dataset"), rule, streaming.dataset)
    names = [column.name for column in streaming.columns]
    if len(set(names)) < len(names):
        yield document.problem(("streaming", "columns"), "names a column twice", names)


def _check_emr(document: Document, platform: Platform) -> Iterator[Problem]:
    emr, network = platform.emr, platform.network
    if not 2 * emr.max_vcpus <= emr.max_memory_gb <= 8 * emr.max_vcpus:
        rule = f"must give each of the {emr.max_vcpus} vCPUs 2 to 8 GB"
        yield document.problem(("emr", "max_memory_gb"), rule, emr.max_memory_gb)
    way_out = network.use_existing.internet_egress if network.use_existing else network.nat != "none"
    missing = [name for name in EMR_ENDPOINTS if name not in network.interface_endpoints]
    if emr.enabled and emr.in_vpc and not way_out and missing:
        rule = (
            "jobs inside the VPC reach no AWS service but S3: give the network a way out (`network.nat` single or "
            f"per_az), or list in `network.interface_endpoints` also {', '.join(missing)}"
        )
        yield document.problem(("emr", "in_vpc"), rule, True)
