"""Batch inference: answer files of prompts with the stand-in that answers single prompts.

Each line `{"recordId", "modelInput"}` is written back with `modelOutput`, or with `error` in its place, and a summary
is written beside the outputs. A line that is not a record fails the whole job before the model is called.
"""

from __future__ import annotations

import json
import secrets
import string
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.core.aws import Aws, keys_under, split_uri
from emulator.core.evidence import STORE
from emulator.services.bedrock import embeddings, families
from emulator.services.bedrock.answering import ServerFailed, answer
from emulator.services.bedrock.conversation import InvalidRequest
from emulator.services.sagemaker.async_outcomes import with_retries

LEAST_RECORDS, MOST_RECORDS = 100, 50_000
"""Quotas of one job."""
MANIFEST = "manifest.json.out"
SERVICE = "bedrock.amazonaws.com"
MORE_OFTEN = 1000
"""Records between two checks for a timeout or a request to stop."""


class JobFailed(Exception):
    """A failed job, with its message."""


@dataclass(frozen=True)
class JobRequest:
    arn: str
    name: str
    region: str
    role_arn: str
    model_id: str
    model: str
    """The foundation model, if `model_id` is that of a profile."""
    input_uri: str
    output_uri: str
    kms_key_id: str | None = None
    invocation: str = "InvokeModel"
    cause: str | None = None

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]


@dataclass
class Counts:
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def processed(self) -> int:
        return self.succeeded + self.failed

    def manifest(self) -> dict[str, int]:
        return {
            "totalRecordCount": self.total,
            "processedRecordCount": self.processed,
            "successRecordCount": self.succeeded,
            "errorRecordCount": self.failed,
            "inputTokenCount": self.input_tokens,
            "outputTokenCount": self.output_tokens,
        }


@dataclass
class Faults:
    """Faults to inject into a job."""

    record: Callable[[], bool] = lambda: False
    """Called for each record: whether the model fails on it."""
    share: float = 1.0
    """Share of the records that are processed before the job times out."""


Progress = Callable[[str, str], None]
"""Callback for a status and a message."""


