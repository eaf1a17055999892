"""Submit asynchronous requests and report their status. AWS access is injected.

submit → input object → endpoint or queue → ticket; status reads ticket, result and failure. The ticket names the owner
of the request. For other callers the request does not exist; tickets without an owner, from before owners were
recorded, exist for no caller.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from inference_common import containers, formats, model_answers
from inference_common.errors import BadRequest, MalformedAnswer, PayloadTooLarge, Unavailable, UnknownRequest
from inference_common.json_input import loads
from inference_common.json_output import dumps, readable
from inference_common.requests import InferenceRequest, parse_object
from inference_common.sendable import check_sendable
from inference_routing.request_parameters import prepared
from job_api import object_keys
from job_api.records import AsyncRecord

MAX_FAILURE_BYTES = 65_536
GRACE_SECONDS = 300
"""Added to a request's time in the queue and at the model before it counts as expired."""


ANOTHER = (
    "the header 'idempotency-key' came with another request before: repeat that one as it was, "
    "or use another key for this one"
)


@dataclass(frozen=True)
class JobInput:
    """The input of one request: the parsed body, or the key of an upload."""

    content: InferenceRequest | str

    @property
    def digest(self) -> str:
        """Return a hash that is equal for equal requests, however they are formatted."""
        given = self.content if isinstance(self.content, str) else [self.content.inputs, dict(self.content.parameters)]
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


class Store(Protocol):
    name: str

    def uri(self, key: str) -> str: ...
    def put(self, key: str, body: bytes) -> None: ...
    def put_new(self, key: str, body: bytes) -> bool: ...
    def size(self, key: str) -> int | None: ...
    def read(self, key: str, at_most: int) -> Any: ...
    def address(self, key: str, seconds: int) -> str: ...
    def upload_address(self, key: str, size: int, seconds: int) -> tuple[str, dict[str, str]]: ...


class Asking(Protocol):
    def ask(self, record: AsyncRecord, request_id: str, input_uri: str, content_type: str) -> tuple[str, str]: ...


