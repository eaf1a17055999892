"""Application Auto Scaling: tags, which the Terraform provider reads after every change of a target."""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, FakeScalableTarget
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from emulator.core.settings import Settings
from emulator.moto.patching import add, wrap


def apply(settings: Settings) -> None:
    @wrap(ApplicationAutoScalingResponse, "register_scalable_target")
    def register_scalable_target(original: Any, self: Any) -> str:
        answer = str(original(self))
        target = _target(self.applicationautoscaling_backend, json.loads(answer)["ScalableTargetARN"])
        tags = self._get_param("Tags")
        if tags and target is not None:
            _tags(target).update(tags)
        return answer

    @add(ApplicationAutoScalingResponse)
    def list_tags_for_resource(self: Any) -> Any:
        target = _target(self.applicationautoscaling_backend, self._get_param("ResourceARN"))
        return _missing(self) if target is None else json.dumps({"Tags": _tags(target)})

    @add(ApplicationAutoScalingResponse)
    def tag_resource(self: Any) -> Any:
        target = _target(self.applicationautoscaling_backend, self._get_param("ResourceARN"))
        if target is None:
            return _missing(self)
        _tags(target).update(self._get_param("Tags") or {})
        return "{}"

    @add(ApplicationAutoScalingResponse)
    def untag_resource(self: Any) -> Any:
        target = _target(self.applicationautoscaling_backend, self._get_param("ResourceARN"))
        if target is None:
            return _missing(self)
        for key in self._get_param("TagKeys") or []:
            _tags(target).pop(key, None)
        return "{}"


def _target(backend: ApplicationAutoscalingBackend, arn: str) -> FakeScalableTarget | None:
    targets = (target for by_id in backend.targets.values() for target in by_id.values())
    return next((target for target in targets if target.arn == arn), None)


def _tags(target: FakeScalableTarget) -> dict[str, str]:
    tags: dict[str, str] = target.__dict__.setdefault("emulator_tags", {})
    return tags


def _missing(response: Any) -> tuple[str, dict[str, Any]]:
    message = f"No scalable target found for resource ARN: {response._get_param('ResourceARN')}"
    return json.dumps({"__type": "ResourceNotFoundException", "message": message}), {"status": 400}
