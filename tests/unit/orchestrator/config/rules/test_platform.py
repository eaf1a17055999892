"""Rules across the fields of `platform.yaml`."""

from __future__ import annotations

import re

import pytest

from orchestrator.config.loader import build
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file
from tests.unit.orchestrator.config.examples import problems


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("tags:\n  Owner: me", "platform.yaml:2: tags.Owner: is set by the platform"),
        ("tags:\n  team: a\n  Team: b", "platform.yaml:3: tags.Team: duplicates the tag `team`"),
        ("tags:\n  aws:team: a", "platform.yaml:2: tags.aws:team: must have 1 to 128 letters"),
        ("tags:\n  team: a&b", "platform.yaml:2: tags.team: must have 1 to 256 letters"),
        ("tags:\n  team: ''", "platform.yaml:2: tags.team: must have 1 to 256 letters"),
        ("cost_center: Cost!", "platform.yaml:1: cost_center: must match"),
    ],
)
def test_a_tag_that_a_service_would_refuse_is_refused_here(platform: str, expected: str) -> None:
    [problem] = problems(platform)
    assert problem.startswith(expected)


def test_what_is_permanent_has_no_end() -> None:
    assert problems("permanent: true\nlifetime_days: 7\nexpires_at: 2027-01-31") == [
        "platform.yaml:2: lifetime_days: cannot be combined with `permanent`: remove one of them (received 7)",
        "platform.yaml:3: expires_at: cannot be combined with `permanent`: remove one of them (received 2027-01-31)",
    ]


def test_only_a_local_aws_has_a_port() -> None:
    assert build("dev", platform_file("local: {port: 4600}\n", "local"), {}).platform.local.port == 4600
    [problem] = problems("owner: me\nlocal: {port: 4600}")
    assert problem.startswith("platform.yaml:2: local: requires `target: local`")
    with pytest.raises(
        ConfigError, match=r"local\.port: input should be greater than or equal to 1024 \(received 80\)"
    ):
        build("dev", platform_file("local: {port: 80}\n", "local"), {})


def test_there_is_room_for_the_platforms_own_tags() -> None:
    [problem] = problems("tags:\n" + "".join(f"  t{number}: x\n" for number in range(41)))
    assert problem.startswith("platform.yaml:1: tags: must have at most 40 entries")


def test_functions_in_a_vpc_without_a_way_out_are_refused_with_the_reason() -> None:
    [problem] = problems("network:\n  nat: none\ninference:\n  lambda_in_vpc: true")
    assert problem.startswith("platform.yaml:5: inference.lambda_in_vpc: requires internet access (`network.nat")


def test_functions_in_a_vpc_may_leave_through_endpoints_alone_if_none_is_missing() -> None:
    [problem] = problems(
        "network: {nat: none, interface_endpoints: [ssm, sagemaker.runtime]}\ninference: {lambda_in_vpc: true}"
    )
    assert "these entries in `network.interface_endpoints`: bedrock-runtime (" in problem
    endpoints = "[ssm, sagemaker.runtime, bedrock-runtime]"
    build(
        "dev",
        platform_file(f"network: {{nat: none, interface_endpoints: {endpoints}}}\ninference: {{lambda_in_vpc: true}}"),
        {},
    )


PIP = "network:\n  nat: none\n  interface_endpoints: [sagemaker.api, sagemaker.runtime]\nstudio:\n  enabled: true\n"


def test_studio_installs_nothing_by_pip_where_no_index_can_be_reached() -> None:
    [problem] = problems(PIP + "  packages: {source: pip}\n")
    assert problem.startswith(
        "platform.yaml:7: studio.packages.source: requires internet access, as Studio's apps install"
    )
    assert "did you mean `image`" in problem
    build("dev", platform_file(PIP), {})
    build("dev", platform_file(PIP.replace("none", "single") + "  packages: {source: pip}\n"), {})
    build("dev", platform_file(PIP.replace("enabled: true", "enabled: false") + "  packages: {source: pip}\n"), {})


