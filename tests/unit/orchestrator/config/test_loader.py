from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from orchestrator.config import environment_names, load
from orchestrator.config.loader import build
from orchestrator.config.schema import schemas
from orchestrator.errors import ConfigError

REPO = Path(__file__).resolve().parents[4]
BLUEPRINT = """\
name: {name}
kind: realtime
model:
  source: sagemaker
  group: reviews
smoke:
  golden:
    - input: good
      label: positive
"""


def problems(platform: str = "", **blueprints: str) -> list[str]:
    texts = {stem: (f"{stem}.yaml", text) for stem, text in blueprints.items()}
    with pytest.raises(ConfigError) as error:
        build("dev", ("platform.yaml", platform), texts)
    lines = error.value.message.splitlines()
    return [line.strip() for line in (lines[1:] if len(lines) > 1 else lines)]


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_environments_of_this_repository_are_valid(name: str) -> None:
    assert {blueprint.name for blueprint in load(REPO, name).blueprints} == {"reviews", "chat"}


def test_environment_names() -> None:
    assert environment_names(REPO) == ["dev", "local", "prod", "staging"]


def test_an_unknown_environment_is_answered_with_the_valid_ones() -> None:
    with pytest.raises(ConfigError) as error:
        load(REPO, "stagign")
    assert "dev, local, prod, staging" in error.value.message
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
            "project: x\ntraining:\n  gate:\n    min_f1: 2",
            "platform.yaml:4: training.gate.min_f1: input should be less than or equal to 1 (received 2)",
        ),
        ("region: Frankfurt", r"platform.yaml:1: region: must match ^[a-z]{2}(-[a-z]+)+-\d$ (received 'Frankfurt')"),
        ("- a", "platform.yaml:1: must be a mapping of keys to values (received ['a'])"),
        ("tags:\n  owner: me", "platform.yaml:2: tags.owner: the platform sets this tag itself; it "
            "cannot be given here (received 'me')"),
        ("network:\n  cidr: 10.0.0.0/28", "platform.yaml:2: network.cidr: must be an IPv4 block "
            "from /16 to /20 (received '10.0.0.0/28')"),
        (
            "network:\n  interface_endpoints:\n    - sts\n    - bedrock-runtim",
            "platform.yaml:4: network.interface_endpoints[1]: is no interface endpoint that the platform knows "
            "(received 'bedrock-runtim'); did you mean `bedrock-runtime`?",
        ),
    ],
)  # fmt: skip
def test_a_problem_names_file_line_key_rule_and_value(platform: str, expected: str) -> None:
    assert expected in problems(platform)


def test_a_duplicate_key_is_refused() -> None:
    [problem] = problems("project: mlops\nproject: other")
    assert problem.startswith("platform.yaml:2: is not valid YAML: found duplicate key")


def test_functions_in_a_vpc_without_a_way_out_are_refused_with_the_reason() -> None:
    [problem] = problems("network:\n  nat: none\ninference:\n  lambda_in_vpc: true")
    assert problem.startswith("platform.yaml:4: inference.lambda_in_vpc: functions inside the VPC reach no AWS service")


def test_all_problems_of_all_files_come_at_once() -> None:
    found = problems("projekt: x\nnetwork:\n  nat: one", extra="name: extra\nkind: realtime\n", broken="x: [")
    assert [line.split(" ")[0] for line in found] == [
        "broken.yaml:1:", "extra.yaml:1:", "extra.yaml:1:", "platform.yaml:1:", "platform.yaml:3:",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("kind: realtime", "kind: batch"), "x1.yaml:2: kind: inference of this kind cannot be deployed yet"),
        (("name: x1", "name: x2"), "x1.yaml:1: name: must be the file's name, `x1` (received 'x2')"),
        (("group: reviews", "group: reviewz"), "x1.yaml:5: model.group: is no model package group"),
        (("group: reviews", "grup: reviews"), "x1.yaml:5: model.grup: is not a key of this section "
            "(received 'reviews'); did you mean `group`?"),
        (("source: sagemaker", "source: openai"), "x1.yaml:3: model: needs `source: sagemaker` (with `group`)"),
        (("label: positive", "contains: x"), "x1.yaml:8: smoke.golden[0]: needs `label`, the known "
            "answer of a sagemaker model"),
        (("smoke:", "autoscaling: {min: 3, max: 1}\nsmoke:"), "x1.yaml:6: autoscaling.min: must not "
            "exceed `max` (1) (received 3)"),
    ],
)  # fmt: skip
def test_rules_of_a_blueprint(change: tuple[str, str], expected: str) -> None:
    found = problems(x1=BLUEPRINT.format(name="x1").replace(*change))
    assert any(line.startswith(expected) for line in found), found


def test_two_files_cannot_describe_one_blueprint() -> None:
    found = problems(aa=BLUEPRINT.format(name="aa"), bb=BLUEPRINT.format(name="aa"))
    assert "bb.yaml:1: name: is already the name of the blueprint in aa.yaml (received 'aa')" in found


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_published_schemas_accept_what_the_loader_accepts(name: str) -> None:
    folder = REPO / "terraform/envs" / name
    jsonschema.validate(yaml.safe_load((folder / "platform.yaml").read_text()), schemas()["platform"])
    for path in (folder / "blueprints").glob("*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text()), schemas()["blueprint"])
