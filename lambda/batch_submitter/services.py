"""Create jobs of SageMaker and Bedrock, poll them and read their output.

Both services take a job name or token from us, so creating a job twice gives one job and is always safe to retry.
Incomplete responses are detected by the clients (`inference_common.service_answers`).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from batch_submitter.blueprint import Blueprint
from batch_submitter.ranges import count, numbers
from batch_submitter.store import Store, code_of
from inference_common import bedrock_bodies, containers, embeddings, model_answers
from inference_common.errors import BadRequest, MalformedAnswer, Throttled, Unavailable
from inference_common.inputs import not_text
from inference_common.json_output import dumps
from inference_common.requests import InferenceRequest

BUSY = {
    "ResourceLimitExceeded",
    "ServiceQuotaExceededException",
    "ThrottlingException",
    "TooManyRequestsException",
    "Throttling",
}
DOWN = {"InternalServerException", "ServiceUnavailable", "ServiceUnavailableException", "InternalFailure"}
AGAIN = {408, 429, 500, 502, 503, 504}
"""Error codes of records that are worth retrying."""
RECORD_ID = "R{:010d}"
NAMED = re.compile(rb'"recordId"\s*:\s*"(R[0-9]{10})"')
"""Finds the record id of an unparsable line. Quotation marks in texts are escaped, so no text matches."""


class JobRefused(Exception):
    """The service permanently refuses the job; the message is the service's own."""


@dataclass(frozen=True)
class JobEnd:
    """How a job ended; `status` is None while it runs."""

    status: str | None
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Answer:
    """The output or error of one record. `retryable` errors may disappear at another attempt."""

    output: Any = None
    error: dict[str, str] | None = None
    retryable: bool = False
    tokens: tuple[int, int] | None = (0, 0)
    """Input and output tokens; None if the model reported none."""


@dataclass(frozen=True)
class JobRequest:
    """A job to create. `parts` are the keys of its input, `folder` is their common prefix."""

    name: str
    parts: Sequence[str]
    folder: str
    output: str
    tags: Mapping[str, str]
    model: str = ""
    """On SageMaker only; on Bedrock the blueprint names the model."""


class Jobs(Protocol):
    """The interface of both services."""

    together: bool
    """Whether one job reads all parts of an attempt."""

    def refusal(self, value: Any, blueprint: Blueprint) -> str:
        """Return why the model does not take an input, or an empty string."""

    def line(self, number: int, value: Any, blueprint: Blueprint) -> bytes:
        """Return the line of one record in the job's input."""

    def create(self, request: JobRequest, blueprint: Blueprint) -> str: ...

    def poll(self, identifier: str) -> JobEnd: ...

    def answers(self, part: Mapping[str, Any], identifier: str, output: str) -> Iterator[tuple[int, Answer]]: ...


def refusal_of(error: ClientError, what: str) -> Exception:
    """Translate the service's refusal to create a job."""
    code = code_of(error)
    if code in BUSY:
        return Throttled(f"{what}: {error.response['Error'].get('Message', code)}")
    if code in DOWN:
        return Unavailable(f"{what}: {code}")
    return JobRefused(f"{code}: {error.response['Error'].get('Message', '')}")


