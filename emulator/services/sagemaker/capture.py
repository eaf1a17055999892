"""Data capture: requests and answers of an endpoint, as SageMaker's JSON Lines in S3.

AWS collects for minutes before it writes an object; the emulator for a second.
"""

from __future__ import annotations

import base64
import json
import logging
import random
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.core.aws import Aws, split_uri
from emulator.services.sagemaker.model_server import Answer, Request

COLLECT_SECONDS = 1.0

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Capture:
    """DataCaptureConfig of an endpoint configuration."""

    uri: str
    role_arn: str
    region: str
    sampling_percent: float = 100.0
    modes: tuple[str, ...] = ("Input", "Output")
    kms_key_id: str | None = None
    csv_types: tuple[str, ...] = ()
    json_types: tuple[str, ...] = ()


class Capturing:
    """Collects the traffic of one endpoint and writes it under the role of the model."""

    def __init__(self, aws: Aws, endpoint: str, capture: Capture) -> None:
        self._aws, self._endpoint, self._capture = aws, endpoint, capture
        self._lock = threading.Lock()
        self._waiting: dict[str, list[str]] = {}

    def take(self, request: Request, answer: Answer) -> None:
        if answer.status != 200 or random.random() * 100 >= self._capture.sampling_percent:
            return
        line = json.dumps(self._event(request, answer), separators=(",", ":"))
        with self._lock:
            first = not self._waiting
            self._waiting.setdefault(answer.variant, []).append(line)
        if first:
            timer = threading.Timer(COLLECT_SECONDS, self.flush)
            timer.daemon = True
            timer.start()

    def flush(self) -> None:
        """Write one object per variant with all records since the last flush."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for variant, lines in waiting.items():
            try:
                self._write(variant, lines)
            except (ClientError, BotoCoreError) as error:
                # Callers have their answers already, as on AWS: only the log can report it.
                LOG.error("%d captured requests of %s are lost: %s", len(lines), self._endpoint, error)

    def _write(self, variant: str, lines: list[str]) -> None:
        capture = self._capture
        bucket, prefix = split_uri(capture.uri)
        now = datetime.now(UTC)
        name = f"{now:%M-%S}-{now.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
        parts = [prefix.rstrip("/"), self._endpoint, variant, f"{now:%Y/%m/%d/%H}", name]
        role = self._aws.assume(capture.role_arn, "SageMaker", service="sagemaker.amazonaws.com")
        key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": capture.kms_key_id} if capture.kms_key_id else {}
        s3 = self._aws.client("s3", role, capture.region)
        body = ("\n".join(lines) + "\n").encode()
        s3.put_object(Bucket=bucket, Key="/".join(filter(None, parts)), Body=body, **key)

    def _event(self, request: Request, answer: Answer) -> dict[str, Any]:
        data = {}
        if "Input" in self._capture.modes:
            data["endpointInput"] = self._data("INPUT", request.content_type, request.body)
        if "Output" in self._capture.modes:
            data["endpointOutput"] = self._data("OUTPUT", answer.content_type, answer.body)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = {"eventId": str(uuid.uuid4()), "inferenceTime": now}
        if request.inference_id:
            metadata["inferenceId"] = request.inference_id
        return {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}

    def _data(self, mode: str, content_type: str, body: bytes) -> dict[str, str]:
        known = content_type.split(";")[0].strip().lower()
        encoding, text = "BASE64", base64.b64encode(body).decode()
        for name, types in (("CSV", self._capture.csv_types), ("JSON", self._capture.json_types)):
            if known in types:
                encoding, text = name, body.decode(errors="replace")
        return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}
