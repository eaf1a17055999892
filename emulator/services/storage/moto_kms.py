"""KMS: the rotation period, which moto neither stores nor returns."""

from __future__ import annotations

import json
from typing import Any

from moto.kms.responses import KmsResponse

from emulator.core.settings import Settings
from emulator.moto.patching import wrap

DEFAULT_PERIOD_DAYS = 365


def apply(settings: Settings) -> None:
    @wrap(KmsResponse, "enable_key_rotation")
    def enable_key_rotation(original: Any, self: Any) -> Any:
        answer = original(self)
        _key(self).emulator_rotation_period = self._get_param("RotationPeriodInDays") or DEFAULT_PERIOD_DAYS
        return answer

    @wrap(KmsResponse, "get_key_rotation_status")
    def get_key_rotation_status(original: Any, self: Any) -> str:
        status = json.loads(original(self))
        if status["KeyRotationEnabled"]:
            status["RotationPeriodInDays"] = getattr(_key(self), "emulator_rotation_period", DEFAULT_PERIOD_DAYS)
        return json.dumps(status)


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]