class Sending(Protocol):
    def send(self, url: str, message: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class Caller:
    """The caller, and the prefix of the caller's uploads."""

    owner: str
    uploads: str


@dataclass(frozen=True)
class Jobs:
    """Submits requests and reports their status."""

    store: Store
    endpoints: Asking
    queues: Sending
    now: Callable[[], datetime]
    url_seconds: int
    inline_bytes: int

    def submit(
        self, record: AsyncRecord, body: bytes, content_type: str | None, request_id: str, caller: Caller
    ) -> dict[str, Any]:
        """Submit one request. The ticket is written last, so that only accepted requests have one."""
        uploads = object_keys.uploads_prefix(record.blueprint, caller.uploads)
        job_input = _job_input(record, body, content_type, uploads, self.store.name)
        ticket = self._ticket(record.blueprint, request_id)
        if ticket is None:
            input_key = self._input(record, job_input, request_id, uploads)
            forwarded = self._forward(record, request_id, input_key)
            ticket = {
                **forwarded,
                **expected_answer(record, job_input),
                "owner": caller.owner,
                "digest": job_input.digest,
            }
            self.store.put(object_keys.ticket_key(record.blueprint, request_id), dumps(ticket).encode())
        elif (ticket.get("owner"), ticket.get("digest")) != (caller.owner, job_input.digest):
            raise BadRequest(ANOTHER)
        return {
            "request_id": request_id,
            "blueprint": record.blueprint,
            "status": "pending",
            "status_url": f"/async/{record.blueprint}/{request_id}",
            "output": ticket["output"],
            "submitted_at": ticket["submitted_at"],
        }

    def upload(self, record: AsyncRecord, body: bytes, caller: Caller) -> dict[str, Any]:
        """Return a presigned URL for one large input of exactly this size."""
        document = parse_object(body)
        size = document.get("bytes")
        if set(document) != {"bytes"} or isinstance(size, bool) or not isinstance(size, int) or size < 2:
            raise BadRequest('the body of an upload request must be {"bytes": <size of the input>}', "bytes")
        _check_size(record, size)
        key = f"{object_keys.uploads_prefix(record.blueprint, caller.uploads)}{uuid.uuid4()}.json"
        url, headers = self.store.upload_address(key, size, self.url_seconds)
        return {"input": key, "url": url, "method": "PUT", "headers": headers, "expires_in": self.url_seconds}

    def status(self, blueprint: str, request_id: str, owner: str) -> tuple[dict[str, Any], str | None]:
        """Return the status of the owner's request, and the fidelity of its result."""
        ticket = self._ticket(blueprint, request_id) if object_keys.REQUEST_ID.fullmatch(request_id) else None
        if ticket is None or ticket.get("owner") != owner:
            raise UnknownRequest(f"the blueprint '{blueprint}' has taken no request '{request_id[:64]}'")
        base = {"request_id": request_id, "blueprint": blueprint, "submitted_at": ticket["submitted_at"]}
        output = self._place(ticket["output"], object_keys.OUTPUT, object_keys.output_key(blueprint, request_id))
        stored = self.store.read(output, self.inline_bytes)
        if stored is not None:
            answer = {**base, "status": "completed", "output": self.store.uri(output), "bytes": stored.size}
            try:
                return {**answer, **self._result(output, stored, ticket)}, stored.metadata.get("fidelity")
            except MalformedAnswer as refusal:
                # The model's output stays in the bucket for inspection; as a result it would mislead.
                malformed = {"status": "failed", "error": {"type": refusal.type, "message": refusal.message}}
                return {**answer, **malformed}, stored.metadata.get("fidelity")
        failure = self._place(ticket["failure"], object_keys.FAILURES, object_keys.failure_key(blueprint, request_id))
        failed = self.store.read(failure, MAX_FAILURE_BYTES)
        if failed is not None:
            answer = {**base, "status": "failed", "failure": self.store.uri(failure), "error": reason_in(failed.body)}
            return answer, failed.metadata.get("fidelity")
        if self.now() > datetime.fromisoformat(ticket["expires_at"]):
            error = {"type": "Expired", "message": "no result came within the time that the blueprint gives requests"}
            return {**base, "status": "failed", "error": error}, None
        return {**base, "status": "pending"}, None

    def _ticket(self, blueprint: str, request_id: str) -> dict[str, Any] | None:
        stored = self.store.read(object_keys.ticket_key(blueprint, request_id), MAX_FAILURE_BYTES)
        if stored is None:
            return None
        try:
            ticket: dict[str, Any] = loads(stored.body or b"")
        except ValueError:
            raise Unavailable(f"the record of the request {request_id} cannot be read") from None
        return ticket

    def _input(self, record: AsyncRecord, job_input: JobInput, request_id: str, uploads: str) -> str:
        """Return the key of the input: an upload, or an object written from the body."""
        if isinstance(job_input.content, str):
            # Uploads of other callers are not looked up: for this caller they do not exist.
            size = self.store.size(job_input.content) if job_input.content.startswith(uploads) else None
            if size is None:
                raise BadRequest(f"'input' names an object that was not uploaded: {job_input.content}", "input")
            _check_size(record, size)
            return job_input.content
        key, content = object_keys.input_key(record.blueprint, request_id), payload(record, job_input.content)
        if not self.store.put_new(key, content):
            # An earlier attempt was interrupted after this write; its request may be in flight.
            stored = self.store.read(key, len(content))
            if stored is None or stored.body != content:
                raise BadRequest(ANOTHER)
        return key

    def _forward(self, record: AsyncRecord, request_id: str, input_key: str) -> dict[str, Any]:
        """Send the request to its endpoint or queue; return the ticket's fields."""
        now = self.now()
        lasts = record.ttl_seconds + record.invocation_timeout_seconds + GRACE_SECONDS
        output = self.store.uri(object_keys.output_key(record.blueprint, request_id))
        failure = self.store.uri(object_keys.failure_key(record.blueprint, request_id))
        if record.source == "sagemaker":
            content_type = containers.of(record.target.format).content_type
            output, base = self.endpoints.ask(record, request_id, self.store.uri(input_key), content_type)
            failure = base or failure
        else:
            self.queues.send(
                record.queue_url,
                {"request_id": request_id, "blueprint": record.blueprint, "input": input_key},
            )
        return {
            "request_id": request_id,
            "input": input_key,
            "output": output,
            "failure": failure,
            "submitted_at": now.isoformat(timespec="seconds"),
            "expires_at": datetime.fromtimestamp(now.timestamp() + lasts, UTC).isoformat(timespec="seconds"),
        }

    def _result(self, key: str, stored: Any, ticket: Mapping[str, Any]) -> dict[str, Any]:
        """Return a small result itself, or a presigned URL of a large one."""
        if stored.body is None:
            return {"result_url": self.store.address(key, self.url_seconds), "expires_in": self.url_seconds}
        return {"result": _read(stored.body, ticket)}

    def _place(self, uri: str, prefix: str, fallback: str) -> str:
        """Return the key in a ticket's S3 URI, which must lie below the given prefix."""
        return object_keys.key_of(uri, self.store.name, prefix) or fallback


def _job_input(record: AsyncRecord, body: bytes, content_type: str | None, uploads: str, bucket: str) -> JobInput:
    """Read the body: a request, or the key of an upload."""
    document = parse_object(body) if formats.media_type(content_type) == formats.JSON else {}
    if "input" not in document:
        return JobInput(formats.read(body, content_type))
    given = document["input"]
    if set(document) != {"input"}:
        raise BadRequest("a request with 'input' has nothing beside it: parameters are in the uploaded object")
    key = object_keys.uploaded_key(record.blueprint, given, bucket) if isinstance(given, str) else None
    if key is None:
        raise BadRequest(
            f"'input' must be the key or S3 URI of an upload to this blueprint, {uploads}…",
            "input",
        )
    return JobInput(key)


def payload(record: AsyncRecord, request: InferenceRequest) -> bytes:
    """Return the request as containers and the worker read it. Raises `BadRequest` if the blueprint does not accept it.

    A container gets its own format, with the blueprint's own parameters merged with the caller's. The worker adds them
    itself, since it treats what it reads here as the caller's and applies the guardrail to it.
    """
    prepared_request = prepared(record.target, request)
    if record.source == "sagemaker":
        payload_format = containers.of(record.target.format)
        if not payload_format.together and len(request.inputs) > 1:
            raise BadRequest("the model behind this blueprint takes one input per asynchronous request", "inputs")
        return payload_format.encode(prepared_request.inputs, prepared_request)
    check_sendable(prepared_request)
    return dumps({"inputs": list(request.inputs), "parameters": dict(request.parameters)}).encode()


def expected_answer(record: AsyncRecord, job_input: JobInput) -> dict[str, Any]:
    """Return how to read the result later: the format of the container, if that is not the platform's own.

    An upload is in the container's format, and so is its result.
    """
    if record.source != "sagemaker" or record.target.format == "inputs" or isinstance(job_input.content, str):
        return {}
    return {"format": record.target.format, "inputs": len(job_input.content.inputs)}


def _read(body: bytes, ticket: Mapping[str, Any]) -> Any:
    """Parse a container's output: by its format, else as JSON, or as text if it does not start like JSON."""
    if "format" in ticket:
        return {"outputs": containers.of(str(ticket["format"])).decode(body, int(ticket["inputs"])).outputs}
    try:
        return model_answers.loads(body)
    except MalformedAnswer:
        if body.lstrip()[:1] in (b"{", b"["):
            raise
        return model_answers.text(body)


def reason_in(body: bytes | None) -> dict[str, str]:
    """Read a failure object: the worker's is JSON, a container's is its raw response."""
    text = readable((body or b"").decode("utf-8", "replace"))
    try:
        error = loads(text)["error"]
        return {"type": readable(str(error["type"])), "message": readable(str(error["message"]))}
    except (ValueError, KeyError, TypeError):
        return {"type": "ModelFailed", "message": text[:2000] or "the model failed and said nothing"}


def _check_size(record: AsyncRecord, size: int) -> None:
    if size > record.max_input_bytes:
        raise PayloadTooLarge(f"the input has {size} bytes, of {record.max_input_bytes} that this blueprint takes")