def test_studio_without_a_way_out_needs_the_endpoints_that_its_apps_start_through() -> None:
    [problem] = problems("network: {nat: none, interface_endpoints: [sagemaker.api]}\nstudio: {enabled: true}")
    assert problem.startswith("platform.yaml:2: studio.enabled: requires internet access (`network.nat")
    assert "`network.interface_endpoints`: sagemaker.runtime (" in problem


def test_a_new_space_cannot_exceed_the_maximum() -> None:
    [problem] = problems("studio: {volume_gb: 60}")
    assert problem.startswith("platform.yaml:1: studio.volume_gb: must not exceed `max_volume_gb` (50)")


EXISTING = """\
network:
  use_existing:
    vpc_id: vpc-0123456789abcdef0
    private_subnet_ids: [subnet-0a0123456789abcde, subnet-0b0123456789abcde]
"""


def test_an_existing_network_is_taken() -> None:
    existing = build("dev", platform_file(EXISTING), {}).platform.network.use_existing
    assert existing is not None
    assert existing.vpc_id == "vpc-0123456789abcdef0"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (EXISTING + "  nat: per_az\n", "platform.yaml:5: network.nat: cannot be combined with "
            "`use_existing`: remove one of them (received 'per_az')"),
        (EXISTING + "    public_subnet_ids: [subnet-0b0123456789abcde]\n", "platform.yaml:5: "
            "network.use_existing.public_subnet_ids[0]: is already in `private_subnet_ids` "
            "(received 'subnet-0b0123456789abcde')"),
        (EXISTING.replace("vpc-0", "vcp-0"), "platform.yaml:3: network.use_existing.vpc_id: must match "
            "^vpc-[0-9a-f]{8,17}$ (received 'vcp-0123456789abcdef0')"),
        (EXISTING.replace(", subnet-0b0123456789abcde", ""), "platform.yaml:4: "
            "network.use_existing.private_subnet_ids: list should have at least 2 items "
            "after validation, not 1 (received ['subnet-0a0123456789abcde'])"),
        (EXISTING + "    internet_egress: false\ninference: {lambda_in_vpc: true}\n", "platform.yaml:6: "
            "inference.lambda_in_vpc: requires internet access (`network.nat: single` or `per_az`), or these entries "
            "in `network.interface_endpoints`: sagemaker.runtime, bedrock-runtime, ssm (received True)"),
    ],
)  # fmt: skip
def test_rules_of_an_existing_network(platform: str, expected: str) -> None:
    assert problems(platform) == [expected]


def test_the_pipelines_group_must_exist_and_the_own_account_cannot_be_shared_with() -> None:
    reported = problems(
        'account_id: "111111111111"\nregistry:\n  groups:\n    churn: {description: Who leaves}\n'
        '  consumer_account_ids: ["111111111111"]\nimages:\n  pull_account_ids: ["222222222222", "111111111111"]\n'
    )
    assert reported == [
        "platform.yaml:3: registry.groups: must include `reviews`, in which the training pipeline registers models "
        "(received ['churn'])",
        "platform.yaml:5: registry.consumer_account_ids[0]: is this environment's own account "
        "(received '111111111111')",
        "platform.yaml:7: images.pull_account_ids[1]: is this environment's own account (received '111111111111')",
    ]


@pytest.mark.parametrize(
    ("target", "logging", "expected"),
    [
        ("local", "{enabled: true}", "bedrock.invocation_logging.enabled: cannot be enabled in `here`"),
        ("aws", "{bodies: {text: true}}", "bedrock.invocation_logging.bodies: requires `enabled: true`"),
    ],
)
def test_rules_of_invocation_logging(target: str, logging: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(expected)):
        build("here", platform_file(f"bedrock: {{invocation_logging: {logging}}}\n", target), {})


def test_invocations_are_logged_without_bodies_by_default() -> None:
    section = "bedrock: {invocation_logging: {enabled: true}}\n"
    logging = build("dev", platform_file(section), {}).platform.bedrock.invocation_logging
    assert (logging.enabled, logging.bodies.model_dump()) == (True, dict.fromkeys(logging.bodies.model_dump(), False))
