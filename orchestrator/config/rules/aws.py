"""Reject values that AWS would reject in the middle of an apply.

Every key that becomes a member of AWS's API is checked against AWS's models of that member (the table is in
`orchestrator.config.rules.aws_members`); values with a grammar are parsed as AWS parses them (`READERS`).

Pure: documents and models in, problems out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from orchestrator.config.model.blueprint import Blueprint
from orchestrator.config.model.platform import Platform
from orchestrator.config.problems import InvalidValue, Problem
from orchestrator.config.rules import arns, dqdl, hive_types, schedules
from orchestrator.config.rules.aws_members import BLUEPRINT, PLATFORM, WHOLE_SECTIONS, Member
from orchestrator.config.rules.aws_rules import rule_of, title
from orchestrator.config.rules.options import CUSTOMIZED, SYSTEM_PROFILE
from orchestrator.config.yaml_source import Document

Steps = tuple[int | str, ...]
Reader = Callable[[Any, str], None]
"""Checks a value in the environment's region; raises a `ValueError` whose message is the rule."""

RESERVED_BUCKETS = re.compile(r"xn--.*|sthree-.*|amzn-s3-demo-.*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)")
"""All of https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html."""
FOUNDATION_MODEL = re.compile(r"[a-z0-9-]{1,63}\.[a-z0-9-]{1,63}(?:[.:][a-z0-9-]{1,63})*")
"""Provider, name and version, as in Bedrock's pattern for the ARN of a foundation model."""
# *Assumed*: SNS does not document which addresses it accepts; this is the usual form.
EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?=.{3,254}$)([A-Za-z0-9](-*[A-Za-z0-9]){0,62}\.)+[A-Za-z]{2,63}"
)
OPTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
FIRST_EMR = (6, 6)
"""EMR Serverless starts with 6.6.0; 6.15 is the last of its series, and series 7 continues
(https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/release-versions.html)."""
LAST_EMR_6 = 15
LONGEST_WAITING = 27_000
"""Seconds that a release may wait in total; `terraform/modules/realtime_endpoint/release.tf` adds 1800."""
LONGEST_KEY = 1024
"""Bytes of the name of an object in S3 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)."""


def _region(value: str, _home: str) -> None:
    arns.check_region(value)


def _arn(service: str, *, same_region: bool = False) -> Reader:
    def read(value: str, home: str) -> None:
        arns.check(value, home=home, service=service, same_region=same_region)

    return read


