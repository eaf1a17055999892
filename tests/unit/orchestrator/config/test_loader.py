from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from orchestrator.config import environment_names, load
from orchestrator.config.loader import build
from orchestrator.config.model.platform import Blueprint, Platform
from orchestrator.config.schema import schemas
from orchestrator.errors import ConfigError
from tests.fakes.platforms import SHIPPED, platform_file
from tests.unit.orchestrator.config.texts import Filler

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
        build("dev", platform_file(platform), texts)
    lines = error.value.message.splitlines()
    return [line.strip() for line in (lines[1:] if len(lines) > 1 else lines)]


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_environments_of_this_repository_are_valid(name: str) -> None:
    more = {"local": {"chat-serverless"}, "prod": {"chat-small"}, "staging": {"chat-small"}}.get(name, set())
    found = {blueprint.name for blueprint in load(REPO, name).blueprints}
    later = {f"{model}-{kind}" for model in ("reviews", "chat") for kind in ("batch", "async")}
    assert found == {"reviews", "reviews-serverless", "chat"} | later | more


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
            "project: x\ntraining:\n  gate:\n    min_f1: 2",
            "platform.yaml:4: training.gate.min_f1: input should be less than or equal to 1 (received 2)",
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


def test_a_file_says_what_it_is() -> None:
    """Without a word, and with a wrong one; the name says nothing."""
    for name in ("local", "dev"):
        with pytest.raises(ConfigError, match=r"platform\.yaml:1: target: is required \(local: its own AWS on "):
            build(name, ("platform.yaml", "owner: me\n"), {})
        with pytest.raises(
            ConfigError, match=r"must be one of 'local' or 'aws' \(received 'locl'\); did you mean `local"
        ):
            build(name, platform_file("owner: me\n", "locl"), {})


def test_a_local_aws_has_a_port_of_its_own_and_aws_has_none() -> None:
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


def test_a_duplicate_key_is_refused() -> None:
    [problem] = problems("project: mlops\nproject: other")
    assert problem.startswith("platform.yaml:2: project: is a duplicate key: it is already on line 1")


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
    assert "also sagemaker.runtime (" in problem


def test_a_new_space_is_no_larger_than_the_largest() -> None:
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


