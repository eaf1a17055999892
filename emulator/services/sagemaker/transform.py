"""SageMaker batch transform: the model's server transforms every object of the input to `<key>.out`.

As on AWS, an object with a record that the model rejects has no output, the other objects do, and the job fails.
Instances are not emulated: up to two processes of the model serve, for any requested number.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.core.aws import Aws, LogStream, keys_under, relative, split_uri, unique
from emulator.core.evidence import STORE, caused_by
from emulator.core.jobs import Runs
from emulator.services.sagemaker import transform_records
from emulator.services.sagemaker.async_outcomes import with_retries
from emulator.services.sagemaker.fleet import PROCESSES, Fleet
from emulator.services.sagemaker.model_server import Answer, HostingFailed, Model, ModelServer, Request
from emulator.services.sagemaker.transform_records import BadData, DataProcessing

LOG_GROUP = "/aws/sagemaker/TransformJobs"
SEE_LOGS = "See job logs for more information"
MEGABYTE = 1 << 20


class TransformFailed(Exception):
    """A failure with the message for the job's FailureReason."""


@dataclass(frozen=True)
class TransformRequest:
    """A transform job, in the terms of CreateTransformJob."""

    name: str
    arn: str
    region: str
    model: Model
    data_type: str
    input_uri: str
    output_uri: str
    content_type: str = ""
    accept: str = ""
    compression: str = "None"
    split_type: str = "None"
    strategy: str = "MultiRecord"
    assemble_with: str = "None"
    kms_key_id: str | None = None
    most_megabytes: int = 6
    concurrency: int = 1
    timeout_seconds: float = 600.0
    retries: int = 3
    processing: DataProcessing = field(default_factory=DataProcessing)
    variables: dict[str, str] = field(default_factory=dict)
    cause: str | None = None


@dataclass(frozen=True)
class End:
    status: str
    failure_reason: str | None = None


Fault = Callable[[Request], Request | Answer]
"""Injects a fault into a request: returns the request, changed or not, or an answer."""


class Transforms(Runs):
    """All running transform jobs of this emulator."""

    def start(
        self, request: TransformRequest, started: Callable[[], None], ended: Callable[[End], None], fault: Fault
    ) -> str:
        """Start a job and return the id of its evidence at once; the callbacks are called from its thread."""
        run = _Run(self._aws, request, started, fault)
        self.begin(request.arn, run, lambda: ended(run.execute()), f"transform-{request.name}")
        return run.evidence_id


