"""Environment files from the folder to the model, and their problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config import environment_names, load
from orchestrator.config.loader import build
from orchestrator.errors import ConfigError
from tests.fakes.platforms import SHIPPED, platform_file
from tests.unit.orchestrator.config.examples import problems

REPO = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_environments_of_this_repository_are_valid(name: str) -> None:
    more = {"local": {"chat-serverless"}, "prod": {"chat-small"}, "staging": {"chat-small"}}.get(name, set())
    reported = {blueprint.name for blueprint in load(REPO, name).blueprints}
    later = {f"{model}-{kind}" for model in ("reviews", "chat") for kind in ("batch", "async")}
    assert reported == {"reviews", "reviews-serverless", "chat"} | later | more


def test_environment_names() -> None:
    assert set(environment_names(REPO)) >= set(SHIPPED)


def test_an_unknown_environment_is_answered_with_the_valid_ones() -> None:
    with pytest.raises(ConfigError) as error:
        load(REPO, "stagign")
    assert ", ".join(environment_names(REPO)) in error.value.message
    assert error.value.hint == "did you mean `staging`?"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            "network:\n  natt: single",
            "platform.yaml:2: network.natt: is not a key of this section (received 'single'); did you mean `nat`?",
        ),
        (
            "network:\n  nat: singel",
            "platform.yaml:2: network.nat: must be one of 'none', 'single' or 'per_az' (received 'singel'); "
            "did you mean `single`?",
        ),
        (
            "project: x\ntraining:\n  gate:\n    above_baseline: -1",
            "platform.yaml:4: training.gate.above_baseline: input should be greater than or equal to 0 (received -1)",
        ),
        (
            "training:\n  gate:\n    min_f1: 0.65",
            "platform.yaml:2: training.gate: `min_f1` no longer exists: write the metric that decides "
            "(`metric: accuracy` or `metric: f1`), its limit (`threshold: 0.6`) and the lead over the baseline "
            "(`above_baseline: 0.1`) (received {'min_f1': 0.65})",
        ),
        ("region: Frankfurt", r"platform.yaml:1: region: must match ^[a-z]{2}(-[a-z]+)+-\d$ (received 'Frankfurt')"),
        ("- a", "platform.yaml:1: must be a mapping of keys to values (received ['a'])"),
        ("tags:\n  owner: me", "platform.yaml:2: tags.owner: is set by the platform: "
            "remove it (received 'me')"),
        ("expires_at: 31.01.2027", "platform.yaml:1: expires_at: must be a date such as 2027-01-31 "
            "(received '31.01.2027')"),
        ("lifetime_days: 0", "platform.yaml:1: lifetime_days: input should be greater than or equal to 1 (received 0)"),
        ("expires_at: 2027-01-31\nlifetime_days: 7", "platform.yaml:2: lifetime_days: cannot be combined with "
            "`expires_at`: remove one of them (received 7)"),
        ("network:\n  cidr: 10.0.0.0/28", "platform.yaml:2: network.cidr: must be an IPv4 block "
            "from /16 to /20 (received '10.0.0.0/28')"),
        (
            "network:\n  interface_endpoints:\n    - sts\n    - bedrock-runtim",
            "platform.yaml:4: network.interface_endpoints[1]: is not a supported interface endpoint "
            "(received 'bedrock-runtim'); did you mean `bedrock-runtime`?",
        ),
        ("network:\n  interface_endpoints:\n    - sts\n    - sts", "platform.yaml:4: network.interface_endpoints[1]: "
            "is a duplicate (received 'sts')"),
        ("network:\n  cidr: 8.8.0.0/16", "platform.yaml:2: network.cidr: must be in a private range: 10.0.0.0/8, "
            "172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 (received '8.8.0.0/16')"),
        ("network:\n  cidr: 172.17.0.0/16", "platform.yaml:2: network.cidr: overlaps 172.17.0.0/16, used inside "
            "SageMaker (Docker's bridge) (received '172.17.0.0/16')"),
    ],
)  # fmt: skip
def test_a_problem_names_file_line_key_rule_and_value(platform: str, expected: str) -> None:
    assert expected in problems(platform)


def test_a_file_says_what_it_is() -> None:
    """Without a word, and with a wrong one; the name says nothing."""
    for name in ("local", "dev"):
        with pytest.raises(ConfigError, match=r"platform\.yaml:1: target: is required \(local: its own AWS on "):
            build(name, ("platform.yaml", "owner: me\n"), {})
        with pytest.raises(
            ConfigError, match=r"must be one of 'local' or 'aws' \(received 'locl'\); did you mean `local"
        ):
            build(name, platform_file("owner: me\n", "locl"), {})


def test_a_duplicate_key_is_refused() -> None:
    [problem] = problems("project: mlops\nproject: other")
    assert problem.startswith("platform.yaml:2: project: is a duplicate key: it is already on line 1")


def test_all_problems_of_all_files_come_at_once() -> None:
    reported = problems("projekt: x\nnetwork:\n  nat: one", extra="name: extra\nkind: realtime\n", broken="x: [")
    assert [line.split(" ")[0] for line in reported] == [
        "broken.yaml:1:", "extra.yaml:1:", "extra.yaml:1:", "platform.yaml:1:", "platform.yaml:3:",
    ]  # fmt: skip


@pytest.mark.parametrize("seed", ["--bucket", "-1", "a b", ""])
def test_a_seed_cannot_look_like_an_option(seed: str) -> None:
    assert problems(f"data:\n  split_seed: {seed!r}\n") == [
        f"platform.yaml:2: data.split_seed: must match ^[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}$ (received {seed!r})"
    ]
