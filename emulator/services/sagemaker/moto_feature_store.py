"""Feature groups: creation, updates, tags and deletion. Moto cannot delete them and has no online store."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound, ValidationError
from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from emulator.core.aws import Aws
from emulator.core.settings import Settings
from emulator.moto.patching import add, wrap
from emulator.services.iam import moto_identities
from emulator.services.sagemaker.feature_store.offline import OfflineStore, Place
from emulator.services.sagemaker.feature_store.records import OnlineStore, Schema, lifetime
from emulator.services.sagemaker.feature_store.runtime import Stores

DEFAULT_DATABASE = "sagemaker_featurestore"
RESERVED = ("is_deleted", "write_time", "api_invocation_time")


def apply(settings: Settings) -> None:
    aws = Aws(settings)
    _create(aws)
    _describe()
    _change()
    _tags()
    moto_identities.resource_keys["sagemaker"] = online_key


class Group:
    """A feature group. Its status follows its creation."""

    def __init__(self, aws: Aws, backend: SageMakerModelBackend, request: dict[str, Any]) -> None:
        self.request = request
        self.feature_group_name: str = request["FeatureGroupName"]
        place = f"{backend.region_name}:{backend.account_id}"
        self.arn = f"arn:{backend.partition}:sagemaker:{place}:feature-group/{self.feature_group_name.lower()}"
        self.definitions: list[dict[str, Any]] = list(request["FeatureDefinitions"])
        self.tags: list[dict[str, str]] = list(request.get("Tags") or [])
        self.creation_time: datetime = utcnow()
        self.modified: datetime | None = None
        self.status = "Creating"
        self.failure: str | None = None
        self.online: dict[str, Any] | None = request.get("OnlineStoreConfig")
        self.offline = self._resolved(backend, request.get("OfflineStoreConfig"))
        self.stores = Stores(
            self.feature_group_name,
            self.schema(),
            OnlineStore() if (self.online or {}).get("EnableOnlineStore") else None,
            OfflineStore(aws, self._place(backend)) if self.offline else None,
            lifetime((self.online or {}).get("TtlDuration")),
        )

    def schema(self) -> Schema:
        types = {each["FeatureName"]: each["FeatureType"] for each in self.definitions}
        return Schema(self.request["RecordIdentifierFeatureName"], self.request["EventTimeFeatureName"], types)

    def _resolved(self, backend: SageMakerModelBackend, config: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the offline store's configuration with the values that the service derives."""
        if config is None:
            return None
        created = int(self.creation_time.timestamp())
        storage = dict(config["S3StorageConfig"])
        storage["ResolvedOutputS3Uri"] = (
            f"{storage['S3Uri'].rstrip('/')}/{backend.account_id}/sagemaker/{backend.region_name}/offline-store/"
            f"{self.feature_group_name}-{created}/data"
        )
        resolved = {"DisableGlueTableCreation": False, **config, "S3StorageConfig": storage}
        if not resolved["DisableGlueTableCreation"] and not resolved.get("DataCatalogConfig"):
            table = f"{self.feature_group_name.replace('-', '_')}_{created}".lower()
            resolved["DataCatalogConfig"] = {
                "TableName": table,
                "Catalog": "AwsDataCatalog",
                "Database": DEFAULT_DATABASE,
            }
        return resolved

    def _place(self, backend: SageMakerModelBackend) -> Place:
        assert self.offline is not None
        catalog = None if self.offline["DisableGlueTableCreation"] else self.offline["DataCatalogConfig"]
        return Place(
            uri=self.offline["S3StorageConfig"]["ResolvedOutputS3Uri"],
            role_arn=self.request["RoleArn"],
            source_arn=self.arn,
            region=backend.region_name,
            key_arn=self.offline["S3StorageConfig"].get("KmsKeyId"),
            database=catalog["Database"].lower() if catalog else None,
            table=catalog["TableName"].lower() if catalog else None,
        )

    def prepare(self, aws: Aws) -> None:
        """Prepare the stores and set the status to Created, or to CreateFailed with the reason."""
        try:
            if self.stores.offline:
                _default_database(aws, self.stores.offline.place)
                self.stores.offline.prepare(self.stores.schema)
        except ClientError as error:
            self.failure, self.status = f"Validation Error: {error}", "CreateFailed"
            return
        self.stores.ready, self.status = True, "Created"

    def describe(self) -> dict[str, Any]:
        names = ("FeatureGroupName", "RecordIdentifierFeatureName", "EventTimeFeatureName", "RoleArn", "Description")
        document: dict[str, Any] = {
            **{name: self.request[name] for name in names if self.request.get(name) is not None},
            "FeatureGroupArn": self.arn,
            "FeatureDefinitions": self.definitions,
            "CreationTime": self.creation_time,
            "FeatureGroupStatus": self.status,
            "ThroughputConfig": self.request.get("ThroughputConfig") or {"ThroughputMode": "OnDemand"},
            "OnlineStoreConfig": self.online,
            "OfflineStoreConfig": self.offline,
            "LastModifiedTime": self.modified,
            "LastUpdateStatus": {"Status": "Successful"} if self.modified else None,
            "FailureReason": self.failure,
            "OfflineStoreStatus": self.offline_status(),
        }
        return {name: value for name, value in document.items() if value is not None}

    def offline_status(self) -> dict[str, str] | None:
        if self.stores.offline is None:
            return None
        blocked = self.stores.offline.blocked
        return {"Status": "Blocked", "BlockedReason": blocked} if blocked else {"Status": "Active"}

    def summary(self) -> dict[str, Any]:
        shown = ("FeatureGroupName", "FeatureGroupArn", "CreationTime", "FeatureGroupStatus", "OfflineStoreStatus")
        return {name: value for name, value in self.describe().items() if name in shown}


