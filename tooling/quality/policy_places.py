"""Renew `tests/policies/policy_attributes.tsv`: every attribute of the AWS provider that may hold or name a policy.

    python -m tooling.quality.policy_places [--check]

Reads the schema of the provider in use, which takes some seconds; so run it when the provider's version changes: a
test rejects the table until then. Existing verdicts stay; a new attribute gets a `?`, which the test rejects as well.
`--check` writes nothing and exits with 1 when an attribute is missing or gone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
TABLE = REPO / "tests/policies/policy_attributes.tsv"
LOCK = REPO / "terraform/.terraform.lock.hcl"
UNKNOWN = "?"
_NAME = re.compile(
    r"(?:^|_)polic(?:y|ies)(?:_(?:documents?|body|text|json|arns?|data))?$|^permissions_boundary$"
    r"|^(?:content|template_body|desired_state|document|body)$|^(?:source|override)_json$"
)
_TEXTS = ("string", ["list", "string"], ["set", "string"])

Json = dict[str, Any]


def attributes(schema: Json) -> Iterator[str]:
    """Yield `type attribute` of every configurable attribute whose name may mean a policy."""
    (provider,) = schema["provider_schemas"].values()
    for kinds, prefix in (("resource_schemas", ""), ("data_source_schemas", "data.")):
        for kind, described in provider[kinds].items():
            for path, attribute in _settable(described["block"], ""):
                if attribute["type"] in _TEXTS and _NAME.search(path.rpartition(".")[2]):
                    yield f"{prefix}{kind}\t{path}"


def _settable(block: Json, above: str) -> Iterator[tuple[str, Json]]:
    for name, attribute in block.get("attributes", {}).items():
        if nested := attribute.get("nested_type"):
            yield from _settable(nested, f"{above}{name}.")
        elif attribute.get("optional") or attribute.get("required"):
            yield f"{above}{name}", attribute
    for name, inner in block.get("block_types", {}).items():
        yield from _settable(inner["block"], f"{above}{name}.")


def locked_version() -> str:
    """Return the version of the AWS provider that every root uses."""
    match = re.search(r'hashicorp/aws" \{\s*version\s*= "([^"]+)"', LOCK.read_text(encoding="utf-8"))
    if not match:
        raise SystemExit(f"{LOCK}: no version of hashicorp/aws")
    return match[1]


def read() -> tuple[str, dict[str, str]]:
    """Return the version of the table, and its verdict of each `type attribute`."""
    first, *rows = TABLE.read_text(encoding="utf-8").splitlines()
    return first.rpartition(" ")[2], {place: verdict for row in rows for place, _, verdict in [row.rpartition("\t")]}


def schema(version: str) -> Json:
    """Return the provider's schema."""
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(REPO / ".tools/terraform.rc")}
    with tempfile.TemporaryDirectory() as folder:
        source = f'{{ source = "hashicorp/aws", version = "{version}" }}'
        Path(folder, "main.tf").write_text(
            f"terraform {{\n  required_providers {{\n    aws = {source}\n  }}\n}}\n", encoding="utf-8"
        )
        shutil.copy(LOCK, folder)
        terraform = str(REPO / ".tools/bin/terraform")
        output = ""
        for command in (["init", "-input=false", "-no-color"], ["providers", "schema", "-json"]):
            done = subprocess.run([terraform, *command], cwd=folder, env=environment, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"terraform {command[0]}: {done.stderr}")
            output = done.stdout
    parsed: Json = json.loads(output)
    return parsed


def main() -> int:
    version = locked_version()
    known = read()[1] if TABLE.exists() else {}
    places = sorted(set(attributes(schema(version))))
    if "--check" in sys.argv[1:]:
        different = sorted(set(places) ^ set(known))
        sys.stdout.write("\n".join(different or [f"{len(places)} attributes of {version}"]) + "\n")
        return 1 if different else 0
    verdicts = {place: known.get(place, UNKNOWN) for place in places}
    rows = "".join(f"{place}\t{verdict}\n" for place, verdict in verdicts.items())
    TABLE.write_text(f"type\tattribute\tverdict for hashicorp/aws {version}\n{rows}", encoding="utf-8")
    sys.stdout.write(f"{len(verdicts)} attributes, {list(verdicts.values()).count(UNKNOWN)} without a verdict\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
