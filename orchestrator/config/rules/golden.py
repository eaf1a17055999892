"""Check golden cases against the models that answer them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from jsonschema import Draft202012Validator, SchemaError

from orchestrator.config.model.golden import GoldenCase, for_probe
from orchestrator.config.problems import Problem
from orchestrator.config.yaml_source import Document, Location

TEXT_ONLY = ("contains", "schema", "check")
EMBEDDING = ("length", "schema", "check")
MAX_CHARACTERS = 20_000
"""The API's limit for a text."""
MAX_PROBE_CHARACTERS = 4_000
"""The cases of an endpoint are in the specification of its releases, an SSM parameter of at most 8 KB."""


def check(
    document: Document, location: Location, cases: Sequence[GoldenCase], *, makes: str, texts_only: bool
) -> Iterator[Problem]:
    """Check the cases of one file.

    Args:
        document: the file.
        location: of the list of cases.
        cases: the cases.
        makes: what the model returns: `text`, `embedding` or `any`.
        texts_only: the model takes texts and nothing else.
    """
    possible = {"text": TEXT_ONLY, "embedding": EMBEDDING}.get(makes)
    for position, case in enumerate(cases):
        place = (*location, position)
        for name in case.expectations:
            if possible is not None and name not in possible:
                rule = f"is not in the answer of a model that makes {makes}s; available: {', '.join(possible)}"
                yield document.problem((*place, name), rule, getattr(case, name, None))
        if texts_only and not isinstance(case.input, str):
            yield document.problem((*place, "input"), "must be a text: this model takes texts", case.input)
        if isinstance(case.input, str) and len(case.input) > MAX_CHARACTERS:
            rule = f"must have at most {MAX_CHARACTERS} characters, as in any request"
            yield document.problem((*place, "input"), rule, len(case.input))
        if case.schema_ is not None:
            try:
                Draft202012Validator.check_schema(case.schema_)
            except SchemaError as error:
                yield document.problem((*place, "schema"), f"is not a JSON Schema: {error.message}", case.schema_)


def check_size(document: Document, location: Location, cases: Sequence[GoldenCase]) -> Iterator[Problem]:
    """Check that the cases fit into the specification that releases read."""
    size = len(json.dumps(for_probe(list(cases)), ensure_ascii=False, separators=(",", ":")))
    if size > MAX_PROBE_CHARACTERS:
        rule = (
            f"must have at most {MAX_PROBE_CHARACTERS} characters as JSON: the probes of each new version of the model "
            "send these cases"
        )
        yield document.problem(location, rule, size)