class Transform:
    """SageMaker batch transform: one output line per input line, in order."""

    together = True

    def __init__(self, client: Any, store: Store, data_key_arn: str, volume_key_arn: str) -> None:
        self._client = client
        self._store = store
        self._data_key_arn = data_key_arn
        self._volume_key_arn = volume_key_arn

    def refusal(self, value: Any, blueprint: Blueprint) -> str:
        payload_format = containers.in_batches(blueprint.format)
        if payload_format.texts_only:
            return _not_text(value)
        if payload_format.content_type != containers.CSV:
            return ""
        try:
            row = payload_format.encode([value], InferenceRequest((value,)))
        except BadRequest as error:
            return f"the record does not fit the model: {error.message}"
        return "the record has a line end, which ends a row in a batch job" if {*b"\r\n"} & {*row} else ""

    def line(self, number: int, value: Any, blueprint: Blueprint) -> bytes:
        request = InferenceRequest((value,), blueprint.bounded())
        return containers.in_batches(blueprint.format).encode([value], request).removesuffix(b"\n")

    def create(self, request: JobRequest, blueprint: Blueprint) -> str:
        given, payload_format = blueprint.batch, containers.in_batches(blueprint.format)
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self._store.bucket}/{request.folder}"}
        try:
            self._client.create_transform_job(
                TransformJobName=request.name,
                ModelName=request.model,
                # A payload that is one document holds one record.
                BatchStrategy=given["strategy"] if payload_format.by_line else "SingleRecord",
                MaxConcurrentTransforms=int(given["max_concurrent_transforms"]),
                MaxPayloadInMB=int(given["max_payload_mb"]),
                TransformInput={
                    "DataSource": {"S3DataSource": source},
                    "ContentType": payload_format.content_type,
                    "SplitType": "Line",
                },
                TransformOutput={
                    "S3OutputPath": f"s3://{self._store.bucket}/{request.output}",
                    "Accept": payload_format.content_type,
                    "AssembleWith": "Line",
                    "KmsKeyId": self._data_key_arn,
                },
                TransformResources={
                    "InstanceType": given["instance_type"],
                    "InstanceCount": int(given["instance_count"]),
                    "VolumeKmsKeyId": self._volume_key_arn,
                },
                Tags=[{"Key": name, "Value": value} for name, value in request.tags.items()],
            )
        except ClientError as error:
            if code_of(error) != "ResourceInUse":
                raise refusal_of(error, request.name) from error
        return request.name

    def poll(self, identifier: str) -> JobEnd:
        job = self._client.describe_transform_job(TransformJobName=identifier)
        status = job["TransformJobStatus"]
        if status not in ("Completed", "Failed", "Stopped"):
            return JobEnd(None)
        return JobEnd(status, job.get("FailureReason", ""), _seconds(job, "TransformStartTime", "TransformEndTime"))

    def answers(self, part: Mapping[str, Any], identifier: str, output: str) -> Iterator[tuple[int, Answer]]:
        """Yield the answers of a part; none if it is unfinished, since SageMaker writes whole files."""
        key = f"{output}{part['key'].rsplit('/', 1)[-1]}.out"
        if self._store.head(key) is None:
            return
        payload_format = containers.in_batches(str(part.get("format", "inputs")))
        received, expected = sum(1 for _ in self._lines(key)), count(part["ranges"])
        for number, line in zip(numbers(part["ranges"]), self._lines(key), strict=False):
            # Lines can no longer be matched to records.
            wrong = Answer(
                error={"type": "MalformedAnswer", "message": f"{received} lines came back for {expected} records"}
            )
            yield number, _line_answer(line, payload_format) if received == expected else wrong

    def _lines(self, key: str) -> Iterator[bytes]:
        return (line for line in self._store.lines(key) if line.strip())


def _not_text(value: Any) -> str:
    wrong = not_text(value)
    return f"the record {wrong}" if wrong else ""


def malformed(error: MalformedAnswer) -> Answer:
    return Answer(error={"type": error.type, "message": error.message})


def _line_answer(line: bytes, payload_format: containers.Format) -> Answer:
    try:
        (value,) = payload_format.decode(line, 1).outputs
    except MalformedAnswer as error:
        return malformed(error)
    if isinstance(value.get("error"), dict):
        given = value["error"]
        details = {"type": str(given.get("type", "ModelFailed")), "message": str(given.get("message", ""))[:1000]}
        return Answer(error=details)
    return Answer(value)


