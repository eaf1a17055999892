"""Change single values of valid environment files, and check that none is accepted that AWS's models refuse.

    python -m tests.fuzz.aws_models [--cases 900] [--first 0]

`refused_by_aws` is independent of the table that the configuration is checked with: it writes the requests that an
environment leads to, and asks botocore's models themselves, required members, enums, patterns, lengths and ranges.
Cases have numbers; the same number always makes the same file, and a fault names its own.
"""

from __future__ import annotations

import argparse
import copy
import random
import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from orchestrator.config.loader import ENVS, build, environment_names
from orchestrator.config.model.platform import Environment, Platform
from orchestrator.errors import ConfigError
from tests.fuzz import aws_requests

LOADER = Loader()
REPO = Path(__file__).resolve().parents[2]
LARGEST = {"integer": 2**31 - 1, "long": 2**63 - 1, "float": 3.5e38, "double": 1.8e308}
WORDS = (
    "banana", "", " ", "-", "a" * 300, "x" * 3000, "ml.m5.lagre", "ml.t3.medium", "ml.p4d.24xlarge", "system", "größe",
    "a\nb", "a\tb", "\U0001f600", "a b", "A_B", "arn:foo:", "arn:aws:iam::123456789012:role/x", "us-east-9",
    "cron(banana)", "rate(0 minutes)", "rate(1 minutes)", "cron(0 2 * * ? *)", "(]", "RowCount > 1", "emr-6.0.0",
    "10.0.0.1", "https://127.1/", "EMAIL", "BANANA", "amazon.nova-lite-v1:0", "sagemaker_program", "${x}", "é" * 129,
)  # fmt: skip
NUMBERS = (0, 1, -1, 2, 59, 61, 100, 101, 1000, 16_385, 2**31 - 1, 2**31, 2**63, 1e12, 10**40, 0.5, 1e-9, 1e308, 1.5)


@cache
def service(name: str) -> ServiceModel:
    """The model that botocore ships."""
    return ServiceModel(LOADER.load_service_model(name, "service-2"))


def refused_by_aws(environment: Environment) -> list[str]:
    """What AWS's models refuse of the requests that an environment leads to."""
    refusals = []
    for each in aws_requests.of(environment):
        shape = service(each.service).operation_model(each.operation).input_shape
        assert shape is not None, f"{each.operation} takes no input"
        report = ParamValidator().validate(each.members, shape)
        problems = [report.generate_report()] if report.has_errors() else []
        problems += list(_breaches(each.members, shape, ""))
        refusals += [f"{each.service}:{each.operation} for {each.what}: {problem}" for problem in problems]
    return refusals


