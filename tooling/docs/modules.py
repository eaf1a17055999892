"""Write the generated parts of `terraform/modules/*/README.md`: the example, and the tables at the end.

    python -m tooling.docs.modules [--check]

Text above and between them is written by hand. The example is the module's `examples/basic/main.tf`, which the module's
own tests plan. `--check` writes nothing and exits with 1 if a file is out of date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from orchestrator.config import load
from orchestrator.config.model.platform import Storage
from tooling.docs.pages import cell, publish, table
from tooling.hcl import blocks as hcl
from tooling.hcl import types

REPO = Path(__file__).resolve().parents[2]
MODULES = REPO / "terraform" / "modules"
EXAMPLE = Path("examples/basic/main.tf")
EXAMPLE_START = "<!-- example: examples/basic/main.tf, written by `make docs` -->\n"
EXAMPLE_END = "<!-- end of the example -->\n"
TABLES_START = "<!-- tables: written by `make docs` from the code -->\n"
ENVIRONMENTS = ("local", "dev", "staging", "prod")
SETTINGS = {
    "api": (
        "inference.throttle",
        "inference.quota_per_day",
        "inference.api_keys",
        "inference.auth",
    ),
    "athena": ("data.athena_bytes_scanned_limit",),
    "data_sources": ("data.sources",),
    "ecr": ("images",),
    "efs": ("efs",),
    "emr_serverless": ("emr",),
    "event_rules": ("events",),
    "events": ("monitoring.alarm_email",),
    "feature_store": ("feature_store",),
    "glue": (
        "data.etl.worker_type",
        "data.etl.workers",
        "data.etl.timeout_minutes",
        "data.etl.max_quarantine_share",
        "data.etl.bookmarks",
        "data.extra_quality_rules",
        "data.split_seed",
    ),
    "glue_workflow": ("data.workflow_schedule",),
    "iam": ("access",),
    "kms": ("encryption",),
    "lakeformation_consumer": ("sharing.consumer",),
    "lambda": ("inference.lambda_in_vpc", "monitoring.log_retention_days"),
    "model_registry": ("registry",),
    "monitoring": ("monitoring",),
    "processing": ("data.processing",),
    "s3_buckets": ("storage.force_destroy",),
    "s3_lifecycle": tuple(f"storage.{name}" for name in Storage.model_fields if name.endswith("_days")),
    "stepfunctions": ("training",),
    "streaming": ("streaming",),
    "studio": ("studio",),
    "vpc": ("network",),
    "waf": ("inference.waf", "inference.throttle.rate_per_second"),
}
"""Settings of the environment files that reach a module."""
FREE = re.compile(
    r"training\.hyperparameters|images\.repositories|registry\.groups|access\.persona_principals|inference\.api_keys"
)
"""Maps whose keys are names of the user's, shown whole."""
ATTRIBUTE = re.compile(r"^  (\w+)\s*=\s*(.*?)(?=^  \w+\s*=|^  validation \{|\Z)", re.MULTILINE | re.DOTALL)
VALIDATION = re.compile(r"^  validation \{\n(.*?)^  \}", re.MULTILINE | re.DOTALL)
MESSAGE = re.compile(r'^    error_message\s*=\s*"((?:[^"\\]|\\.|\$\{[^}]*\})*)"$', re.MULTILINE)
RECEIVED = re.compile(r"[,;.]? (?:got|Got|received) .*$", re.DOTALL)
INTERPOLATED = re.compile(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")


def modules() -> list[Path]:
    return sorted(path for path in MODULES.iterdir() if any(path.glob("*.tf")))


def readme(module: Path, current: str) -> str:
    """Return the README with its generated parts updated.

    Raises:
        ValueError: if a marker is missing or duplicated.
    """
    for marker in (EXAMPLE_START, EXAMPLE_END, TABLES_START):
        if current.count(marker) != 1:
            raise ValueError(f"{module.name}/README.md must have this line once: {marker.strip()}")
    head, _, rest = current.partition(EXAMPLE_START)
    _, _, rest = rest.partition(EXAMPLE_END)
    middle, _, _ = rest.partition(TABLES_START)
    return f"{head}{EXAMPLE_START}\n{example(module)}\n{EXAMPLE_END}{middle}{TABLES_START}\n{tables(module)}"


def example(module: Path) -> str:
    """Return the example as a phase would write it, two folders above the modules."""
    text = (module / EXAMPLE).read_text(encoding="utf-8")
    text = text.replace('source = "../.."', f'source = "../../modules/{module.name}"')
    return f"```hcl\n{text.strip()}\n```\n"


def tables(module: Path) -> str:
    blocks = {file: hcl.parse(file.read_text(encoding="utf-8")) for file in sorted(module.glob("*.tf"))}
    every = [block for of_file in blocks.values() for block in of_file]
    settings = _settings(module.name)
    parts = ["## In the environments\n", settings] if settings else []
    parts += ["## Inputs\n", _inputs(block for block in every if block.kind == "variable")]
    rules = [rule for block in every if block.kind == "variable" for rule in _rules(block)]
    if rules:
        parts += ["Refused with the value received, unless:\n", "".join(f"- {rule}\n" for rule in rules)]
    parts += ["## Outputs\n", _outputs(block for block in every if block.kind == "output")]
    parts += ["## Resources\n", _resources(blocks)]
    return "\n".join(parts)


def _settings(module: str) -> str:
    """Return the module's settings in the environment files of this repository."""
    sections = SETTINGS.get(module, ())
    rows: dict[str, list[str]] = {}
    for name in ENVIRONMENTS:
        platform = load(REPO, name).platform.model_dump(mode="json")
        for key, value in _leaves(platform, ""):
            if any(key == section or key.startswith(f"{section}.") for section in sections):
                rows.setdefault(key, []).append(f"`{_one_line(json.dumps(value))}`")
    cells = [
        (f"`{key}`", values[0], *(("same",) * (len(values) - 1) if len(set(values)) == 1 else values[1:]))
        for key, values in rows.items()
    ]
    return table(("setting", *ENVIRONMENTS), cells) if cells else ""


def _leaves(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, dict) and inner and not FREE.fullmatch(f"{prefix}{key}"):
            yield from _leaves(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def _inputs(variables: Iterable[hcl.Block]) -> str:
    rows = [row for block in variables for row in _variable(block)]
    return table(("input", "type", "default", "meaning"), rows)


def _variable(block: hcl.Block) -> Iterator[tuple[str, ...]]:
    attributes = _attributes(block)
    name = block.labels[0]
    kind = types.parse(attributes.get("type", "any"))
    default = f"`{_one_line(attributes['default'])}`" if "default" in attributes else "required"
    yield f"`{name}`", kind.name, default, _text(attributes.get("description", ""))
    yield from _fields(name, kind)


def _fields(prefix: str, kind: types.Type) -> Iterator[tuple[str, ...]]:
    inner = f"{prefix}.*" if kind.name.startswith("map(") else f"{prefix}[]" if "(" in kind.name else prefix
    for field in kind.fields:
        default = "required" if not field.optional else f"`{_one_line(field.default or 'null')}`"
        yield f"`{inner}.{field.name}`", field.type.name, default, ""
        yield from _fields(f"{inner}.{field.name}", field.type)


def _rules(block: hcl.Block) -> Iterator[str]:
    for body in VALIDATION.findall(block.body):
        message = MESSAGE.search(body)
        if message is None:
            raise ValueError(f"a validation of var.{block.labels[0]} has no error_message on one line")
        rule = RECEIVED.sub("", message[1].replace('\\"', '"')).rstrip(".")
        yield INTERPOLATED.sub("…", rule)


def _outputs(outputs: Iterable[hcl.Block]) -> str:
    rows = [(f"`{block.labels[0]}`", _text(_attributes(block).get("description", ""))) for block in outputs]
    return table(("output", "meaning"), rows)


def _resources(blocks: dict[Path, list[hcl.Block]]) -> str:
    rows = [
        (f"`{'.'.join(block.labels)}`", f"[{file.name}]({file.name})")
        for file, of_file in blocks.items()
        for block in of_file
        if block.kind == "resource"
    ]
    return table(("resource", "file"), rows)


def _attributes(block: hcl.Block) -> dict[str, str]:
    return {name: value.strip() for name, value in ATTRIBUTE.findall(VALIDATION.sub("", block.body))}


def _text(literal: str) -> str:
    return cell(literal.strip('"').replace('\\"', '"'))


def _one_line(expression: str) -> str:
    return cell(re.sub(r"\s+", " ", expression))


def main() -> int:
    """Write the files, or with `--check` say which are stale."""
    files = {module / "README.md": module for module in modules()}
    texts = {path.relative_to(REPO): readme(module, path.read_text(encoding="utf-8")) for path, module in files.items()}
    return publish(REPO, texts, "is not what the code says: run `make docs`")


if __name__ == "__main__":
    sys.exit(main())
