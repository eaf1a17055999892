"""Every name that the modules write fits at its longest, or a template of `names` guards it.

How long a name can become is read from the HCL: what stands between `${` and `}` counts with the most characters that
the environment files let it have.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from orchestrator.config.rules import aws_facts, names
from orchestrator.config.rules.aws_rules import rule_of
from tests.fakes.platforms import platform

REPO = Path(__file__).resolve().parents[5]
RESOURCE = re.compile(r'^resource "(?P<type>\w+)" "(?P<label>\w+)" \{\n(?P<body>.*?)^\}', re.M | re.S)
ROLE_CALL = re.compile(r'^module "\w+" \{\n  source = "\.\./execution_role"\n(?P<body>.*?)^\}', re.M | re.S)
ROLE_MODULE = "modules/execution_role"
"""Takes the name of its role as an input, so the name is checked in the modules that call it."""
NAME = re.compile(
    r"^  (?P<key>name|bucket|alarm_name|agent_name|creation_token|dashboard_name|domain_name|feature_group_name"
    r"|function_name|model_package_group_name|provisioned_model_name|registry_name|schema_name"
    r"|studio_lifecycle_config_name|user_profile_name) += (?P<value>.+)$",
    re.M,
)
LOCALS = re.compile(r"^locals \{\n(?P<body>.*?)^\}", re.M | re.S)
LOCAL = re.compile(r"^  (?P<name>\w+) += (?P<value>.+)$", re.M)
UNNAMED = {
    **dict.fromkeys(
        ("aws_api_gateway_authorizer", "aws_api_gateway_model", "aws_api_gateway_request_validator"),
        "constants and names of models inside one API",
    ),
    **dict.fromkeys(("aws_api_gateway_rest_api", "aws_api_gateway_usage_plan"), "AWS names no limit"),
    **dict.fromkeys(("aws_bedrockagent_data_source", "aws_cloudwatch_log_stream"), "a constant"),
    **dict.fromkeys(
        ("aws_lambda_function_event_invoke_config", "aws_lambda_event_source_mapping", "aws_lambda_permission"),
        "names the function of another resource",
    ),
    **dict.fromkeys(
        (
            *("aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_logging", "aws_s3_bucket_notification"),
            *("aws_s3_bucket_ownership_controls", "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block"),
            *("aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_versioning", "aws_s3_object"),
            "aws_sagemaker_model_package_group_policy",
        ),
        "names what another resource makes",
    ),
}
"""Types with an argument of such a name that makes none, or none with a limit."""
ITEM = 32
"""The most characters of a blueprint, a dataset, a group, or a key of a map (`Name`)."""
LENGTHS = {
    "var.context.name_prefix": None,
    "local.prefix": None,
    "var.context.project": 16,
    "var.context.environment": 32,
    "var.context.account_id": 12,
    "var.context.region": 14,
    "var.stage_name": 8,
    "var.function.name": ITEM,
    "var.persona": 14,
    "local.persona_tag[each.key]": 14,
    "aws_api_gateway_rest_api.this.id": 10,
    "local.launch.spec_hash": 8,
    "local.content": 8,
}
"""Of what the files do not spell out as a name of theirs; None: the prefix."""
KEYS = {
    "modules/event_rules": 24, "modules/batch_events": 24, "modules/glue": 9, "modules/kms": 9, "modules/iam": 14,
    "modules/sagemaker": 9, "modules/vpc": 12, "modules/release": 8, "modules/batch_runs": 8, "modules/studio": 14,
    "modules/feature_store": 21, "modules/fixed_run": 17,
}  # fmt: skip
"""Longest key of `for_each` (or `var.name`) in modules that list their own, `bedrock-batch-completion` for one."""


@cache
def longest_prefix() -> int:
    """Characters of `<project>-<environment>` that the shortest region leaves room for."""
    for length in range(49, 0, -1):
        project = "p" * min(16, length - 3)
        planned = names.of_platform("e" * (length - len(project) - 1), platform(project=project))
        if not list(names.refused(planned)):
            return length
    raise AssertionError("no prefix fits")


def modules() -> list[str]:
    return sorted(f"modules/{folder.name}" for folder in (REPO / "terraform/modules").iterdir() if folder.is_dir())


@cache
def text_of(module: str) -> str:
    return "\n".join(file.read_text("utf-8") for file in sorted((REPO / "terraform" / module).glob("*.tf")))


def length(module: str, expression: str, depth: int = 0) -> int:
    """The most characters that an expression of HCL can have as a name."""
    assert depth < 9, expression
    expression = expression.strip()
    if expression.startswith('"') and expression.endswith('"'):
        total, rest = 0, expression[1:-1]
        while offenders := re.search(r"\$\{((?:[^{}]|\{[^{}]*\})*)\}", rest):
            total += offenders.start() + length(module, offenders[1], depth + 1)
            rest = rest[offenders.end() :]
        return total + len(rest)
    if offenders := re.fullmatch(r"replace\((.+), \".\", \".\"\)", expression):
        return length(module, offenders[1], depth + 1)
    if offenders := re.match(r"substr\(.*, 0, (\d+)\)", expression):
        return int(offenders[1])
    if "model_package_arn" in expression or expression.startswith("local.launch.version"):
        return 4
    if expression in LENGTHS:
        return LENGTHS[expression] or longest_prefix()
    if offenders := re.fullmatch(r"local\.(\w+)(\[.*\])?", expression):
        own = "\n".join(block["body"] for block in LOCALS.finditer(text_of(module)))
        values = [each["value"] for each in LOCAL.finditer(own) if each["name"] == offenders[1]]
        values = [each.split(" # ")[0] for each in values if '"' in each or "local." in each or "var." in each]
        return max((length(module, each, depth + 1) for each in values), default=KEYS.get(module, ITEM))
    if re.match(r"each\.|var\.", expression):
        return KEYS.get(module, ITEM) if expression != "var.blueprint.name" else ITEM
    raise AssertionError(f"{module}: teach this test how long `{expression}` can be")


def longest_of(template: names.Template) -> int:
    """The most characters that a template can have."""
    parts = {"prefix": longest_prefix(), "database_prefix": longest_prefix(), "item": ITEM, "sql_item": ITEM}
    others = {"account": 12, "region": 14, "run_id": 24, "hash": 8, "version": 4}
    return len(template.text.format(**{name: "n" * count for name, count in (parts | others).items()}))


def written() -> list[tuple[str, str, str]]:
    """Module, type and expression of every name of a resource."""
    bodies = [
        (module, resource["type"], resource["body"])
        for module in modules()
        for resource in RESOURCE.finditer(text_of(module))
        if (module, resource["type"]) != (ROLE_MODULE, "aws_iam_role")
    ]
    bodies += [
        (module, "aws_iam_role", call["body"]) for module in modules() for call in ROLE_CALL.finditer(text_of(module))
    ]
    return [(module, kind, name["value"]) for module, kind, body in bodies for name in NAME.finditer(body)]


def test_every_type_that_is_named_has_a_limit_or_a_reason() -> None:
    types = {kind for _, kind, _ in written()}
    assert len(types) > 50, "the names have lost their pattern"
    assert types - set(UNNAMED) <= set(aws_facts.NAMES), "say in aws_facts.NAMES how long it may be"
    assert set(aws_facts.NAMES) <= types, "no module creates these any more"


def test_the_names_of_roles_are_checked_where_the_role_module_is_called() -> None:
    callers = {module for module in modules() if f'"../{Path(ROLE_MODULE).name}"' in text_of(module)}
    assert callers
    assert callers <= {module for module, kind, _ in written() if kind == "aws_iam_role"}


def test_every_name_fits_at_its_longest_or_is_guarded() -> None:
    offenders = [problem for each in written() if each[1] not in UNNAMED and (problem := too_long(*each))]
    assert not offenders, "\n".join(offenders)


def too_long(module: str, kind: str, expression: str) -> str | None:
    limit = rule_of(aws_facts.NAMES[kind]).max
    assert limit is not None
    longest = length(module, expression)
    if kind == "aws_cloudwatch_event_archive":  # whose keys are `services` and `platform`, not those of the rules
        longest -= KEYS[module] - len("services")
    templates = (*names.PLATFORM, names.PER_REPOSITORY, names.PER_GROUP, names.PER_STREAM, *names.PER_FILE)
    guards = [
        each
        for each in templates
        if each.file == module and each.kind.limit <= limit and longest_of(each) >= min(longest, limit + 1)
    ]
    if longest <= limit or guards:
        return None
    return f"{kind} in {module} can have {longest} characters of {limit}: {expression}"


def test_what_is_guarded_is_held_to_the_limit_of_aws() -> None:
    limits = {
        "aws_bedrock_guardrail": names.GUARDRAIL, "aws_bedrock_inference_profile": names.PROFILE,
        "aws_bedrock_provisioned_model_throughput": names.THROUGHPUT, "aws_iam_role": names.ROLE,
        "aws_lambda_function": names.FUNCTION, "aws_sagemaker_endpoint_configuration": names.SAGEMAKER,
        "aws_sfn_state_machine": names.STATE_MACHINE, "aws_cloudwatch_event_rule": names.EVENT_RULE,
        "aws_cloudwatch_event_archive": names.EVENT_ARCHIVE, "aws_sqs_queue": names.QUEUE,
        "aws_sns_topic": names.TOPIC, "aws_s3_bucket": names.BUCKET, "aws_ecr_repository": names.REPOSITORY,
        "aws_kms_alias": names.ALIAS, "aws_glue_catalog_database": names.DATABASE,
        "aws_athena_workgroup": names.WORKGROUP,
    }  # fmt: skip
    assert {kind: rule_of(aws_facts.NAMES[kind]).max for kind in limits} == {
        kind: each.limit for kind, each in limits.items()
    }