def _breaches(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """What ParamValidator leaves out: enums, patterns, and what is too large."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, entry in value.items():
            if name in shape.members:
                yield from _breaches(entry, shape.members[name], f"{path}.{name}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _size(len(value), shape, path)
        for entry in value:
            yield from _breaches(entry, shape.member, f"{path}[]")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        yield from _size(len(value), shape, path)
        for key, entry in value.items():
            yield from _breaches(key, shape.key, f"{path}.key")
            yield from _breaches(entry, shape.value, f"{path}.value")
    elif isinstance(shape, StringShape) and isinstance(value, str):
        yield from _of_text(value, shape, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _size(value, shape, path)
        if abs(value) > LARGEST.get(shape.type_name, 1.8e308):
            yield f"{path}: {value!r} is not a valid {shape.type_name}"


def _of_text(value: str, shape: StringShape, path: str) -> Iterator[str]:
    yield from _size(len(value), shape, path)
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value[:40]!r} is not in the list of {len(shape.enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield f"{path}: {value[:40]!r} does not match {pattern[:80]}"


def _size(size: float, shape: Shape, path: str) -> Iterator[str]:
    if size < shape.metadata.get("min", size) or size > shape.metadata.get("max", size):
        yield f"{path}: {size!r} is not from {shape.metadata.get('min')} to {shape.metadata.get('max')}"


def _matches(pattern: str, value: str) -> bool:
    """Java's patterns, as far as AWS uses them: a class of Unicode becomes the letters of `value` that are in it."""
    categories = set(re.findall(r"\\p\{(\w)\}", pattern))
    inside = "".join(re.escape(each) for each in set(value) if unicodedata.category(each)[0] in categories)
    python = re.sub(r"(\\p\{\w\})+", lambda _: inside or r"\x00", pattern)
    python = python.replace(r"\p{Print}", r"\x20-\x7e").replace(r"\z", r"\Z")
    python = python.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")
    return re.fullmatch(python, value) is not None


@cache
def originals() -> dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, dict[str, Any]]]]:
    """Every environment of the checkout as plain data: its platform, that with all defaults, and its blueprints."""
    configurations = {}
    for name in environment_names(REPO):
        folder = REPO / ENVS / name
        platform = yaml.load((folder / "platform.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
        files = sorted((folder / "blueprints").glob("*.yaml"))
        blueprints = {each.stem: yaml.load(each.read_text("utf-8"), Loader=yaml.CSafeLoader) for each in files}
        configurations[name] = (platform, Platform.model_validate(platform).model_dump(mode="json"), blueprints)
    return configurations


def case(number: int) -> tuple[str, dict[str, Any], dict[str, dict[str, Any]]]:
    """One environment with a single value changed."""
    hand = random.Random(number)
    name = hand.choice(sorted(originals()))
    platform, defaults, originally = originals()[name]
    blueprints = dict(originally)
    if hand.random() < 0.5:
        section = hand.choice(sorted(set(defaults) - {"target", "local", "lifetime_days", "bedrock"}))
        # The rest is as it is by default: long files take long to read.
        changed = copy.deepcopy({section: defaults[section]})
        _change(hand, changed)
        platform = {"target": defaults["target"]} | changed
    else:
        stem = hand.choice(sorted(blueprints))
        blueprints[stem] = _written_out(hand, copy.deepcopy(blueprints[stem]))
        _change(hand, blueprints[stem])
    return name, platform, blueprints


def _written_out(hand: random.Random, blueprint: dict[str, Any]) -> dict[str, Any]:
    """A blueprint with one more section than its file has, where its kind takes one."""
    sagemaker = blueprint["model"]["source"] == "sagemaker"
    sections: list[tuple[str, Any]] = [("limits", {"max_tokens": 9000})]
    if sagemaker and blueprint["kind"] == "realtime":
        sections += [
            ("variants", {"other": {"weight": 1, "instance_type": "ml.m5.large"}}),
            ("shadow", {"instance_type": "ml.m5.large", "instance_count": 1}),
            ("autoscaling", {"min": 1, "max": 2, "invocations_per_minute": 200}),
            ("data_capture", {"sampling_percent": 10}),
            ("rollout", {"strategy": "canary", "step_percent": 50, "bake_seconds": 60, "keep_old_seconds": 60}),
            ("multi_model", {"default": "one.tar.gz"}),
            ("containers", {"mode": "direct", "others": {"next": {"group": "reviews", "version": 1}}}),
        ]
    if blueprint["kind"] == "batch":
        batch = {"schedule": "rate(1 day)"} | ({"max_payload_mb": 6, "strategy": "MultiRecord"} if sagemaker else {})
        sections.append(("batch", batch))
    if not sagemaker and blueprint["kind"] in ("realtime", "serverless"):
        guardrail = {
            "filters": {"HATE": "HIGH"}, "pii": {"EMAIL": "BLOCK"}, "words": ["secret"],
            "denied_topics": {"tax": "Advice on taxes."}, "blocked_input": "No.",
        }  # fmt: skip
        parameters = {"max_tokens": 10, "temperature": 0.5, "top_p": 0.5, "stop_sequences": "END"}
        sections += [("guardrail", guardrail), ("parameters", parameters)]
    key, value = hand.choice(sections)
    return blueprint | {key: value}


def _change(hand: random.Random, document: dict[str, Any]) -> None:
    """Put one other value, or key of a map, somewhere."""
    places = list(_places(document))
    holder, key = hand.choice(places)
    old = holder[key]
    if isinstance(holder, dict) and hand.random() < 0.1:
        holder[hand.choice(WORDS)] = holder.pop(key)
    elif isinstance(old, bool):
        holder[key] = not old
    elif isinstance(old, int | float):
        holder[key] = hand.choice(NUMBERS) if hand.random() < 0.8 else old * hand.choice((2, 10, 1000, -1))
    elif isinstance(old, str):
        holder[key] = hand.choice(WORDS) if hand.random() < 0.7 else old + hand.choice(("x", " ", "\n", "." * 260))
    else:
        holder[key] = hand.choice((*WORDS, *NUMBERS))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        if isinstance(entry, dict | list) and entry:
            yield from _places(entry)
        else:
            yield value, key


def _text(data: dict[str, Any]) -> str:
    return str(yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True))


@cache
def _original(name: str, stem: str) -> str:
    return _text(originals()[name][2][stem])


def accepted(number: int) -> Environment | None:
    """The environment of a case, where the configuration takes it."""
    name, platform, blueprints = case(number)
    unchanged = originals()[name][2]
    files = {
        stem: (f"{stem}.yaml", _original(name, stem) if each is unchanged[stem] else _text(each))
        for stem, each in blueprints.items()
    }
    try:
        return build(name, ("platform.yaml", _text(platform)), files)
    except ConfigError:
        return None


def campaign(cases: int, first: int = 0) -> tuple[int, list[str]]:
    """How many cases were accepted, and what AWS refuses of those."""
    taken, faults = 0, []
    for number in range(first, first + cases):
        environment = accepted(number)
        if environment is not None:
            taken += 1
            faults += [f"case {number}: {each}" for each in refused_by_aws(environment)]
    return taken, faults


def main() -> int:
    """Run a campaign and say what it found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=900)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    taken, faults = campaign(arguments.cases, arguments.first)
    sys.stdout.write("".join(f"{each}\n" for each in faults))
    sys.stdout.write(f"{arguments.cases} environments, {taken} accepted, {len(faults)} of them wrongly\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