def _default_database(aws: Aws, place: Place) -> None:
    """Create the service's own database; any other has to exist."""
    if place.database != DEFAULT_DATABASE:
        return
    glue = aws.client("glue", region=place.region)
    try:
        glue.create_database(DatabaseInput={"Name": DEFAULT_DATABASE})
    except glue.exceptions.AlreadyExistsException:
        return


def find(account_id: str, region: str, name_or_arn: str) -> Stores | None:
    """Return a group's stores for the runtime."""
    group = _lookup(sagemaker_backends[account_id][region], name_or_arn)
    return group.stores if group else None


def online_key(account_id: str, region: str, name_or_arn: str) -> str | None:
    """Return the KMS key of an online store as the request gave it."""
    group = _lookup(sagemaker_backends[account_id][region], name_or_arn)
    security = ((group.online or {}).get("SecurityConfig") or {}) if group else {}
    key: str | None = security.get("KmsKeyId")
    return key


def _lookup(backend: Any, name_or_arn: str) -> Group | None:
    name = name_or_arn.rsplit("/", 1)[-1].lower()
    return next((group for group in list(backend.feature_groups.values()) if group.arn.endswith(f"/{name}")), None)


def _known(response: Any) -> Group:
    name = response._get_param("FeatureGroupName")
    group = _lookup(response.sagemaker_backend, name)
    if group is None:
        raise ResourceNotFound(f"FeatureGroup {name} not found.")
    return group


MEMBERS = (
    "FeatureGroupName",
    "RecordIdentifierFeatureName",
    "EventTimeFeatureName",
    "FeatureDefinitions",
    "OnlineStoreConfig",
    "OfflineStoreConfig",
    "ThroughputConfig",
    "RoleArn",
    "Description",
    "Tags",
)


def _create(aws: Aws) -> None:
    @wrap(SageMakerResponse, "create_feature_group")
    def create_feature_group(original: Any, self: Any) -> Any:
        request = {name: self._get_param(name) for name in MEMBERS if self._get_param(name) is not None}
        _check(request)
        backend, name = self.sagemaker_backend, request["FeatureGroupName"]
        if _lookup(backend, name):
            raise ResourceInUseException(
                f"Resource Already Exists: FeatureGroup with name {name} already exists. Choose a different name."
            )
        group = Group(aws, backend, request)
        backend.feature_groups[group.arn] = group
        threading.Thread(target=group.prepare, args=(aws,), name=f"feature-group-{name}", daemon=True).start()
        return ActionResult({"FeatureGroupArn": group.arn})


