"""The operations of `sagemaker-featurestore-runtime`: put, get and delete records of the groups that exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.moto.wire import Call, CallError
from emulator.services.sagemaker.feature_store import records
from emulator.services.sagemaker.feature_store.offline import OfflineStore
from emulator.services.sagemaker.feature_store.records import Held, InvalidRecord, OnlineStore, Record, Schema

MODEL = "sagemaker-featurestore-runtime"
STORES = ("OnlineStore", "OfflineStore")


@dataclass
class Stores:
    """The stores of one group."""

    name: str
    schema: Schema
    online: OnlineStore | None
    offline: OfflineStore | None
    ttl: timedelta | None = None
    ready: bool = field(default=False)


Find = Callable[[str, str, str], Stores | None]
"""Returns the group of an account and region by name or ARN."""


def is_runtime(path: str) -> bool:
    """Return whether a path is the runtime's: requests are signed for `sagemaker`, as those of the control plane."""
    return path.startswith("/FeatureGroup/") or path in ("/BatchGetRecord", "/BatchWriteRecord")


class Runtime:
    def __init__(self, find: Find) -> None:
        self._find = find

    def handle(self, call: Call) -> dict[str, Any]:
        """Execute a call. Raise `CallError`, or `NotImplementedError` for operations that are not emulated."""
        known: Mapping[str, Callable[[Call], dict[str, Any]]] = {
            "PutRecord": self._put,
            "GetRecord": self._get,
            "DeleteRecord": self._delete,
            "BatchGetRecord": self._batch_get,
            "BatchWriteRecord": self._batch_write,
        }
        if call.operation not in known:
            raise NotImplementedError(call.operation)
        try:
            return known[call.operation](call)
        except InvalidRecord as error:
            raise CallError("ValidationError", str(error)) from error

    def _group(self, call: Call, name: str, missing: str = "ValidationError") -> Stores:
        group = self._find(call.account_id, call.region, name)
        if group is None:
            raise CallError(missing, f"Feature Group {name} cannot be found.")
        if not group.ready:
            raise CallError("ValidationError", f"Feature Group {name} is not ready for records.")
        return group

    def _put(self, call: Call) -> dict[str, Any]:
        self._take(call, call.parameters)
        return {}

    def _take(self, call: Call, entry: Mapping[str, Any], ttl: Mapping[str, Any] | None = None) -> None:
        group = self._group(call, entry["FeatureGroupName"])
        record = records.read(group.schema, entry["Record"])
        targets = _targets(group, entry)
        if "OnlineStore" in targets and group.online:
            group.online.put(record, records.lifetime(entry.get("TtlDuration") or ttl) or group.ttl)
        self._keep(group, record, targets)

    def _batch_write(self, call: Call) -> dict[str, Any]:
        """Write each entry separately: an error in one does not affect the others."""
        errors: list[dict[str, Any]] = []
        for entry in call.parameters["Entries"]:
            try:
                self._take(call, entry, call.parameters.get("TtlDuration"))
            except InvalidRecord as error:
                errors.append({"Entry": entry, "ErrorCode": "ValidationError", "ErrorMessage": str(error)})
            except CallError as error:
                errors.append({"Entry": entry, "ErrorCode": error.code, "ErrorMessage": error.message})
        return {"Errors": errors, "UnprocessedEntries": []}

    def _delete(self, call: Call) -> dict[str, Any]:
        group = self._group(call, call.parameters["FeatureGroupName"])
        request = call.parameters
        record = records.tombstone(group.schema, request["RecordIdentifierValueAsString"], request["EventTime"])
        targets = _targets(group, request)
        if "OnlineStore" in targets and group.online:
            if request.get("DeletionMode") == "HardDelete":
                group.online.remove(record)
            else:
                group.online.put(record, group.ttl)
        self._keep(group, record, targets)
        return {}

    @staticmethod
    def _keep(group: Stores, record: Record, targets: tuple[str, ...]) -> None:
        if "OfflineStore" in targets and group.offline:
            group.offline.append(group.schema, record)

    def _get(self, call: Call) -> dict[str, Any]:
        request = call.parameters
        group = self._group(call, request["FeatureGroupName"], "ResourceNotFound")
        held = _online(group).get(request["RecordIdentifierValueAsString"], datetime.now(UTC))
        if held is None:
            return {}
        answer: dict[str, Any] = {"Record": _features(group, held, request.get("FeatureNames"))}
        return answer | _expiry(call, held)

    def _batch_get(self, call: Call) -> dict[str, Any]:
        matches: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for identifier in call.parameters["Identifiers"]:
            name = identifier["FeatureGroupName"]
            for key in identifier["RecordIdentifiersValueAsString"]:
                about = {"FeatureGroupName": name, "RecordIdentifierValueAsString": key}
                try:
                    group = self._group(call, name, "ResourceNotFound")
                    held = _online(group).get(key, datetime.now(UTC))
                    if held:
                        features = _features(group, held, identifier.get("FeatureNames"))
                        matches.append({**about, "Record": features, **_expiry(call, held)})
                except CallError as error:
                    errors.append({**about, "ErrorCode": error.code, "ErrorMessage": error.message})
        return {"Records": matches, "Errors": errors, "UnprocessedIdentifiers": []}


def _targets(group: Stores, request: Mapping[str, Any]) -> tuple[str, ...]:
    has = {"OnlineStore": group.online is not None, "OfflineStore": group.offline is not None}
    targets = tuple(request.get("TargetStores") or (name for name in STORES if has[name]))
    for name in targets:
        if not has.get(name):
            raise CallError("ValidationError", f"Validation Error: {name} is not enabled for {group.name}.")
    return targets


def _online(group: Stores) -> OnlineStore:
    if group.online is None:
        raise CallError("ValidationError", f"Validation Error: OnlineStore is not enabled for {group.name}.")
    return group.online


def _features(group: Stores, held: Held, names: list[str] | None) -> list[dict[str, str]]:
    for name in names or ():
        if name not in group.schema.types:
            raise CallError("ValidationError", f"Validation Error: FeatureName {name} is not in {group.name}.")
    selected = names or list(group.schema.types)
    values = held.record.values
    return [{"FeatureName": name, "ValueAsString": values[name]} for name in selected if name in values]


def _expiry(call: Call, held: Held) -> dict[str, str]:
    if call.parameters.get("ExpirationTimeResponse") != "Enabled":
        return {}
    return {"ExpiresAt": held.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")} if held.expires_at else {}
