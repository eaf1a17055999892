"""Rules of `routing` in blueprint files: who may stand in for whom.

Pure: documents and models in, problems out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from orchestrator.config.model.blueprint import Blueprint
from orchestrator.config.problems import Problem, nearest
from orchestrator.config.yaml_source import Document, Location

WAITED_FOR = ("realtime", "serverless")
"""Kinds that answer while the caller waits."""
OWN = "primary"
"""What the router calls a blueprint's own model."""


def check(
    documents: Mapping[str, Document], blueprints: Sequence[tuple[str, Blueprint]], names: Collection[str]
) -> Iterator[Problem]:
    """Rules across the blueprint files of one environment, by stem; `names` has those that are broken, too."""
    known = {blueprint.name: blueprint for _, blueprint in blueprints}
    for stem, blueprint in blueprints:
        document = documents[stem]
        for location, name in _named(blueprint):
            yield from _check_name(document, location, name, blueprint, known, names)
        yield from _check_lists(document, blueprint)


def _named(blueprint: Blueprint) -> Iterator[tuple[Location, str]]:
    """Every place that names another blueprint."""
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
        yield document.problem(location, "is this blueprint itself", name)
    elif name not in others:
        rule = f"is no other blueprint of this environment; there are {', '.join(others) or 'none'}"
        yield document.problem(location, rule, name, nearest(name, others))
    elif name == OWN:
        yield document.problem(location, "is what the router calls this blueprint's own model", name)
    elif other is not None and other.kind not in WAITED_FOR:
        rule = f"is of kind `{other.kind}`, which does not answer while the caller waits"
        yield document.problem(location, rule, name)
    elif other is not None and other.guardrail is not None:
        rule = "has a guardrail, which requests that come from here would pass by: only the asked blueprint's judges"
        yield document.problem(location, rule, name)


def _check_lists(document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    routing = blueprint.routing
    for position, name in enumerate(routing.fallback):
        if name in routing.fallback[:position]:
            yield document.problem(("routing", "fallback", position), "is in the list already", name)
    if sum(routing.share_percent.values()) > 100:
        rule = "are shares of all requests and must not exceed 100 together"
        yield document.problem(("routing", "share_percent"), rule, dict(routing.share_percent))