class _Run:
    """One job."""

    def __init__(self, aws: Aws, request: TransformRequest, started: Callable[[], None], fault: Fault) -> None:
        self._aws, self._request, self._started, self._fault = aws, request, started, fault
        self.stopping = threading.Event()
        self._counts = {"objects": 0, "records": 0, "requests": 0}
        self._lock = threading.Lock()
        self._errors: list[str] = []
        self._blame = "ClientError"
        detail = {"model": request.model.name, "needs_process": True}
        self._record = STORE.begin("transform", request.name, parent=request.cause, detail=detail)

    @property
    def evidence_id(self) -> str:
        return self._record.id

    def stop(self) -> None:
        self.stopping.set()

    def execute(self) -> End:
        record = self._record.id
        try:
            with caused_by(record):
                self._transform()
        except (TransformFailed, HostingFailed, ClientError, BotoCoreError, OSError) as error:
            reason = str(error) if isinstance(error, TransformFailed) else f"ClientError: {error}"
            STORE.fail(record, reason, detail=self._counts)
            return End("Failed", reason[:1024])
        if self.stopping.is_set():
            STORE.fail(record, "stopped on request", detail=self._counts)
            return End("Stopped")
        STORE.succeed(record, detail=self._counts)
        return End("Completed")

    def _transform(self) -> None:
        request = self._request
        credentials = self._aws.assume(request.model.role_arn, "SageMaker", service="sagemaker.amazonaws.com")
        STORE.lend_credentials(credentials.access_key_id, self._record.id)
        stream = f"{request.name}/{unique('i-')}"
        log = LogStream(self._aws, LOG_GROUP, f"{stream}/data-log", request.region, credentials)
        processes_wanted = max(1, min(request.concurrency or 1, PROCESSES))
        fleet = Fleet(request.name, lambda died: self._server(stream, died), processes_wanted)
        try:
            s3 = self._aws.client("s3", credentials, request.region)
            inputs = self._inputs(s3)
            server = fleet.start().record
            # A process that runs this archive does the work, which makes the job an executed one.
            STORE.update(self._record.id, pid=server.pid, artifact_sha256=server.artifact_sha256)
            self._started()
            log.write(
                f"[sagemaker logs]: MaxConcurrentTransforms={request.concurrency}, "
                f"MaxPayloadInMB={request.most_megabytes}, BatchStrategy={_shouted(request.strategy)}",
                time.time(),
            )
            with ThreadPoolExecutor(processes_wanted, thread_name_prefix=f"transform-{request.name}") as pool:
                failed = [
                    key for bucket, key, name in inputs if not self._object(s3, fleet, pool, bucket, key, name, log)
                ]
            if failed and not self.stopping.is_set():
                # AWS only reports which side failed; the log names the objects.
                raise TransformFailed(f"{self._blame}: {SEE_LOGS}")
        finally:
            log.flush()
            fleet.stop("the transform job has ended")
            STORE.lend_credentials(credentials.access_key_id, None)

    def _server(self, stream: str, died: Callable[[str], None]) -> ModelServer:
        request = self._request
        settings = {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_BATCH_STRATEGY": _shouted(request.strategy),
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(request.most_megabytes),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(request.concurrency),
        }
        model = replace(request.model, variables={**request.model.variables, **settings, **request.variables})
        return ModelServer(
            self._aws,
            request.name,
            "AllTraffic",
            model,
            died,
            self._record.id,
            log_stream=(LOG_GROUP, stream),
            kind="model-server",
        )

    def _inputs(self, s3: Any) -> list[tuple[str, str, str]]:
        """Return bucket, key and the output's name of every object."""
        request = self._request
        bucket, prefix = split_uri(request.input_uri)
        if request.data_type == "ManifestFile":
            return _manifest(json.loads(s3.get_object(Bucket=bucket, Key=prefix)["Body"].read()))
        try:
            objects = [(bucket, key, relative(key, prefix)) for key in keys_under(s3, bucket, prefix)]
        except s3.exceptions.NoSuchBucket:
            objects = []
        if not objects:
            raise TransformFailed(
                f'ClientError: No S3 objects found under S3 URL "{request.input_uri}" given in input data source. '
                f"Please ensure that the bucket exists in the selected region ({request.region}), that objects exist "
                f'under that S3 prefix, and that the role "{request.model.role_arn}" has "s3:ListBucket" permissions '
                f'on bucket "{bucket}".'
            )
        return objects

    def _object(
        self, s3: Any, fleet: Fleet, pool: ThreadPoolExecutor, bucket: str, key: str, name: str, log: LogStream
    ) -> bool:
        """Transform an object; return whether it has an output."""
        request = self._request
        try:
            data = with_retries(lambda: bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            if request.compression == "Gzip":
                data = gzip.decompress(data)
            records = transform_records.split(data, request.split_type)
            most = request.most_megabytes * MEGABYTE
            requests = list(transform_records.batches(records, request.strategy, most))
            answers = list(pool.map(lambda batch: self._ask(fleet, batch), requests))
        except (BadData, gzip.BadGzipFile, UnicodeDecodeError) as error:
            log.write(f"[sagemaker logs]: {bucket}/{key}: ClientError: {error}", time.time())
            return False
        if self.stopping.is_set():
            return False
        with self._lock:
            errors, self._errors = self._errors, []
        for line in errors:
            log.write(f"[sagemaker logs]: {bucket}/{key}: {line}", time.time())
        good = [answer for answer in answers if answer is not None]
        if len(good) < len(answers):
            return False
        self._write(s3, name, transform_records.assemble(good, request.assemble_with))
        with self._lock:
            self._counts["objects"] += 1
            self._counts["records"] += len(records)
        return True

    def _ask(self, fleet: Fleet, batch: list[bytes]) -> bytes | None:
        """Return the answer to a batch of records; `None` if it failed."""
        request = self._request
        processing, split_type = request.processing, request.split_type
        sent = [processing.into(record, request.content_type) for record in batch]
        original = Request(
            transform_records.request_body(sent, split_type),
            content_type=request.content_type or "application/octet-stream",
            accept=request.accept or "*/*",
            timeout_seconds=request.timeout_seconds,
        )
        answer: Answer | None = None
        for _ in range(request.retries + 1):
            if self.stopping.is_set():
                return None
            with caused_by(self._record.id):
                changed = self._fault(original)
                answer = changed if isinstance(changed, Answer) else fleet.invoke(changed)
            with self._lock:
                self._counts["requests"] += 1
            if answer.status == 200 or 400 <= answer.status < 500:
                break
        assert answer is not None
        if answer.status != 200:
            self._refused(answer)
            return None
        if processing.output_filter == "$" and not processing.join:
            return answer.body
        return processing.out_of(batch, answer.body, request.content_type, request.accept or answer.content_type)

    def _refused(self, answer: Answer) -> None:
        kind = "ClientError" if 400 <= answer.status < 500 else "AlgorithmError"
        words = answer.body.decode(errors="replace")
        with self._lock:
            self._errors.append(f"{kind}: {answer.status}\n{words}")
            if kind == "AlgorithmError":
                self._blame = kind

    def _write(self, s3: Any, name: str, body: bytes) -> None:
        bucket, prefix = split_uri(self._request.output_uri)
        key = "/".join(part for part in (prefix.rstrip("/"), f"{name}.out") if part)
        kms = self._request.kms_key_id
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms} if kms else {}
        with_retries(lambda: s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption))


def _manifest(document: Any) -> list[tuple[str, str, str]]:
    if not isinstance(document, list) or not document or "prefix" not in document[0]:
        raise TransformFailed(
            "ClientError: The manifest must be a JSON array that begins with an object with `prefix`."
        )
    bucket, prefix = split_uri(str(document[0]["prefix"]))
    return [(bucket, prefix + str(name), str(name)) for name in document[1:]]


def _shouted(strategy: str) -> str:
    return {"SingleRecord": "SINGLE_RECORD", "MultiRecord": "MULTI_RECORD"}[strategy]
