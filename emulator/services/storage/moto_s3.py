"""S3: bucket policies, EventBridge notifications, and sub-resources that moto mistakes for the bucket."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey
from moto.s3.responses import S3Response

from emulator.core.settings import Settings
from emulator.moto.patching import add, wrap

UNKNOWN_TO_MOTO = ("analytics", "intelligent-tiering", "inventory", "metrics", "metadataConfiguration")


def apply(settings: Settings) -> None:
    _leave_policies_to_the_guard()
    _return_eventbridge_notification()
    _refuse_unknown_subresources()
    _delete_markers()
    _list_without_contents()


def _leave_policies_to_the_guard() -> None:
    """Skip moto's own check of bucket policies: `emulator.services.iam` has authorized the request before.

    Moto ignores conditions, so that "deny everything without TLS" would deny everything.
    """

    @wrap(FakeBucket, "get_permission")
    def get_permission(original: Any, self: Any, action: str, resource: str) -> Any:
        return PermissionResult.NEUTRAL


def _return_eventbridge_notification() -> None:
    """Return `EventBridgeConfiguration`, which moto accepts but does not return: a difference in every plan."""

    @wrap(S3Response, "get_bucket_notification")
    def get_bucket_notification(original: Any, self: Any) -> Any:
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if configuration is None or configuration.event_bridge is None:
            return original(self)
        serialized = self.serialized
        self.serialized = lambda result: serialized(ActionResult({**result.result, "EventBridgeConfiguration": {}}))
        try:
            return original(self)
        finally:
            del self.serialized


def _refuse_unknown_subresources() -> None:
    """Reject unknown sub-resources; moto answers `DELETE /bucket?inventory&id=x` by deleting the *bucket*."""

    @wrap(S3Response, "_bucket_response")
    def _bucket_response(original: Any, self: Any, request: Any, full_url: str) -> Any:
        unknown = [name for name in UNKNOWN_TO_MOTO if name in request.args]
        if unknown:
            raise NotImplementedError(f"bucket sub-resource {unknown[0]}")
        return original(self, request, full_url)


def _delete_markers() -> None:
    """Give delete markers the `dispose` that moto calls on the last version of a deleted key."""

    @add(FakeDeleteMarker)
    def dispose(self: Any, garbage: bool = False) -> None:
        """Do nothing: a delete marker holds no contents."""


class _Listed(FakeKey):
    """An object in a listing: its metadata, without its contents."""

    def dispose(self, garbage: bool = False) -> None:
        """Do nothing: the contents belong to the object."""


def _list_without_contents() -> None:
    """Copy listed objects without their contents; to list versions, moto copies all contents of the bucket."""

    @add(FakeKey)
    def __deepcopy__(self: FakeKey, memo: dict[int, Any]) -> Any:
        shown: Any = _Listed.__new__(_Listed)
        shown.__dict__.update(vars(self))
        # It is computed from the contents, which may be deleted before it is read.
        shown._etag = self.etag.strip('"')
        return shown