def test_all_problems_of_all_files_come_at_once() -> None:
    found = problems("projekt: x\nnetwork:\n  nat: one", extra="name: extra\nkind: realtime\n", broken="x: [")
    assert [line.split(" ")[0] for line in found] == [
        "broken.yaml:1:", "extra.yaml:1:", "extra.yaml:1:", "platform.yaml:1:", "platform.yaml:3:",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("kind: realtime", "kind: batch\nautoscaling: {max: 3}"), "x1.yaml:3: autoscaling: does not go "
            "with kind `batch`: a batch job runs on a fixed number of instances until it ends (received {'max': 3})"),
        (("kind: realtime", "kind: batch\nbatch: {timeout_hours: 30}"), "x1.yaml:3: batch.timeout_hours: is only "
            "available for models of bedrock; this one is of sagemaker (received 30)"),
        (("kind: realtime", "kind: batch\nbatch: {max_payload_mb: 50, max_concurrent_transforms: 3}"), "x1.yaml:3: "
            "batch.max_payload_mb: times `max_concurrent_transforms` must not exceed 100 MB, SageMaker's limit "
            "(received 150)"),
        (("kind: realtime", "kind: batch\nbatch: {minimum_records: 9, maximum_records: 5}"), "x1.yaml:3: "
            "batch.maximum_records: must not be smaller than `minimum_records` (9) (received 5)"),
        (("kind: realtime", "kind: batch\nbatch: {prices: {usd_per_million_input_tokens: 0.1}}"), "x1.yaml:3: "
            "batch.prices.usd_per_million_input_tokens: is not a price of models of sagemaker; available: "
            "instance_usd_per_hour (received 0.1)"),
        (("kind: realtime", "kind: batch\nbatch: {schedule: daily}"), "x1.yaml:3: batch.schedule: "),
        (("kind: realtime", "kind: realtime\nbatch: {format: csv}"), "x1.yaml:3: batch: cannot be combined with kind "
            "`realtime`: requests are answered one by one (received {'format': 'csv'})"),
        (("name: x1", "name: x2"), "x1.yaml:1: name: must equal the name of the file, `x1` (received 'x2')"),
        (("group: reviews", "group: reviewz"), "x1.yaml:5: model.group: is not a model group in `registry.groups`"),
        (("group: reviews", "grup: reviews"), "x1.yaml:5: model.grup: is not a key of this section "
            "(received 'reviews'); did you mean `group`?"),
        (("source: sagemaker", "source: openai"), "x1.yaml:3: model: requires `source: sagemaker` (with `group`)"),
        (("label: positive", "contains: x"), "x1.yaml:8: smoke.golden[0]: requires `label`, the expected "
            "answer of a sagemaker model"),
        (("kind: realtime", "kind: serverless\ninstance_type: ml.m5.large"), "x1.yaml:3: instance_type: "
            "cannot be combined with kind `serverless`: serverless endpoints take no instance type"),
        (("kind: realtime", "kind: serverless\nautoscaling: {max: 3}"), "x1.yaml:3: autoscaling: does not go "
            "with kind `serverless`: SageMaker Serverless Inference scales automatically, from zero to "
            "`max_concurrency` (received {'max': 3})"),
        (("smoke:", "serverless: {memory_mb: 1024}\nsmoke:"), "x1.yaml:6: serverless: cannot be combined with kind "
            "`realtime`: a real-time endpoint runs on instances"),
        (("kind: realtime", "kind: serverless\nserverless: {memory_mb: 1500}"), "x1.yaml:3: serverless.memory_mb: "
            "must be one of 1024, 2048, 3072, 4096, 5120 or 6144 (received 1500)"),
        (("kind: realtime", "kind: serverless\nserverless: {max_concurrency: 201}"), "x1.yaml:3: "
            "serverless.max_concurrency: input should be less than or equal to 200 (received 201)"),
        (("kind: realtime", "kind: serverless\nserverless: {max_concurrency: 2, provisioned_concurrency: 3}"),
            "x1.yaml:3: serverless.provisioned_concurrency: must not exceed `max_concurrency` (2) (received 3)"),
        (("smoke:", "shadow: {}\nvariants: {b: {}}\nsmoke:"), "x1.yaml:7: variants.b.[key]: must match"),
        (("smoke:", "shadow: {}\nvariants: {bb: {}}\nsmoke:"), "x1.yaml:6: shadow: cannot be combined with `variants`: "
            "SageMaker accepts one production variant in addition to a shadow variant (received {})"),
        (("smoke:", "shadow: {}\nmulti_model: {default: a.tar.gz}\nsmoke:"), "x1.yaml:6: shadow: cannot be combined "
            "with `multi_model`: SageMaker has no shadow variants of multi-model endpoints"),
        (("smoke:", "weight: 0\nvariants: {bb: {weight: 0}}\nsmoke:"), "x1.yaml:6: weight: no variant would receive "
            "traffic: at least one weight must be greater than 0 (received [0, 0])"),
        (("smoke:", "weight: 3\nsmoke:"), "x1.yaml:6: weight: requires `variants`"),
        (("smoke:", "variants: {primary: {}}\nsmoke:"), "x1.yaml:6: variants.primary: is a reserved name of a variant"),
        (("smoke:", "containers: {mode: direct, target: zz, others: {next: {group: reviews, version: 1}}}\nsmoke:"),
            "x1.yaml:6: containers.target: must be one of the containers: primary, next (received 'zz')"),
        (("kind: realtime", "kind: serverless\ndata_capture: {}"), "x1.yaml:3: data_capture: cannot be combined with "
            "kind `serverless`: SageMaker Serverless Inference captures no data (received {})"),
        (("kind: realtime", "kind: serverless\nvariants: {bb: {}}"), "x1.yaml:3: variants: cannot be combined with "
            "kind `serverless`: SageMaker Serverless Inference has one variant per endpoint"),
        (("smoke:", "autoscaling: {min: 3, max: 1}\nsmoke:"), "x1.yaml:6: autoscaling.min: must not "
            "exceed `max` (1) (received 3)"),
    ],
)  # fmt: skip
def test_rules_of_a_blueprint(change: tuple[str, str], expected: str) -> None:
    found = problems(x1=BLUEPRINT.format(name="x1").replace(*change))
    assert any(line.startswith(expected) for line in found), found


def test_two_files_cannot_describe_one_blueprint() -> None:
    found = problems(aa=BLUEPRINT.format(name="aa"), bb=BLUEPRINT.format(name="aa"))
    assert "bb.yaml:1: name: is a duplicate of the name in aa.yaml (received 'aa')" in found


