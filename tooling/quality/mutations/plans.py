"""Plans for the policies, from what `terraform test -json -verbose` prints of its runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.core.types import Json


def fullest(messages: Iterable[Json]) -> Json | None:
    """Return the plan of the run with the most resources, in the form of `terraform show -json`; `None` without any."""
    plans = [resources for message in messages if (resources := list(_resources(message)))]
    return _document(max(plans, key=len)) if plans else None


def _resources(message: Json) -> Iterator[Json]:
    if state := message.get("test_state"):
        yield from _of_module(state.get("root_module", {}))
    elif plan := message.get("test_plan"):
        for change in plan.get("resource_changes", []):
            if change["mode"] == "managed":
                unknown = change["change"].get("after_unknown") or {}
                yield {**change, "values": change["change"].get("after") or {}, "unknown": unknown}


def _of_module(module: Json) -> Iterator[Json]:
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield {**resource, "unknown": {}}
    for child in module.get("child_modules", []):
        yield from _of_module(child)


def _document(resources: list[Json]) -> Json:
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [_planned(each) for each in resources]}},
        "resource_changes": [
            {
                **{name: each[name] for name in ("address", "mode", "type", "name")},
                "change": {
                    "actions": ["create"],
                    "before": None,
                    "after": each["values"],
                    "after_unknown": each["unknown"],
                },
            }
            for each in resources
        ],
        "configuration": {"root_module": {}},
    }


def _planned(resource: Json) -> Json:
    provider = resource.get("provider_name", "registry.terraform.io/hashicorp/aws")
    kept = {name: resource[name] for name in ("address", "mode", "type", "name", "values")}
    return kept | {"provider_name": provider, "schema_version": 0}
