"""What AWS would refuse in the middle of an apply is refused while the files are read."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any

import botocore
import pytest
import yaml
from pydantic import BaseModel

from orchestrator.config import loader
from orchestrator.config.model.platform import Blueprint, Platform
from orchestrator.config.rules import aws_facts, aws_members
from orchestrator.config.rules.aws import READERS
from orchestrator.config.rules.aws_rules import TITLES, Rule, models, rule_of
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file

BEDROCK = {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"}
SAGEMAKER = {"source": "sagemaker", "group": "reviews"}


def blueprint(model: dict[str, Any], kind: str = "realtime", **more: Any) -> dict[str, Any]:
    smoke = {"golden": [{"input": "good", "schema": {}}]}
    return {"name": "one", "kind": kind, "model": model, "smoke": smoke, **more}


def problems(platform: dict[str, Any], one: dict[str, Any] | None = None) -> str:
    """What is said about an environment `dev`; nothing where it is accepted."""
    files = {"one": ("one.yaml", yaml.safe_dump(one, sort_keys=False))} if one else {}
    try:
        text = yaml.safe_dump(platform, sort_keys=False) if platform else ""
        loader.build("dev", platform_file(text), files)
    except ConfigError as error:
        return error.message
    return ""


def leaves(kind: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every key that a file may have, as the tables name it."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            yield from leaves(field.annotation, (*path, field.alias or name))
    elif origin is Annotated:
        yield from leaves(arguments[0], path)
    elif origin in (typing.Union, types.UnionType):
        for each in arguments:
            yield from () if each is type(None) else leaves(each, path)
    elif origin in (list, tuple):
        yield from leaves(arguments[0], (*path, "[]"))
    elif origin is dict:
        yield ".".join((*path, "{key}"))
        yield from leaves(arguments[1], (*path, "*"))
    else:
        yield ".".join(path)


def test_every_key_has_a_member_a_reader_or_a_reason() -> None:
    keys = {*leaves(Platform), *leaves(Blueprint)}
    assert len(keys) > 230, "the walk has lost keys"
    checked = {*aws_members.PLATFORM, *aws_members.BLUEPRINT, *READERS}
    forgotten = keys - checked - set(aws_members.NO_MEMBER)
    assert not forgotten, f"say in orchestrator/config/rules/aws_members.py what becomes of {sorted(forgotten)}"
    assert not checked & set(aws_members.NO_MEMBER), "a key cannot be checked here and be no member"
    own_entries = {key for key in aws_members.BLUEPRINT if key.startswith("parameters.")}
    assert not ({*checked, *aws_members.NO_MEMBER} - keys - own_entries), "these keys are gone"


def test_the_file_has_what_the_table_needs_from_the_botocore_that_is_installed() -> None:
    assert models().source == f"botocore {botocore.__version__}", "run `make docs`"
    assert set(models().rules) == set(aws_members.references())
    tables = (aws_members.PLATFORM, aws_members.BLUEPRINT, aws_members.WHOLE_SECTIONS)
    used = {member.reference for table in tables for members in table.values() for member in members}
    assert set(aws_facts.FACTS) <= used | set(aws_facts.NAMES.values())
    assert {reference.partition(":")[0] for reference in used} <= set(TITLES)


def test_a_key_of_kms_waits_as_long_as_its_documents_say_and_not_its_model() -> None:
    rule = rule_of(aws_members.PLATFORM["encryption.deletion_window_days"][0].reference)
    assert [days for days in (1, 6, 7, 30, 31, 365) if rule.refusal(days) is None] == [7, 30]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ({"region": "us-east-9"}, "region: is not an AWS region"),
        ({"region": "us-eas-1"}, "did you mean `us-east-1`?"),
        ({"training": {"instance_type": "banana"}}, "training.instance_type: SageMaker accepts one of 2"),
        ({"training": {"instance_type": "ml.m5.lagre"}}, "did you mean `ml.m5.large`?"),
        ({"training": {"hyperparameters": {"": "1"}}}, "beginning with a letter"),
        ({"training": {"hyperparameters": {"sagemaker_program": "x"}}}, "begins with `sagemaker_`"),
        ({"training": {"hyperparameters": {"c": "x" * 2501}}}, "SageMaker accepts 0 to 2 500 characters, not 2501"),
        ({"training": {"hyperparameters": {"c": "1\n2"}}}, "SageMaker accepts only values that match .*"),
        ({"training": {"hyperparameters": {f"k{n}": "1" for n in range(101)}}}, "0 to 100 entries, not 101"),
        ({"training": {"volume_gb": 10**12}}, "16384"),
        ({"data": {"processing": {"instance_type": "ml.m5.tiny"}}}, "data.processing.instance_type: SageMaker accepts"),
        ({"data": {"workflow_schedule": "cron(banana)"}}, "has 1 fields instead of 6"),
        ({"data": {"extra_quality_rules": ["(]"]}}, "data.extra_quality_rules[0]: is not a rule of Glue Data Quality"),
        ({"data": {"extra_quality_rules": [f'IsComplete "{"c" * 4000}"'] * 9}}, "characters in total"),
        ({"data": {"athena_bytes_scanned_limit": 10**20}}, "is too large a number"),
        (
            {"storage": {"raw_expiration_days": 10**12}},
            "S3 accepts at most 2 147 483 647",
        ),
        ({"inference": {"throttle": {"rate_per_second": 1e12}}}, "API Gateway accepts 0.001 to 1 000 000"),
        ({"inference": {"throttle": {"rate_per_second": 1e-9}}}, "API Gateway accepts 0.001 to 1 000 000"),
        ({"inference": {"throttle": {"burst": 10**12}}}, "API Gateway accepts"),
        ({"inference": {"quota_per_day": 10**12}}, "API Gateway accepts"),
        ({"monitoring": {"latency_ms": 10**400}}, "is too large a number"),
        ({"monitoring": {"alarm_email": "unknown"}}, "monitoring.alarm_email: is not a valid e-mail address"),
        ({"monitoring": {"alarm_email": "a@b..example.org"}}, "is not a valid e-mail address"),
        ({"emr": {"release_label": "emr-6.0.0"}}, "emr.release_label: is not a release of EMR Serverless"),
        ({"studio": {"instance_type": "system"}}, "studio.instance_type: is reserved for Studio's server"),
        ({"studio": {"instance_type": "ml.t3.medum"}}, "did you mean `ml.t3.medium`?"),
        ({"streaming": {"columns": [{"name": "id", "type": "banana"}]}}, "has `banana`, which is not a type"),
        ({"streaming": {"columns": [{"name": "c" * 256, "type": "string"}]}}, "Glue accepts 1 to 255 characters"),
        ({"registry": {"groups": {"reviews": {"description": "a\nb"}}}}, "SageMaker accepts no U+000A (character 2)"),
        ({"access": {"deployers": ["arn:foo:iam::123456789012:role/x"]}}, "has the unknown partition `foo`"),
        ({"access": {"deployers": ["arn:aws-cn:iam::123456789012:role/x"]}}, "it must be in that of us-east-1, `aws`"),
        (
            {"inference": {"parquet_layer_arn": "arn:aws:lambda:eu-west-1:123456789012:layer:pandas:1"}},
            "is in eu-west-1: it must be in the environment's region, us-east-1",
        ),
    ],
)
def test_what_aws_refuses_of_a_platform_is_refused_here(platform: dict[str, Any], expected: str) -> None:
    reported = problems(platform)
    assert expected in reported
    assert reported.startswith("platform.yaml:"), "one value, one problem"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"bucket": "192.168.0.1", "prefixes": ["a/"]}, "is an IP address"),
        ({"bucket": "999.999.999.999", "prefixes": ["a/"]}, "is an IP address"),
        ({"bucket": "a..b", "prefixes": ["a/"]}, "has a dot next to another dot"),
        ({"bucket": "xn--a", "prefixes": ["a/"]}, "begins or ends with a text that AWS reserves"),
        ({"bucket": "data--table-s3", "prefixes": ["a/"]}, "begins or ends with a text that AWS reserves"),
        ({"bucket": "data", "prefixes": ["a//b/"]}, "has an empty part"),
        ({"bucket": "data", "prefixes": ["a/../b/"]}, "`..` between slashes"),
        ({"bucket": "data", "prefixes": ["a" * 1024 + "/"]}, "more than 1024 bytes"),
        (
            {"bucket": "data", "prefixes": ["a/"], "kms_key_arn": "arn:aws:kms:us-east-9:123456789012:key/a-b"},
            "has the region `us-east-9`, which is not an AWS region",
        ),
    ],
)
def test_sources_lie_where_aws_can_have_them(source: dict[str, Any], expected: str) -> None:
    assert expected in problems({"data": {"sources": {"crm": source}}})


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (blueprint(SAGEMAKER, instance_type="banana"), "one.yaml:10: instance_type: SageMaker accepts one of"),
        (blueprint(SAGEMAKER, "batch", instance_type="ml.t3.medium"), "instance_type: SageMaker accepts one of"),
        (blueprint(SAGEMAKER, "async", instance_type="ml.m5"), "instance_type: SageMaker accepts one of"),
        (blueprint(SAGEMAKER, instance_count=10**12), "SageMaker accepts 1 to 2 147 483 647"),
        (
            blueprint(SAGEMAKER, variants={"other": {"instance_type": "banana"}}),
            "variants.other.instance_type: ",
        ),
        (blueprint(SAGEMAKER, shadow={"instance_type": "banana"}), "shadow.instance_type: SageMaker accepts one of"),
        (blueprint(SAGEMAKER, autoscaling={"max": 10**12}), "Application Auto Scaling accepts"),
        (
            blueprint(SAGEMAKER, rollout={"strategy": "linear", "step_percent": 10, "bake_seconds": 3600}),
            "rollout.bake_seconds: times 10 steps, plus `keep_old_seconds`, must not exceed 27000 seconds",
        ),
        (blueprint(SAGEMAKER, "batch", batch={"schedule": "cron(banana)"}), "has 1 fields instead of 6"),
        (blueprint(SAGEMAKER, "batch", batch={"schedule": "rate(0 minutes)"}), "must be a whole number from 1"),
        (blueprint(SAGEMAKER, "batch", batch={"schedule": "rate(1 minutes)"}), "did you mean `rate(1 minute)`?"),
        (blueprint(BEDROCK, parameters={"temperature": 1.5}), "parameters.temperature: Bedrock accepts 0 to 1"),
        (blueprint(BEDROCK, parameters={"temperature": "hot"}), "parameters.temperature: Bedrock accepts a number"),
        (blueprint(BEDROCK, parameters={"max_tokens": 10.0}), "Bedrock accepts a whole number"),
        (blueprint(BEDROCK, guardrail={"pii": {"EMIAL": "BLOCK"}}), "guardrail.pii.EMIAL: Bedrock accepts one of"),
        (blueprint(BEDROCK, guardrail={"pii": {"EMIAL": "BLOCK"}}), "did you mean `EMAIL`?"),
        (blueprint({**BEDROCK, "model_id": "banana"}), "model.model_id: is not a Bedrock model id"),
        (blueprint({**BEDROCK, "model_id": "us.amazon.nova lite"}), "model.model_id: is not a Bedrock model id"),
        (
            blueprint(BEDROCK, "async", **{"async": {"callback": {"emails": ["a@b.c"]}}}),
            "is not a valid e-mail address",
        ),
        (
            blueprint(SAGEMAKER, "async", **{"async": {"callback": {"webhook": "https://127.1/"}}}),
            "must be a public host",
        ),
    ],
)
def test_what_aws_refuses_of_a_blueprint_is_refused_here(one: dict[str, Any], expected: str) -> None:
    assert expected in problems({}, one)


def test_what_aws_takes_is_taken() -> None:
    platform = {
        "region": "eu-central-2",
        "training": {"instance_type": "ml.g5.xlarge", "hyperparameters": {"c": "", "max-features": "1"}},
        "data": {
            "workflow_schedule": "cron(0 2 ? * MON-FRI *)",
            "extra_quality_rules": ['(IsComplete "id") and (RowCount between 1 and 10)'],
            "sources": {"crm": {"bucket": "data.example.org", "prefixes": ["in/2026/"]}},
        },
        "emr": {"release_label": "emr-6.6.0"},
        "inference": {"throttle": {"rate_per_second": 0.5}},
        "monitoring": {"alarm_email": "on-call+ml@example.co.uk"},
        "registry": {"groups": {"reviews": {"description": "Größe, 大小, №1"}}},
    }
    one = blueprint(
        {"source": "bedrock", "model_id": "eu.anthropic.claude-3-7-sonnet-20250219-v1:0"},
        parameters={"temperature": 1, "top_p": 0.5, "stop_sequences": "END"},
    )
    assert problems(platform, one) == ""
    assert problems({}, blueprint(SAGEMAKER, "serverless")) == "", "serverless endpoints have no instance type"


def test_a_problem_says_where_what_and_what_was_meant() -> None:
    reported = problems({"owner": "me-too", "training": {"instance_type": "ml.m5.lagre"}})
    known = len(rule_of(aws_members.PLATFORM["training.instance_type"][0].reference).enum)
    assert reported == (
        f"platform.yaml:3: training.instance_type: SageMaker accepts one of {known} values, such as ml.m5.large or "
        "ml.g5.xlarge (received 'ml.m5.lagre'); did you mean `ml.m5.large`?"
    )


@pytest.mark.parametrize(
    ("rule", "value", "times", "taken"),
    [
        (Rule("integer", min=60, max=86_400), 1440, 60, True),
        (Rule("integer", min=60, max=86_400), 1441, 60, False),
        (Rule("integer", min=61), 1, 60, False),
        (Rule("long"), 2**63, 1, False),
        (Rule("float"), 10**39, 1, False),
        (Rule("double"), float("nan"), 1, False),
        (Rule("double"), float("inf"), 1, False),
        (Rule("string", pattern="[a-z]+"), "abc\n", 1, False),
        (Rule("string", categories="LN", others="[_]"), "aß_1", 1, True),
        (Rule("string", categories="LN", others="[_]"), "a b", 1, False),
        (Rule("string"), 5, 1, False),
        (rule_of("bedrock:CreateGuardrail.wordPolicyConfig.wordsConfig[]"), ["w"] * 10_000, 1, True),
        (rule_of("bedrock:CreateGuardrail.wordPolicyConfig.wordsConfig[]"), ["w"] * 10_001, 1, False),
        (Rule("integer"), True, 1, True),
    ],
)
def test_a_rule_judges_a_value(rule: Rule, value: Any, times: int, taken: bool) -> None:
    assert (rule.refusal(value, times) is None) is taken