@dataclass
class Run:
    """One job. `execute` returns when it has ended."""

    aws: Aws
    request: JobRequest
    progress: Progress
    faults: Faults = field(default_factory=Faults)
    counts: Counts = field(default_factory=Counts)
    stopping: threading.Event = field(default_factory=threading.Event)
    evidence_id: str = ""
    """Set once it has begun."""
    _stand_in: str | None = None

    def execute(self) -> None:
        request = self.request
        record = STORE.begin("bedrock-batch", request.name, parent=request.cause, detail={"model": request.model_id})
        self.evidence_id = record.id
        try:
            status, message = self._infer()
        except (JobFailed, ClientError, BotoCoreError, ValueError) as error:
            STORE.fail(record.id, str(error), stand_in=self._stand_in, detail=self.counts.manifest())
            self.progress("Failed", str(error)[:2048])
            return
        STORE.succeed(record.id, stand_in=self._stand_in, detail={**self.counts.manifest(), "job_status": status})
        self.progress(status, message)

    def _infer(self) -> tuple[str, str]:
        request = self.request
        self.progress("Validating", "")
        session = self.aws.assume(request.role_arn, "bedrock-batch", service=SERVICE, source_arn=request.arn)
        s3 = self.aws.client("s3", session, request.region)
        files = {name: list(_records(name, data)) for name, data in self._files(s3)}
        self.counts.total = sum(map(len, files.values()))
        _check_quota(self.counts.total)
        self.progress("InProgress", "")
        left = int(self.counts.total * self.faults.share)
        for name, records in files.items():
            lines = [json.dumps(self._answered(each), ensure_ascii=False) for each in self._going_on(records[:left])]
            left -= len(lines)
            if lines:
                self._put(s3, f"{name}.out", "\n".join(lines) + "\n")
        self._put(s3, MANIFEST, json.dumps(self.counts.manifest()))
        if self.stopping.is_set():
            return "Stopped", "The job was stopped on request."
        if self.counts.processed < self.counts.total:
            return "PartiallyCompleted", "Not all records could be processed in time."
        return "Completed", ""

    def _going_on(self, records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for number, record in enumerate(records):
            if number % MORE_OFTEN == 0 and self.stopping.is_set():
                return
            yield record

    def _files(self, s3: Any) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of each file: one object, or all below a prefix."""
        bucket, prefix = split_uri(self.request.input_uri)
        keys = [prefix] if prefix.endswith(".jsonl") else list(keys_under(s3, bucket, prefix))
        keys = [key for key in keys if key.endswith(".jsonl")]
        if not keys:
            raise JobFailed(f"No files with the extension .jsonl were found at {self.request.input_uri}.")
        for key in keys:
            yield key.rsplit("/", 1)[-1], with_retries(partial(_content, s3, bucket, key))

    def _put(self, s3: Any, name: str, text: str) -> None:
        bucket, prefix = split_uri(self.request.output_uri)
        key = "/".join(part for part in (prefix.rstrip("/"), self.request.id, name) if part)
        kms = self.request.kms_key_id
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms} if kms else {}
        with_retries(lambda: s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), **encryption))

    def _answered(self, record: dict[str, Any]) -> dict[str, Any]:
        answered = {"recordId": record["recordId"], "modelInput": record["modelInput"]}
        try:
            if self.faults.record():
                raise ServerFailed("injected fault")
            answered["modelOutput"] = self._output(record["modelInput"])
        except InvalidRequest as error:
            answered["error"] = {"errorCode": 400, "errorMessage": str(error)}
        except ServerFailed as error:
            answered["error"] = {"errorCode": 500, "errorMessage": f"The model could not answer: {error}"}
        if "error" in answered:
            self.counts.failed += 1
        else:
            self.counts.succeeded += 1
        return answered

    def _output(self, body: Any) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise InvalidRequest("Malformed input request: #: expected type: JSONObject")
        embedder = embeddings.of(self.request.model)
        if embedder:
            made = embedder.embed(body)
            self._stand_in = embeddings.NAME
            self.counts.input_tokens += made.tokens
            return made.body
        converse = self.request.invocation == "Converse"
        family = families.family_of(self.request.model)
        answered = answer(_conversation(self.request.model, body) if converse else family.read(body))
        self._stand_in = answered.stand_in
        done = answered.completion
        self.counts.input_tokens += done.input_tokens
        self.counts.output_tokens += done.output_tokens
        return families.converse_output(done) if converse else family.write(done)


def _content(s3: Any, bucket: str, key: str) -> bytes:
    return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def new_id() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(12))


def _check_quota(records: int) -> None:
    if records < LEAST_RECORDS:
        raise JobFailed(
            f"The number of records in the job, {records}, is less than the minimum of {LEAST_RECORDS} records per "
            "batch inference job."
        )
    if records > MOST_RECORDS:
        raise JobFailed(
            f"The number of records in the job, {records}, is more than the maximum of {MOST_RECORDS} records per "
            "batch inference job."
        )


def _records(name: str, data: bytes) -> Iterator[dict[str, Any]]:
    """Parse the records of a file. Raise `JobFailed` for a line that is not one. A record without an id gets one."""
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise JobFailed(f"Line {number} of {name} is not valid JSON: {error}") from error
        if not isinstance(record, dict) or "modelInput" not in record:
            raise JobFailed(f"Line {number} of {name} has no modelInput.")
        yield {**record, "recordId": record.get("recordId") or f"CALL{number:07d}"}


def _conversation(model: str, body: dict[str, Any]) -> Any:
    options = families.object_member(body, "inferenceConfig")
    return families.converse_prompt(model, body.get("messages"), body.get("system"), options)