class Invocation:
    """Bedrock model invocation jobs: one file each, with answers in any order, identified by record id."""

    together = False

    def __init__(self, client: Any, store: Store) -> None:
        self._client = client
        self._store = store

    def refusal(self, value: Any, blueprint: Blueprint) -> str:
        return _not_text(value)

    def line(self, number: int, value: Any, blueprint: Blueprint) -> bytes:
        model, parameters = blueprint.batch["base_model_id"], blueprint.bounded()
        if embeddings.makes(model):
            body = embeddings.of(model).write([value], parameters)
        else:
            body = bedrock_bodies.of(model).write(value, InferenceRequest((value,), parameters))
        return dumps({"recordId": RECORD_ID.format(number), "modelInput": body}).encode()

    def create(self, request: JobRequest, blueprint: Blueprint) -> str:
        given, bucket = blueprint.batch, self._store.bucket
        (part,) = request.parts
        try:
            made = self._client.create_model_invocation_job(
                jobName=request.name,
                clientRequestToken=request.name,
                roleArn=given["role_arn"],
                modelId=given["model_id"],
                inputDataConfig={"s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": f"s3://{bucket}/{part}"}},
                outputDataConfig={
                    "s3OutputDataConfig": {
                        "s3Uri": f"s3://{bucket}/{request.output}",
                        "s3EncryptionKeyId": given["key_arn"],
                    }
                },
                timeoutDurationInHours=int(given["timeout_hours"]),
                tags=[{"key": name, "value": value} for name, value in request.tags.items()],
            )
        except ClientError as error:
            raise refusal_of(error, request.name) from error
        return str(made["jobArn"])

    def poll(self, identifier: str) -> JobEnd:
        job = self._client.get_model_invocation_job(jobIdentifier=identifier)
        status = job["status"]
        if status not in ("Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"):
            return JobEnd(None)
        return JobEnd(status, job.get("message", ""), _seconds(job, "submitTime", "endTime"))

    def answers(self, part: Mapping[str, Any], identifier: str, output: str) -> Iterator[tuple[int, Answer]]:
        """Yield answers in record order, keeping only their positions in memory."""
        key = f"{output}{identifier.rsplit('/', 1)[-1]}/{part['key'].rsplit('/', 1)[-1]}.out"
        if self._store.head(key) is None:
            return
        with tempfile.TemporaryFile() as file:
            paths: dict[str, tuple[int, int]] = {}
            for line in self._store.lines(key):
                named = _named(line)
                if named:
                    paths[named] = (file.tell(), len(line))
                    file.write(line)
            for number in numbers(part["ranges"]):
                position = paths.get(RECORD_ID.format(number))
                if position:
                    file.seek(position[0])
                    yield number, self._answer(file.read(position[1]), str(part["family"]))

    def _answer(self, line: bytes, model: str) -> Answer:
        """Parse the answer to one record; an unparsable line is an error of this record only."""
        try:
            record = model_answers.loads(line)
            if record.get("error"):
                return _record_error(record["error"])
            if embeddings.makes(model):
                return _embedded(model, record.get("modelOutput"))
            answer = bedrock_bodies.read_answer(bedrock_bodies.of(model), record.get("modelOutput"))
        except MalformedAnswer as error:
            return malformed(error)
        usage = answer.usage
        tokens = (usage["inputTokens"], usage["outputTokens"]) if usage else None
        return Answer({"text": answer.text, "stop": answer.stop}, tokens=tokens)


def _embedded(model: str, output: Any) -> Answer:
    (vector,) = embeddings.vectors(embeddings.of(model), output, 1)
    read = model_answers.counts({"inputTokens": "inputTextTokenCount"}, output)
    return Answer({"embedding": vector}, tokens=(read["inputTokens"], 0) if read else None)


def _named(line: bytes) -> str | None:
    """Return the record id in a line; None for blank lines and foreign records."""
    try:
        record = model_answers.loads(line) if line.strip() else None
        named = record.get("recordId") if isinstance(record, Mapping) else None
        return named if isinstance(named, str) else None
    except MalformedAnswer:
        match = NAMED.search(line)
        return match[1].decode() if match else None


def _record_error(error: Any) -> Answer:
    """Convert an error that Bedrock wrote instead of an answer."""
    given = error if isinstance(error, Mapping) else {"errorMessage": error}
    code = str(given.get("errorCode") or "Error")
    details = {"type": code, "message": str(given.get("errorMessage", ""))[:1000]}
    return Answer(error=details, retryable=code in map(str, AGAIN) or bool(given.get("expired")))


def _seconds(job: Mapping[str, Any], first: str, last: str) -> float:
    """Return the seconds between two timestamps, or 0 if one is missing."""
    if first not in job or last not in job:
        return 0.0
    return max(0.0, float((job[last] - job[first]).total_seconds()))
