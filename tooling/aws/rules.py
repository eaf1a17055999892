"""Writes `orchestrator/config/rules/aws_rules.json`: what AWS's models say about the members that our keys become.

    python -m tooling.aws.rules [--check]

The models are botocore's. They are large: SageMaker's alone takes longer to read than a whole environment to check. So
what `orchestrator.config.rules.aws_members` refers to is taken out of them once, and what
`orchestrator.config.rules.aws_facts` quotes of botocore's documentation is looked up in it. `--check` writes nothing
and ends with 1 when the file is not what it would write: after an upgrade of botocore, the diff shows what AWS has
changed.
"""

from __future__ import annotations

import html
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader
from botocore.model import ServiceModel

from orchestrator.config.rules.aws_facts import FACTS
from orchestrator.config.rules.aws_members import references

FILE = Path(__file__).resolve().parents[2] / "orchestrator/config/rules/aws_rules.json"
JAVA = {
    r"\p{Print}": r"\x20-\x7E",
    r"\z": r"\Z",
    # A pair of surrogates is how Java writes one character.
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
}
"""What AWS's patterns have of Java's that Python writes otherwise."""
ONE_CLASS = re.compile(r"\^?\(?\[(?P<inner>(?:[^\]\\]|\\.)*)\](?P<count>[*+])\)?\$?")
CATEGORY = re.compile(r"\\p\{(\w)\}")


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"))


def member(reference: str) -> Any:
    """Return the shape of `service:Operation.Member.Member`; `{key}` and `*` enter a map, lists are passed through."""
    service, _, path = reference.partition(":")
    operation, *parts = path.split(".")
    shape: Any = _service(service).operation_model(operation).input_shape
    for part in parts:
        shape = _unlisted(shape)
        if part in ("{key}", "*"):
            shape = shape.key if part == "{key}" else shape.value
        else:
            shape = shape.members[part.removesuffix("[]")]
    return _unlisted(shape) if not reference.endswith("[]") else shape


def _unlisted(shape: Any) -> Any:
    while shape.type_name == "list":
        shape = shape.member
    return shape


def rule(shape: Any) -> dict[str, Any]:
    """Return the constraints of a shape, with patterns as Python writes them."""
    constraints: dict[str, Any] = {"type": shape.type_name}
    constraints |= {key: shape.metadata[key] for key in ("min", "max") if key in shape.metadata}
    if shape.type_name == "string" and shape.enum:
        constraints["enum"] = sorted(shape.enum)
    pattern = shape.metadata.get("pattern")
    if pattern:
        constraints |= _pattern(pattern)
    return constraints


def _pattern(pattern: str) -> dict[str, Any]:
    python = pattern
    for java, ours in JAVA.items():
        python = python.replace(java, ours)
    if not CATEGORY.search(python):
        re.compile(python)
        return {"pattern": python}
    # Python's patterns have no Unicode classes: the one form that needs them becomes a set of characters.
    one = ONE_CLASS.fullmatch(python)
    if one is None:
        raise ValueError(f"cannot write {pattern!r} for Python: teach tooling/aws/rules.py this form")
    others = CATEGORY.sub("", one["inner"])
    return {"categories": "".join(CATEGORY.findall(python)), "others": f"[{others}]" if others else ""}


def unsaid() -> list[str]:
    """List quotations of facts that botocore no longer contains."""
    lost = []
    for name, fact in FACTS.items():
        if "says" in fact:
            reference, words = fact["says"]
            text = f"{documentation(reference)} {member(reference).metadata.get('pattern', '')}"
            if words not in text:
                lost.append(f"{name}: {reference} does not say `{words}` any more: see {fact['source']}")
    return lost


def documentation(reference: str) -> str:
    """Return botocore's text about a member of an operation's input, without its markup."""
    service, _, path = reference.partition(":")
    operation, name = path.split(".")
    shape: Any = _service(service).operation_model(operation).input_shape
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shape.members[name].documentation)).split())


def regions() -> dict[str, str]:
    """Return the partition of every region."""
    partitions: dict[str, str] = {}
    for partition in Loader().load_data("partitions")["partitions"]:
        partitions |= {name: partition["id"] for name in partition["regions"] if not name.endswith("-global")}
    return dict(sorted(partitions.items()))


def page() -> str:
    rules = {reference: rule(member(reference)) for reference in sorted(references())}
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(each, sort_keys=True)}" for name, each in rules.items())
    head = f'  "source": "botocore {botocore.__version__}",\n  "regions": {json.dumps(regions())},\n'
    return "{\n" + head + '  "rules": {\n' + lines + "\n  }\n}\n"


def main() -> int:
    """Write the file, or with `--check` say whether it is stale; end with 1 when a quotation is gone, too."""
    if lost := unsaid():
        sys.stderr.write("\n".join(lost) + "\n")
        return 1
    text = page()
    if "--check" not in sys.argv:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{FILE.name} is not what botocore {botocore.__version__} says: run `make docs`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
