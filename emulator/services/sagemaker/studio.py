"""SageMaker Studio's control plane: domains, user profiles, spaces and lifecycle configurations.

Records only: no JupyterLab runs here, so no app can be started. What AWS rejects is rejected, above all deletions out
of order: first apps, then spaces, then profiles, then the domain. A domain's file system outlives it unless the request
says otherwise.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

Parameters = dict[str, Any]

SETTLES_AFTER_SECONDS = 0.2
"""AWS takes minutes; this is long enough to expose clients that do not wait."""
PROFILE_SETTINGS = ("UserSettings", "SingleSignOnUserIdentifier", "SingleSignOnUserValue")
SPACE_SETTINGS = ("SpaceSettings", "SpaceDisplayName", "OwnershipSettings", "SpaceSharingSettings")
DOMAIN_SETTINGS = (
    "AppNetworkAccessType", "AppSecurityGroupManagement", "DefaultSpaceSettings", "DefaultUserSettings",
    "DomainSettings", "SubnetIds", "TagPropagation",
)  # fmt: skip


class StudioRefused(Exception):
    """AWS's error for a request."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Homes(Protocol):
    """File systems with the users' home folders."""

    def make(self, domain_id: str, domain_arn: str, kms_key_id: str | None) -> str:
        """Create a file system and return its id."""

    def remove(self, file_system_id: str) -> None: ...


@dataclass
class Record:
    """One domain, profile, space or lifecycle configuration."""

    arn: str
    given: Parameters
    tags: list[dict[str, str]]
    passing: str = "Pending"
    settles_at: float = 0.0
    going: bool = False
    """Whether it is deleted as soon as it settles."""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def settled(self) -> bool:
        return time.monotonic() >= self.settles_at

    @property
    def status(self) -> str:
        return "InService" if self.settled and not self.going else self.passing

    def pass_through(self, status: str) -> None:
        self.passing, self.settles_at = status, time.monotonic() + SETTLES_AFTER_SECONDS
        self.modified = datetime.now(UTC)

    def shown(self, *names: str) -> Parameters:
        times = {"CreationTime": self.created, "LastModifiedTime": self.modified}
        return {**{name: self.given[name] for name in names if name in self.given}, **times}


Table = dict[tuple[str, ...], Record]


