"""S3: bucket policies, EventBridge notifications, sub-resources moto takes for the bucket."""

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
    """`emulator.services.iam` has judged a request before it comes here.

    Moto would judge it a second time, without conditions: "deny everything without TLS" denies everything then.
    """

    @wrap(FakeBucket, "get_permission")
    def get_permission(original: Any, self: Any, action: str, resource: str) -> Any:
        return PermissionResult.NEUTRAL


def _return_eventbridge_notification() -> None:
    """Moto accepts `EventBridgeConfiguration` and forgets to give it back, a difference in every plan."""

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
    """`DELETE /bucket?inventory&id=x` deletes the *bucket* in moto; what it does not know must be an error."""

    @wrap(S3Response, "_bucket_response")
    def _bucket_response(original: Any, self: Any, request: Any, full_url: str) -> Any:
        unknown = [name for name in UNKNOWN_TO_MOTO if name in request.args]
        if unknown:
            raise NotImplementedError(f"bucket sub-resource {unknown[0]}")
        return original(self, request, full_url)


def _delete_markers() -> None:
    """Deleting the last version of a key disposes of it; a delete marker holds nothing, and cannot do that."""

    @add(FakeDeleteMarker)
    def dispose(self: Any, garbage: bool = False) -> None:
        """Nothing here."""


class _Listed(FakeKey):
    """What a listing shows of an object: all that is known about it, and nothing of its own."""

    def dispose(self, garbage: bool = False) -> None:
        """The contents belong to the object."""


def _list_without_contents() -> None:
    """To list versions, moto copies every object of the bucket with its contents, those of other prefixes as well."""

    @add(FakeKey)
    def __deepcopy__(self: FakeKey, memo: dict[int, Any]) -> FakeKey:
        shown = _Listed.__new__(_Listed)
        shown.__dict__.update(vars(self))
        # It is computed from the contents, which may be gone before somebody reads it here.
        shown._etag = self.etag.strip('"')
        return shown