def _check(given: dict[str, Any]) -> None:
    offline, online = given.get("OfflineStoreConfig"), (given.get("OnlineStoreConfig") or {}).get("EnableOnlineStore")
    types = {each["FeatureName"]: each["FeatureType"] for each in given["FeatureDefinitions"]}
    if not offline and not online:
        raise ValidationError(message="Validation Error: enable the online store, or configure the offline store.")
    if offline and not given.get("RoleArn"):
        raise ValidationError(message="Validation Error: RoleArn is required for an offline store.")
    if offline and offline.get("TableFormat") == "Iceberg":
        raise NotImplementedError("offline stores in Iceberg's format")
    if any(each.get("CollectionType") for each in given["FeatureDefinitions"]):
        raise NotImplementedError("features that are collections")
    for member in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if given[member] not in types:
            raise ValidationError(message=f"Validation Error: {member} {given[member]} is not in FeatureDefinitions.")
    if types[given["EventTimeFeatureName"]] not in ("String", "Fractional"):
        raise ValidationError(message="Validation Error: the event time must be a String or a Fractional feature.")
    reserved = sorted(set(RESERVED) & {name.lower() for name in types})
    if reserved:
        raise ValidationError(message=f"Validation Error: reserved feature names: {', '.join(reserved)}.")


def _describe() -> None:
    @wrap(SageMakerResponse, "describe_feature_group")
    def describe_feature_group(original: Any, self: Any) -> Any:
        return ActionResult(_known(self).describe())

    @add(SageMakerResponse)
    def list_feature_groups(self: Any) -> Any:
        part, status = self._get_param("NameContains"), self._get_param("FeatureGroupStatusEquals")
        listed = [
            group.summary()
            for group in self.sagemaker_backend.feature_groups.values()
            if (not part or part in group.feature_group_name) and (not status or status == group.status)
        ]
        return ActionResult({"FeatureGroupSummaries": sorted(listed, key=lambda each: str(each["FeatureGroupName"]))})


def _change() -> None:
    @add(SageMakerResponse)
    def update_feature_group(self: Any) -> Any:
        """Add features, which are never removed, and change the lifetime of online records."""
        group = _known(self)
        if group.status != "Created":
            raise ValidationError(message=f"Validation Error: FeatureGroup is {group.status}.")
        additions = self._get_param("FeatureAdditions") or []
        known = {each["FeatureName"] for each in group.definitions}
        twice = [each["FeatureName"] for each in additions if each["FeatureName"] in known]
        if twice:
            raise ValidationError(message=f"Validation Error: features exist already: {', '.join(twice)}.")
        group.definitions.extend(additions)
        group.stores.schema = group.schema()
        if group.stores.offline and additions:
            group.stores.offline.widen(group.stores.schema)
        ttl = (self._get_param("OnlineStoreConfig") or {}).get("TtlDuration")
        if ttl and group.online is not None:
            group.online["TtlDuration"], group.stores.ttl = ttl, lifetime(ttl)
        if self._get_param("ThroughputConfig"):
            group.request["ThroughputConfig"] = self._get_param("ThroughputConfig")
        group.modified = utcnow()
        return ActionResult({"FeatureGroupArn": group.arn})

    @add(SageMakerResponse)
    def delete_feature_group(self: Any) -> Any:
        """Delete a group and its online records; objects and table stay."""
        group = _known(self)
        group.status, group.stores.ready = "Deleting", False
        self.sagemaker_backend.feature_groups.pop(group.arn)
        return EmptyResult()


def _tags() -> None:
    @wrap(SageMakerModelBackend, "_get_resource_from_arn", after="emulator.services.sagemaker.moto_patch")
    def get_resource_from_arn(original: Any, self: Any, arn: str) -> Any:
        if ":feature-group/" not in arn:
            return original(self, arn)
        group = _lookup(self, arn)
        if group is None:
            raise ResourceNotFound(f"FeatureGroup {arn} not found.")
        return group
