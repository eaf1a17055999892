"""API Gateway's calls of functions: through Lambda's Invoke, so that they run as for every other caller."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from emulator.core import fidelity
from emulator.core.administrator import ADMIN
from emulator.core.aws import tell_inside
from emulator.core.settings import Settings


@dataclass(frozen=True)
class Invocation:
    """A function's result and what the emulator knows about its run."""

    payload: bytes
    failed: bool
    fidelity: fidelity.Fidelity | None
    evidence: str | None


class FunctionCalls:
    """Invokes functions; raises botocore's `ReadTimeoutError` on a timeout and `ClientError` if Lambda refuses."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clients: dict[tuple[str, int], Any] = {}

    def invoke(self, function_arn: str, event: dict[str, Any], region: str, timeout_ms: int) -> Invocation:
        answer = self._client(region, timeout_ms).invoke(FunctionName=function_arn, Payload=json.dumps(event))
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        return Invocation(
            payload=answer["Payload"].read(),
            failed="FunctionError" in answer,
            fidelity=fidelity.parse(headers.get(fidelity.HEADER)),
            evidence=headers.get(fidelity.EVIDENCE_HEADER),
        )

    def _client(self, region: str, timeout_ms: int) -> Any:
        key = (region, timeout_ms)
        if key not in self._clients:
            self._clients[key] = boto3.session.Session().client(
                "lambda",
                region_name=region,
                endpoint_url=self._settings.endpoint,
                aws_access_key_id=ADMIN.access_key_id,
                aws_secret_access_key=ADMIN.secret_access_key,
                config=Config(
                    read_timeout=timeout_ms / 1000,
                    retries={"max_attempts": 0},
                    max_pool_connections=64,
                    proxies={},
                ),
            )
            self._clients[key].meta.events.register("before-call", tell_inside)
        return self._clients[key]