def _bucket(value: str, _home: str) -> None:
    """Check S3's rules for bucket names that the pattern of the key does not cover."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        if re.fullmatch(r"[0-9.]+", value) and value.count(".") == 3:
            raise InvalidValue("is an IP address, which S3 does not allow as a bucket name") from None
    else:
        raise InvalidValue("is an IP address, which S3 does not allow as a bucket name")
    if ".." in value or ".-" in value or "-." in value:
        raise InvalidValue("has a dot next to another dot or a hyphen, which S3 does not allow in bucket names")
    if RESERVED_BUCKETS.fullmatch(value):
        raise InvalidValue("begins or ends with a text that AWS reserves for other kinds of buckets")


def _prefix(value: str, _home: str) -> None:
    if len(value.encode()) > LONGEST_KEY:
        raise InvalidValue(f"has more than {LONGEST_KEY} bytes, the limit of S3 for object names")
    if any(part in ("", ".", "..") for part in value.removesuffix("/").split("/")):
        raise InvalidValue("has an empty part, `.` or `..` between slashes, which tools interpret differently from S3")


def _email(value: str, _home: str) -> None:
    if not EMAIL.fullmatch(value) or ".." in value or value.startswith(".") or ".@" in value:
        raise InvalidValue("is not a valid e-mail address")


def _emr_release(value: str, _home: str) -> None:
    major, minor = (int(part) for part in value.removeprefix("emr-").split(".")[:2])
    if (major, minor) < FIRST_EMR or (major == FIRST_EMR[0] and minor > LAST_EMR_6):
        raise InvalidValue(f"is not a release of EMR Serverless, which has 6.6.0 to 6.{LAST_EMR_6}.0 and series 7")


def _model_id(value: str, home: str) -> None:
    if value.startswith("arn:"):
        if CUSTOMIZED.fullmatch(value):  # else the option matrix reports it
            arns.check(value, home=home, service="bedrock", same_region=True)
        return
    bare = SYSTEM_PROFILE.sub("", value, count=1)
    if len(value) > 2048 or not FOUNDATION_MODEL.fullmatch(bare):
        raise InvalidValue("is not a Bedrock model id, which is provider.model, such as amazon.nova-lite-v1:0")


def _option_name(value: str, _home: str) -> None:
    """Check a hyperparameter, which script mode passes to the program as the option `--name value`."""
    if not OPTION_NAME.fullmatch(value):
        raise InvalidValue(
            "must be letters, digits, `_`, `.` and `-`, beginning with a letter, as an option of train.py"
        )
    if value.startswith("sagemaker_"):
        raise InvalidValue("begins with `sagemaker_`, which is reserved for the pipeline")


def _text(check: Callable[[str], None]) -> Reader:
    def read(value: str, _home: str) -> None:
        check(value)

    return read


def _instance(value: str, _home: str) -> None:
    if value == "system":
        raise InvalidValue("is reserved for Studio's server: JupyterLab requires an instance type such as ml.t3.medium")


READERS: dict[str, Reader] = {
    "region": _region,
    "access.deployers.[]": _arn("iam"),
    "access.persona_principals.*.[]": _arn("iam|sts"),
    "sharing.consumer.admin_arns.[]": _arn("iam"),
    "data.sources.*.bucket": _bucket,
    "data.sources.*.prefixes.[]": _prefix,
    "data.sources.*.kms_key_arn": _arn("kms"),
    "data.workflow_schedule": _text(schedules.check_trigger),
    "data.extra_quality_rules.[]": _text(dqdl.check),
    "streaming.columns.[].type": _text(hive_types.check),
    "emr.release_label": _emr_release,
    "studio.instance_type": _instance,
    "training.hyperparameters.{key}": _option_name,
    # *Assumed*: AWS's page on pools of other accounts once said "any region" and no longer does.
    "inference.auth.cognito.user_pool_arns.[]": _arn("cognito-idp", same_region=True),
    # Lambda: "Layers are not in the same region as the function."
    "inference.parquet_layer_arn": _arn("lambda", same_region=True),
    "monitoring.alarm_email": _email,
    "model.model_id": _model_id,
    "batch.schedule": _text(schedules.check_rule),
    "async.callback.emails.[]": _email,
}
"""Parsers of values with a grammar, which follow AWS."""


def check_platform(document: Document, platform: Platform) -> Iterator[Problem]:
    """Check a `platform.yaml` against the rules of AWS."""
    yield from _check(document, platform, PLATFORM, platform.region, lambda member: True)
    rules = platform.data.extra_quality_rules
    length = sum(len(rule) + 4 for rule in rules)
    if length > dqdl.LONGEST // 2:
        rule = f"must have fewer than {dqdl.LONGEST // 2} characters in total, half of Glue's limit"
        yield document.problem(("data", "extra_quality_rules"), rule, length)


def check_blueprint(document: Document, blueprint: Blueprint, region: str) -> Iterator[Problem]:
    """Check a blueprint file against the rules of AWS in a region."""

    def concerns(member: Member) -> bool:
        of_kind = not member.kinds or blueprint.kind in member.kinds
        return of_kind and member.source in (None, blueprint.model.source)

    yield from _check(document, blueprint, BLUEPRINT, region, concerns)
    rollout = blueprint.rollout
    steps = {"all_at_once": 1, "canary": 2, "linear": -(-100 // rollout.step_percent)}[rollout.strategy]
    waiting = steps * rollout.bake_seconds + rollout.keep_old_seconds
    if waiting > LONGEST_WAITING:
        rule = (
            f"times {steps} steps, plus `keep_old_seconds`, must not exceed {LONGEST_WAITING} seconds: SageMaker "
            "aborts an update after 28800, and starting instances takes the rest"
        )
        yield document.problem(("rollout", "bake_seconds"), rule, rollout.bake_seconds)


def _check(
    document: Document,
    section: BaseModel,
    table: dict[str, tuple[Member, ...]],
    region: str,
    concerns: Callable[[Member], bool],
) -> Iterator[Problem]:
    for path, location, value in places(section):
        refused = next(_refusals(path, location, value, table, region, concerns), None)
        if refused is not None:
            rule, suggestion = refused
            yield document.problem(location, rule, value, suggestion)


def _refusals(
    path: str,
    location: Steps,
    value: Any,
    table: dict[str, tuple[Member, ...]],
    region: str,
    concerns: Callable[[Member], bool],
) -> Iterator[tuple[str, str | None]]:
    reader = READERS.get(path)
    if reader is not None:
        try:
            reader(value, region)
        except ValueError as error:
            yield str(error), getattr(error, "suggestion", None)
    exact = ".".join(map(str, location))
    members: Iterable[Member] = (*table.get(path, ()), *WHOLE_SECTIONS.get(path, ()))
    if path.endswith(".*"):  # one entry of a map can be a separate member
        members = (*members, *table.get(exact, ()))
    for member in members:
        if concerns(member):
            refusal = rule_of(member.reference).refusal(
                member.text.format(value) if member.text else value, member.times
            )
            if refusal:
                allowed, suggestion = refusal
                yield f"{title(member.reference)} accepts {allowed}", suggestion


def places(value: Any, path: str = "", location: Steps = ()) -> Iterator[tuple[str, Steps, Any]]:
    """Yield the set values of a section, each with its path in the tables and its location in the file."""
    if value is None:
        return
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            key = field.alias or name
            yield from places(getattr(value, name), f"{path}.{key}" if path else key, (*location, key))
        return
    if path:
        yield path, location, value
    if isinstance(value, dict):
        for key, entry in value.items():
            yield f"{path}.{{key}}", (*location, key), key
            yield from places(entry, f"{path}.*", (*location, key))
    elif isinstance(value, list | tuple):
        for position, entry in enumerate(value):
            yield from places(entry, f"{path}.[]", (*location, position))
