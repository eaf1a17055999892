"""Environment files with a text in every field that takes one, made from the models' own JSON Schema."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from pydantic import BaseModel

HOSTILE = '${file("/etc/os-release")}100%{sure}$${x}%%{y}\\"\n\u00e9\U0001f600{{z}}'
"""Code of Terraform in each form, already escaped too, and what a quoted string cannot hold as it is."""
FIRST = settings(phases=[Phase.generate], database=None, derandomize=True)
SEEDS = ("${a}", "%{b}")


class Filler:
    """Fills one model; `texts` are what it has put into free fields, by the field's path."""

    def __init__(self, model: type[BaseModel], choices: Mapping[str, str] | None = None) -> None:
        self._schema = model.model_json_schema()
        self._choices = dict(choices or {})
        self.texts: dict[str, str] = {}
        self.document: dict[str, Any] = self._fill(self._schema, "")

    def _fill(self, schema: Mapping[str, Any], path: str) -> Any:
        if path in self._choices:
            return self._choices[path]
        if "$ref" in schema:
            return self._fill(self._schema["$defs"][schema["$ref"].rpartition("/")[2]], path)
        if "oneOf" in schema:
            reference = schema["discriminator"]["mapping"][self._choices[f"{path}.source"]]
            return self._fill({"$ref": reference}, path)
        if "anyOf" in schema:
            options = [each for each in schema["anyOf"] if each.get("type") != "null"]
            return self._fill(next((each for each in options if each.get("type") == "string"), options[0]), path)
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        match schema["type"]:
            case "object":
                return self._object(schema, path)
            case "array":
                items = schema.get("items") or schema["prefixItems"][0]
                return [self._fill(items, f"{path}[{each}]") for each in range(max(1, schema.get("minItems", 1)))]
            case "string":
                return self._text(schema, path)
        default = schema.get("default")
        return default if default is not None else schema.get("minimum", 1)

    def _object(self, schema: Mapping[str, Any], path: str) -> dict[str, Any]:
        filled = {name: self._fill(each, f"{path}.{name}") for name, each in schema.get("properties", {}).items()}
        by_pattern = {
            self._fill({"type": "string", "pattern": pattern}, f"{path}.key"): self._fill(each, f"{path}.*")
            for pattern, each in schema.get("patternProperties", {}).items()
        }
        more: dict[Any, Any] = {}
        if isinstance(schema.get("additionalProperties"), Mapping):
            key = self._fill(schema.get("propertyNames", {"type": "string"}), f"{path}.key")
            more[key] = self._fill(schema["additionalProperties"], f"{path}.*")
        return filled | by_pattern | more

    def _text(self, schema: Mapping[str, Any], path: str) -> Any:
        if schema.get("format") == "date":
            return None
        if "pattern" in schema:
            text, free = _hostile_match(schema["pattern"])
            if free:
                self.texts[path] = text
            return text
        text = f"{path} {HOSTILE}"
        assert len(text) <= schema.get("maxLength", len(text)), f"the text for {path} is too long"
        self.texts[path] = text = text.ljust(schema.get("minLength", 0), ".")
        return text


@functools.cache
def _hostile_match(pattern: str) -> tuple[str, bool]:
    """A text that the pattern takes, and whether it is code: what a pattern keeps out needs no look."""
    matching = st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    example = find(matching, lambda _: True, settings=FIRST).rstrip("\n")
    for seed in SEEDS:
        for position in range(len(example) + 1):
            tried = example[:position] + seed + example[position:]
            if re.search(pattern, tried):
                return tried, True
    return example, False