class Studio:
    """The records of one account and region. Not thread-safe: callers hold a lock."""

    def __init__(self, account: str, region: str, homes: Homes) -> None:
        self._scope, self._region, self._homes = f"arn:aws:sagemaker:{region}:{account}", region, homes
        self._domains: Table = {}
        self._profiles: Table = {}
        self._spaces: Table = {}
        self._scripts: Table = {}
        self._uids = iter(range(200_001, 300_000))

    def tagged(self, arn: str) -> Record | None:
        """Return the record of an ARN, which has its tags."""
        return next((record for record in self._all() if record.arn == arn), None)

    def _all(self) -> Iterator[Record]:
        self._sweep()
        for table in (self._domains, self._profiles, self._spaces, self._scripts):
            yield from table.values()

    def _sweep(self) -> None:
        """Drop the records whose deletion has ended."""
        for table in (self._spaces, self._profiles, self._domains):
            for key in [key for key, record in table.items() if record.going and record.settled]:
                record = table.pop(key)
                if table is self._domains and record.given["Retention"] == "Delete":
                    self._homes.remove(record.given["HomeEfsFileSystemId"])

    def _find(self, table: Table, kind: str, *key: str) -> Record:
        self._sweep()
        if key not in table:
            raise StudioRefused("ResourceNotFound", f"{kind} {'/'.join(key)} does not exist.")
        return table[key]

    def _in_service(self, table: Table, kind: str, *key: str) -> Record:
        record = self._find(table, kind, *key)
        if record.status != "InService":
            raise StudioRefused("ValidationException", f"{kind} {'/'.join(key)} is in {record.status} state.")
        return record

    # ---- domains -----------------------------------------------------------------------------------------------

    def create_domain(self, p: Parameters) -> Parameters:
        if any(record.given["DomainName"] == p["DomainName"] for record in self._all() if "DomainName" in record.given):
            raise StudioRefused("ResourceInUse", f"Domain {p['DomainName']} already exists.")
        users = p["DefaultUserSettings"]
        if p.get("AppNetworkAccessType") == "VpcOnly" and not users.get("SecurityGroups"):
            raise StudioRefused("ValidationException", "SecurityGroups are required for VpcOnly.")
        self._check_scripts(p)
        identity = f"d-{uuid.uuid4().hex[:12]}"
        arn = f"{self._scope}:domain/{identity}"
        given = {"AppNetworkAccessType": "PublicInternetOnly", "TagPropagation": "DISABLED", **p}
        given["HomeEfsFileSystemId"] = self._homes.make(identity, arn, p.get("KmsKeyId"))
        record = self._domains[(identity,)] = Record(arn, given, list(p.get("Tags") or []))
        record.pass_through("Pending")
        return {"DomainArn": arn, "DomainId": identity, "Url": self._url(identity)}

    def describe_domain(self, p: Parameters) -> Parameters:
        record, identity = self._find(self._domains, "Domain", p["DomainId"]), p["DomainId"]
        shown = record.shown(*DOMAIN_SETTINGS, "AuthMode", "DomainName", "HomeEfsFileSystemId", "KmsKeyId", "VpcId")
        return {
            **shown,
            "DomainArn": record.arn,
            "DomainId": identity,
            "Status": record.status,
            "Url": self._url(identity),
        }

    def list_domains(self, p: Parameters) -> Parameters:
        self._sweep()
        return {"Domains": [self.describe_domain({"DomainId": key[0]}) for key in self._domains]}

    def update_domain(self, p: Parameters) -> Parameters:
        record = self._in_service(self._domains, "Domain", p["DomainId"])
        self._check_scripts(p)
        for name in ("DefaultUserSettings", "DefaultSpaceSettings"):
            record.given[name] = {**record.given.get(name, {}), **p.get(name, {})}
        plain = {name: p[name] for name in DOMAIN_SETTINGS if name in p and not name.startswith("Default")}
        settings = {**record.given.get("DomainSettings", {}), **p.get("DomainSettingsForUpdate", {})}
        record.given |= plain | ({"DomainSettings": settings} if settings else {})
        record.pass_through("Updating")
        return {"DomainArn": record.arn}

    def delete_domain(self, p: Parameters) -> Parameters:
        record = self._find(self._domains, "Domain", p["DomainId"])
        for table, kind in ((self._spaces, "Space"), (self._profiles, "UserProfile")):
            left = [key[1] for key in table if key[0] == p["DomainId"]]
            if left:
                message = (
                    f"Unable to delete Domain {p['DomainId']} because {kind}(s) are associated with it: {left[0]}."
                )
                raise StudioRefused("ResourceInUse", message)
        record.given["Retention"] = (p.get("RetentionPolicy") or {}).get("HomeEfsFileSystem", "Retain")
        record.going = True
        record.pass_through("Deleting")
        return {}

    def _url(self, identity: str) -> str:
        return f"https://{identity}.studio.{self._region}.sagemaker.aws"

    # ---- user profiles -----------------------------------------------------------------------------------------

    def create_user_profile(self, p: Parameters) -> Parameters:
        self._in_service(self._domains, "Domain", p["DomainId"])
        key = (p["DomainId"], p["UserProfileName"])
        if key in self._profiles:
            raise StudioRefused("ResourceInUse", f"UserProfile {key[1]} already exists.")
        self._check_scripts(p)
        arn = f"{self._scope}:user-profile/{'/'.join(key)}"
        record = self._profiles[key] = Record(arn, {**p, "HomeEfsFileSystemUid": str(next(self._uids))}, _tags(p))
        record.pass_through("Pending")
        return {"UserProfileArn": arn}

    def describe_user_profile(self, p: Parameters) -> Parameters:
        record = self._find(self._profiles, "UserProfile", p["DomainId"], p["UserProfileName"])
        shown = record.shown("DomainId", "UserProfileName", "HomeEfsFileSystemUid", *PROFILE_SETTINGS)
        return {**shown, "UserProfileArn": record.arn, "Status": record.status}

    def list_user_profiles(self, p: Parameters) -> Parameters:
        return {"UserProfiles": self._listed(self._profiles, p, "DomainId", "UserProfileName")}

    def update_user_profile(self, p: Parameters) -> Parameters:
        record = self._in_service(self._profiles, "UserProfile", p["DomainId"], p["UserProfileName"])
        self._check_scripts(p)
        record.given["UserSettings"] = {**record.given.get("UserSettings", {}), **p.get("UserSettings", {})}
        record.pass_through("Updating")
        return {"UserProfileArn": record.arn}

    def delete_user_profile(self, p: Parameters) -> Parameters:
        record = self._find(self._profiles, "UserProfile", p["DomainId"], p["UserProfileName"])
        owner = {"OwnerUserProfileName": p["UserProfileName"]}
        mine = [key for key, space in self._spaces.items() if space.given.get("OwnershipSettings") == owner]
        if any(key[0] == p["DomainId"] for key in mine):
            message = f"Unable to delete UserProfile {p['UserProfileName']}: it owns the space {mine[0][1]}."
            raise StudioRefused("ResourceInUse", message)
        record.going = True
        record.pass_through("Deleting")
        return {}

    # ---- spaces ------------------------------------------------------------------------------------------------

    def create_space(self, p: Parameters) -> Parameters:
        self._in_service(self._domains, "Domain", p["DomainId"])
        owner = (p.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
        if owner:
            self._in_service(self._profiles, "UserProfile", p["DomainId"], owner)
        key = (p["DomainId"], p["SpaceName"])
        if key in self._spaces:
            raise StudioRefused("ResourceInUse", f"Space {key[1]} already exists.")
        arn = f"{self._scope}:space/{'/'.join(key)}"
        record = self._spaces[key] = Record(arn, dict(p), _tags(p))
        record.pass_through("Pending")
        return {"SpaceArn": arn}

    def describe_space(self, p: Parameters) -> Parameters:
        record = self._find(self._spaces, "Space", p["DomainId"], p["SpaceName"])
        shown = record.shown("DomainId", "SpaceName", *SPACE_SETTINGS)
        return {**shown, "SpaceArn": record.arn, "Status": record.status}

    def list_spaces(self, p: Parameters) -> Parameters:
        return {"Spaces": self._listed(self._spaces, p, "DomainId", "SpaceName", "SpaceDisplayName")}

    def update_space(self, p: Parameters) -> Parameters:
        record = self._in_service(self._spaces, "Space", p["DomainId"], p["SpaceName"])
        record.given["SpaceSettings"] = {**record.given.get("SpaceSettings", {}), **p.get("SpaceSettings", {})}
        record.pass_through("Updating")
        return {"SpaceArn": record.arn}

    def delete_space(self, p: Parameters) -> Parameters:
        record = self._find(self._spaces, "Space", p["DomainId"], p["SpaceName"])
        record.going = True
        record.pass_through("Deleting")
        return {}

    # ---- apps, of which none can be started ----------------------------------------------------------------------

    def list_apps(self, p: Parameters) -> Parameters:
        return {"Apps": []}

    def describe_app(self, p: Parameters) -> Parameters:
        raise StudioRefused("ResourceNotFound", f"App {p['AppType']}/{p['AppName']} does not exist.")

    delete_app = describe_app

    # ---- lifecycle configurations --------------------------------------------------------------------------------

    def create_studio_lifecycle_config(self, p: Parameters) -> Parameters:
        name = p["StudioLifecycleConfigName"]
        if (name,) in self._scripts:
            raise StudioRefused("ResourceInUse", f"Studio Lifecycle Config {name} already exists.")
        arn = f"{self._scope}:studio-lifecycle-config/{name}"
        self._scripts[(name,)] = Record(arn, dict(p), _tags(p))
        return {"StudioLifecycleConfigArn": arn}

    def describe_studio_lifecycle_config(self, p: Parameters) -> Parameters:
        record = self._find(self._scripts, "StudioLifecycleConfig", p["StudioLifecycleConfigName"])
        content, kind = "StudioLifecycleConfigContent", "StudioLifecycleConfigAppType"
        shown = record.shown("StudioLifecycleConfigName", content, kind)
        return {**shown, "StudioLifecycleConfigArn": record.arn}

    def list_studio_lifecycle_configs(self, p: Parameters) -> Parameters:
        listed = [self.describe_studio_lifecycle_config({"StudioLifecycleConfigName": key[0]}) for key in self._scripts]
        return {"StudioLifecycleConfigs": listed}

    def delete_studio_lifecycle_config(self, p: Parameters) -> Parameters:
        record = self._find(self._scripts, "StudioLifecycleConfig", p["StudioLifecycleConfigName"])
        for user in (*self._domains.values(), *self._profiles.values()):
            if record.arn in set(_scripts_of(user.given)):
                raise StudioRefused("ResourceInUse", f"Studio Lifecycle Config {record.arn} is in use by {user.arn}.")
        del self._scripts[(p["StudioLifecycleConfigName"],)]
        return {}

    def _check_scripts(self, p: Parameters) -> None:
        known = {record.arn for record in self._scripts.values()}
        for arn in _scripts_of(p):
            if arn not in known:
                raise StudioRefused("ValidationException", f"Studio Lifecycle Config {arn} does not exist.")

    def _listed(self, table: Table, p: Parameters, *names: str) -> list[Parameters]:
        self._sweep()
        domain = p.get("DomainIdEquals")
        return [
            {**record.shown(*names), "Status": record.status}
            for key, record in table.items()
            if domain in (None, key[0])
        ]


OPERATIONS: dict[str, Callable[[Studio, Parameters], Parameters]] = {
    name: method for name, method in vars(Studio).items() if not name.startswith("_") and name != "tagged"
}
"""Methods by moto's spelling of the operation."""


def _tags(p: Parameters) -> list[dict[str, str]]:
    return list(p.get("Tags") or [])


def _scripts_of(value: Any) -> Iterator[str]:
    """Yield the ARNs of lifecycle configurations anywhere in settings."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "LifecycleConfigArn" and inner:
                yield inner
            elif name == "LifecycleConfigArns":
                yield from inner or ()
            else:
                yield from _scripts_of(inner)
