"""Check values against AWS's models: lengths, ranges, patterns and enums. Pure except for one file, read once.

`make docs` writes `aws_rules.json` from botocore's models, which are slow to load.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sized
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.config.problems import nearest
from orchestrator.config.rules.aws_facts import FACTS

FILE = Path(__file__).with_name("aws_rules.json")
WHOLE = {"integer": 2**31 - 1, "long": 2**63 - 1}
"""The largest number of each type, unless the model has a smaller limit."""
BROKEN = {"float": 3.4e38, "double": 1.79e308}
TITLES = {
    "apigateway": "API Gateway",
    "application-autoscaling": "Application Auto Scaling",
    "athena": "Athena",
    "bedrock": "Bedrock",
    "bedrock-agent": "Bedrock",
    "bedrock-agent-runtime": "Bedrock",
    "bedrock-runtime": "Bedrock",
    "cloudwatch": "CloudWatch",
    "cognito-idp": "Cognito",
    "dynamodb": "DynamoDB",
    "ecr": "ECR",
    "emr-serverless": "EMR Serverless",
    "events": "EventBridge",
    "firehose": "Firehose",
    "glue": "Glue",
    "iam": "IAM",
    "kinesis": "Kinesis",
    "kms": "KMS",
    "lakeformation": "Lake Formation",
    "lambda": "Lambda",
    "logs": "CloudWatch Logs",
    "s3": "S3",
    "s3vectors": "S3 Vectors",
    "sagemaker": "SageMaker",
    "sagemaker-runtime": "SageMaker",
    "sqs": "SQS",
    "stepfunctions": "Step Functions",
    "wafv2": "WAF",
}


@dataclass(frozen=True)
class Rule:
    """Values that a member accepts. `categories` and `others` replace patterns that Python does not support."""

    type: str
    min: float | None = None
    max: float | None = None
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    categories: str | None = None
    others: str = ""

    def refusal(self, value: Any, times: int = 1) -> tuple[str, str | None] | None:
        """Return what AWS allows instead of `value`, and a suggestion; None if the value is valid.

        `times` converts the unit of the key to that of AWS, such as 60 for minutes to seconds.
        """
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return self._number(value, times)
        if isinstance(value, Sized):
            return self._text(value)
        return None

    def _number(self, value: float, times: int) -> tuple[str, str | None] | None:
        if self.type == "string":
            return "text", None
        if isinstance(value, float) and not math.isfinite(value):
            return "a finite number", None
        if self.type in WHOLE and isinstance(value, float):
            return "a whole number", None
        least, most = self.min, self.max
        if most is None:
            most = WHOLE.get(self.type) or BROKEN.get(self.type)
        if times != 1:
            least = None if least is None else math.ceil(least / times)
            most = None if most is None else int(most // times)
        if (least is not None and value < least) or (most is not None and value > most):
            return _between(least, most), None
        return None

    def _text(self, value: Sized) -> tuple[str, str | None] | None:
        if isinstance(value, str) and self.type != "string":
            return f"a number from {_between(self.min, self.max)}" if self.max is not None else "a number", None
        if (self.min is not None and len(value) < self.min) or (self.max is not None and len(value) > self.max):
            things = "characters" if isinstance(value, str) else "entries"
            return f"{_between(self.min, self.max)} {things}, not {len(value)}", None
        if not isinstance(value, str):
            return None
        if self.enum and value not in self.enum:
            known = len(self.enum)
            guess = nearest(value, self.enum)
            shown = ", ".join(self.enum) if known <= 12 else f"one of {known} values, such as {_samples(self.enum)}"
            return shown, guess
        if self.pattern is not None and not _compiled(self.pattern).fullmatch(value):
            return f"only values that match {self.pattern}" if len(self.pattern) <= 120 else "another format", None
        if self.categories is not None:
            return self._characters(value)
        return None

    def _characters(self, value: str) -> tuple[str, str | None] | None:
        for position, character in enumerate(value):
            if unicodedata.category(character)[0] in (self.categories or ""):
                continue
            if not (self.others and _compiled(self.others).fullmatch(character)):
                return f"no {_named(character)} (character {position + 1})", None
        return None


@dataclass(frozen=True)
class Models:
    """All rules by reference, regions with their partitions, and their source."""

    source: str
    rules: Mapping[str, Rule]
    regions: Mapping[str, str]


@cache
def models() -> Models:
    """Read the generated file."""
    read = json.loads(FILE.read_text(encoding="utf-8"))
    rules = {name: Rule(**rule | {"enum": tuple(rule.get("enum", ()))}) for name, rule in read["rules"].items()}
    return Models(read["source"], rules, read["regions"])


@cache
def rule_of(reference: str) -> Rule:
    """Look up the rule of a member in AWS's models, or in `FACTS` if the models lack it."""
    fact = FACTS.get(reference)
    if fact is None:
        return models().rules[reference]
    return Rule(**{"type": "string", **{key: fact[key] for key in ("type", "min", "max") if key in fact}})


def title(reference: str) -> str:
    """Return the usual name of a reference's service."""
    return TITLES[reference.partition(":")[0]]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _between(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:,} to {high:,}".replace(",", " ")
    return f"at least {low:,}".replace(",", " ") if low is not None else f"at most {high:,}".replace(",", " ")


def _samples(enum: tuple[str, ...]) -> str:
    usual = [each for each in ("ml.m5.large", "ml.g5.xlarge", "EMAIL", "PHONE") if each in enum]
    return " or ".join(usual or enum[:2])


def _named(character: str) -> str:
    return unicodedata.name(character, "").lower() or f"U+{ord(character):04X}"
