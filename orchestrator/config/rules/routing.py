"""Rules for `routing` in blueprint files.

Pure: documents and models in, problems out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from orchestrator.config.model.blueprint import Blueprint
from orchestrator.config.problems import Problem, nearest
from orchestrator.config.yaml_source import Document, Location

SYNCHRONOUS = ("realtime", "serverless")
"""Synchronous kinds."""
OWN = "primary"
"""The router's name for a blueprint's own model."""


def check(
    documents: Mapping[str, Document], blueprints: Sequence[tuple[str, Blueprint]], names: Collection[str]
) -> Iterator[Problem]:
    """Check the blueprint files of one environment, by stem; `names` includes invalid files."""
    known = {blueprint.name: blueprint for _, blueprint in blueprints}
    for stem, blueprint in blueprints:
        document = documents[stem]
        for location, name in _named(blueprint):
            yield from _check_name(document, location, name, blueprint, known, names)
        yield from _check_lists(document, blueprint)


def _named(blueprint: Blueprint) -> Iterator[tuple[Location, str]]:
    """Yield every reference to another blueprint."""
    routing = blueprint.routing
    for position, name in enumerate(routing.fallback):
        yield ("routing", "fallback", position), name
    for name in routing.share_percent:
        yield ("routing", "share_percent", name), name
    if routing.shadow is not None:
        yield ("routing", "shadow", "blueprint"), routing.shadow.blueprint


def _check_name(
    document: Document,
    location: Location,
    name: str,
    blueprint: Blueprint,
    known: Mapping[str, Blueprint],
    names: Collection[str],
) -> Iterator[Problem]:
    others = sorted({*known, *names} - {blueprint.name})
    other = known.get(name)
    if name == blueprint.name:
        yield document.problem(location, "must be another blueprint", name)
    elif name not in others:
        rule = f"is not another blueprint of this environment; available: {', '.join(others) or 'none'}"
        yield document.problem(location, rule, name, nearest(name, others))
    elif name == OWN:
        yield document.problem(location, "is reserved for this blueprint's own model", name)
    elif other is not None and other.kind not in SYNCHRONOUS:
        rule = f"is of kind `{other.kind}`: only kinds {' and '.join(SYNCHRONOUS)} can answer"
        yield document.problem(location, rule, name)
    elif other is not None and other.guardrail is not None:
        rule = "has a guardrail, which would not apply to requests to this blueprint"
        yield document.problem(location, rule, name)


def _check_lists(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    routing = blueprint.routing
    for position, name in enumerate(routing.fallback):
        if name in routing.fallback[:position]:
            yield document.problem(("routing", "fallback", position), "is a duplicate", name)
    if sum(routing.share_percent.values()) > 100:
        rule = "must not exceed 100 in total"
        yield document.problem(("routing", "share_percent"), rule, dict(routing.share_percent))
