"""Athena: updates of work groups, deletion of saved queries."""

from __future__ import annotations

from typing import Any

from moto.athena.responses import AthenaResponse

from emulator.core.settings import Settings
from emulator.moto.patching import add


def apply(settings: Settings) -> None:
    @add(AthenaResponse)
    def update_work_group(self: Any) -> Any:
        group = self.athena_backend.work_groups.get(self._get_param("WorkGroup"))
        if group is None:
            return self.error("WorkGroup is not found.", 400)
        if self._get_param("Description") is not None:
            group.description = self._get_param("Description")
        if self._get_param("State"):
            group.state = self._get_param("State")
        updates = dict(self._get_param("ConfigurationUpdates") or {})
        results = updates.pop("ResultConfigurationUpdates", {})
        _merge(group.configuration, updates)
        _merge(group.configuration.setdefault("ResultConfiguration", {}), results)
        return "{}"

    @add(AthenaResponse)
    def delete_named_query(self: Any) -> str:
        self.athena_backend.named_queries.pop(self._get_param("NamedQueryId"), None)
        return "{}"


def _merge(target: dict[str, Any], updates: dict[str, Any]) -> None:
    """Apply updates to a configuration: `RemoveX: true` removes X, any other member replaces its value."""
    for name, value in updates.items():
        if name.startswith("Remove"):
            if value:
                target.pop(name.removeprefix("Remove"), None)
        else:
            target[name] = value