@pytest.fixture(scope="module")
def published() -> dict[str, jsonschema.Draft202012Validator]:
    """Each is a schema itself."""
    for schema in schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_published_schemas_accept_what_the_loader_accepts(
    name: str, published: dict[str, jsonschema.Draft202012Validator]
) -> None:
    folder = REPO / "terraform/envs" / name
    published["platform"].validate(yaml.safe_load((folder / "platform.yaml").read_text()))
    for path in (folder / "blueprints").glob("*.yaml"):
        published["blueprint"].validate(yaml.safe_load(path.read_text()))


def test_a_blueprint_may_name_any_group_of_the_registry() -> None:
    registry = "registry:\n  groups:\n    reviews: {description: Sentiment}\n    churn: {description: Who leaves}\n"
    text = BLUEPRINT.format(name="x1").replace("group: reviews", "group: churn")
    assert build("dev", platform_file(registry), {"x1": ("x1.yaml", text)}).blueprints[0].model.source
    [problem] = problems(registry, x1=text.replace("churn", "chrun"))
    assert problem.endswith("available: churn, reviews (received 'chrun'); did you mean `churn`?")


def test_the_pipelines_group_must_exist_and_nobody_shares_with_himself() -> None:
    found = problems(
        'account_id: "111111111111"\nregistry:\n  groups:\n    churn: {description: Who leaves}\n'
        '  consumer_account_ids: ["111111111111"]\nimages:\n  pull_account_ids: ["222222222222", "111111111111"]\n'
    )
    assert found == [
        "platform.yaml:3: registry.groups: must include `reviews`, in which the training pipeline registers models "
        "(received ['churn'])",
        "platform.yaml:5: registry.consumer_account_ids[0]: is this environment's own account "
        "(received '111111111111')",
        "platform.yaml:7: images.pull_account_ids[1]: is this environment's own account (received '111111111111')",
    ]


@pytest.mark.parametrize(
    ("model", "more", "expected"),
    [
        ("model_id: arn:aws:bedrock:us-east-1:123456789012:custom-model/a/b", "", "x1.yaml:5: model.model_id: is a "
            "customized model, which requires provisioned throughput: set `model.provisioned`"),
        ("model_id: arn:aws:bedrock:us-east-1:123456789012:agent/a", "", "x1.yaml:5: model.model_id: is not an ARN of "
            "a customized model"),
        ("model_id: us.amazon.nova-lite-v1:0\n  provisioned: {}", "", "x1.yaml:6: model.provisioned: requires a model "
            "of this region, not a system inference profile"),
        ("model_id: amazon.nova-lite-v1:0", "guardrail: {}\n", "x1.yaml:6: guardrail: is empty"),
        ("model_id: amazon.nova-lite-v1:0", "data_capture: {}\n", "x1.yaml:6: data_capture: is only available for "
            "models of sagemaker; this one is of bedrock"),
    ],
)  # fmt: skip
def test_rules_of_a_bedrock_blueprint(model: str, more: str, expected: str) -> None:
    text = BLUEPRINT.format(name="x1").replace("source: sagemaker", "source: bedrock")
    text = text.replace("group: reviews", model).replace("label: positive", "contains: x")
    found = problems(x1=text.replace("smoke:", f"{more}smoke:"))
    assert any(line.startswith(expected) for line in found), found


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


def test_invocations_are_logged_without_bodies_unless_asked_for() -> None:
    asked = "bedrock: {invocation_logging: {enabled: true}}\n"
    logging = build("dev", platform_file(asked), {}).platform.bedrock.invocation_logging
    assert (logging.enabled, logging.bodies.model_dump()) == (True, dict.fromkeys(logging.bodies.model_dump(), False))


def test_throughput_is_not_bought_locally() -> None:
    text = BLUEPRINT.format(name="x1").replace("source: sagemaker", "source: bedrock")
    text = text.replace("group: reviews", "model_id: amazon.nova-lite-v1:0\n  provisioned: {}")
    text = text.replace("label: positive", "contains: x")
    with pytest.raises(ConfigError, match="is not available in `here`"):
        build("here", platform_file("", "local"), {"x1": ("x1.yaml", text)})


def test_no_address_of_aws_holds_a_variable_of_policies() -> None:
    """IAM would put something else in its place."""
    texts = Filler(Platform).texts | Filler(Blueprint, {".kind": "batch", ".model.source": "sagemaker"}).texts
    assert len(texts) > 20
    assert not [path for path, text in texts.items() if text.startswith("arn:")]


@pytest.mark.parametrize("seed", ["--bucket", "-1", "a b", ""])
def test_a_seed_is_no_option_of_a_program(seed: str) -> None:
    assert problems(f"data:\n  split_seed: {seed!r}\n") == [
        f"platform.yaml:2: data.split_seed: must match ^[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}$ (received {seed!r})"
    ]
