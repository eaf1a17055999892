from __future__ import annotations

from typing import Any

import pytest
import yaml

from orchestrator.config.loader import build
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform, platform_file

SHARE = {"producer_account_id": "210987654321", "database": "sales_curated"}
ADMIN = "arn:aws:iam::123456789012:role/deploy"


def problems(sections: dict[str, Any], target: str = "aws") -> list[str]:
    with pytest.raises(ConfigError) as error:
        build("here", platform_file(yaml.safe_dump(sections), target), {})
    lines = error.value.message.splitlines()
    return [line.strip() for line in (lines[1:] if len(lines) > 1 else lines)]


def test_nothing_of_it_is_on_by_default() -> None:
    defaults = platform()
    assert not any((defaults.streaming.enabled, defaults.emr.enabled, defaults.efs.enabled))
    assert not defaults.data.sources
    assert not defaults.sharing.consumer.shares


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("streaming", "the local AWS does not emulate Firehose"),
        ("emr", "the local AWS does not emulate EMR Serverless; the ETL runs there as a Glue job"),
        ("efs", "the local AWS does not mount file systems"),
    ],
)
def test_what_the_local_aws_does_not_do_is_refused_with_the_reason(section: str, reason: str) -> None:
    sections = {section: {"enabled": True}}
    expected = f"platform.yaml:2: {section}.enabled: cannot be enabled in `here`: {reason} (received True)"
    assert problems(sections, "local") == [expected]
    assert getattr(build("here", platform_file(yaml.safe_dump(sections)), {}).platform, section).enabled


def test_the_local_aws_has_no_shares() -> None:
    sections = {"sharing": {"consumer": {"admin_arns": [ADMIN], "shares": {"curated": SHARE}}}}
    assert "cannot be used in `here`" in problems(sections, "local")[0]
    assert build("here", platform_file(yaml.safe_dump(sections)), {}).platform.sharing.consumer.shares["curated"]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ({}, "requires either a `bucket` (with `prefixes`) or a Glue `database`"),
        ({"bucket": "surveys", "prefixes": ["a/"], "database": "d"}, "requires either a `bucket`"),
        ({"bucket": "surveys"}, "requires `prefixes`, the folders to read"),
        ({"database": "sales", "prefixes": ["a/"]}, "`prefixes`, `kms_key_arn` and `owner` require a `bucket`"),
        ({"database": "sales", "owner": "210987654321"}, "`owner` require a `bucket`"),
        ({"bucket": "surveys", "prefixes": ["a/"], "owner": "partner"}, "must match"),
        ({"bucket": "surveys", "prefixes": ["exports"]}, "must match"),
        ({"bucket": "surveys", "prefixes": ["*/"]}, "must match"),
        ({"bucket": "surveys", "prefixes": ["a/"], "kms_key_arn": "alias/key"}, "must match"),
    ],
)
def test_a_source_is_folders_of_a_bucket_or_a_database(source: dict[str, Any], rule: str) -> None:
    [defaults] = problems({"data": {"sources": {"surveys": source}}})
    assert rule in defaults


def test_sources_are_fine_as_they_should_be() -> None:
    sources = {"surveys": {"bucket": "customer-surveys", "prefixes": ["exports/"]}, "warehouse": {"database": "sales"}}
    environment = build("here", platform_file(yaml.safe_dump({"data": {"sources": sources}}), "local"), {})
    assert environment.platform.data.sources["warehouse"].database == "sales"


def test_grants_need_an_administrator() -> None:
    [defaults] = problems({"sharing": {"consumer": {"shares": {"curated": SHARE}}}})
    assert "sharing.consumer: requires `admin_arns`" in defaults


def test_ones_own_account_shares_nothing() -> None:
    sections = {
        "account_id": "210987654321",
        "sharing": {"consumer": {"admin_arns": [ADMIN], "shares": {"curated": SHARE}}},
    }
    [defaults] = problems(sections)
    assert "is this environment's own account" in defaults


def test_personas_without_access_to_data_cannot_be_readers() -> None:
    shares = {"curated": {**SHARE, "readers": ["production"]}}
    [defaults] = problems({"sharing": {"consumer": {"admin_arns": [ADMIN], "shares": shares}}})
    assert "must be one of 'glue', 'data_scientist', 'ml_engineer' or 'data_engineer'" in defaults


def test_a_stream_stays_out_of_what_the_etl_reads() -> None:
    [defaults] = problems({"streaming": {"dataset": "reviews"}})
    assert "must not be `reviews`" in defaults


def test_a_record_names_each_column_once() -> None:
    column = {"name": "id", "type": "string"}
    [defaults] = problems({"streaming": {"columns": [column, {**column}]}})
    assert "has duplicate names of columns" in defaults


@pytest.mark.parametrize(("vcpus", "memory"), [(32, 63), (32, 257)])
def test_memory_fits_the_cores(vcpus: int, memory: int) -> None:
    [defaults] = problems({"emr": {"max_vcpus": vcpus, "max_memory_gb": memory}})
    assert "must be 2 to 8 GB for each of the 32 vCPUs" in defaults


def test_jobs_in_a_closed_network_need_endpoints() -> None:
    emr = {"enabled": True, "in_vpc": True}
    [defaults] = problems({"network": {"nat": "none", "interface_endpoints": ["glue"]}, "emr": emr})
    assert "these entries in `network.interface_endpoints`: kms, logs" in defaults
    closed = {"network": {"nat": "none", "interface_endpoints": ["glue", "kms", "logs"]}, "emr": emr}
    assert build("here", platform_file(yaml.safe_dump(closed)), {}).platform.emr.in_vpc
