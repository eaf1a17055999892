"""Submit a request: validate and count its input, split it into parts and create the jobs.

Every step leaves a write-once object, so that a repeated or resumed request continues where the last one stopped, and
concurrent invocations reach the same result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from batch_submitter import progress, records
from batch_submitter.blueprint import Blueprint
from batch_submitter.object_keys import INPUT, PARTS, RequestPaths, input_prefix
from batch_submitter.progress import name_of
from batch_submitter.ranges import Ranges, add, count, numbers
from batch_submitter.records import Input
from batch_submitter.services import JobRefused, JobRequest, Jobs
from batch_submitter.store import Store, Upload
from inference_common import formats
from inference_common.errors import (
    BadRequest,
    InternalError,
    PayloadTooLarge,
    ServiceError,
    Unavailable,
    UnknownRequest,
)
from inference_common.json_input import loads
from inference_common.records import Record

Document = dict[str, Any]
MOST_ATTEMPTS = 9


@dataclass(frozen=True)
class Work:
    """One request, with everything needed to process it."""

    store: Store
    jobs: Jobs
    blueprint: Blueprint
    paths: RequestPaths
    name_prefix: str
    tags: Mapping[str, str]
    clock: Callable[[], float] = time.time
    model: Callable[[], Document | None] = lambda: None
    """Returns the model for a request that starts now: name and version."""

    # ---- the request --------------------------------------------------------------------------------------------

    def register(self, key: str, owner: str, started_by: str, called: str) -> Document:
        """Write the request's first object: input, owner and the current version of the input."""
        known = self.store.read_json(self.paths.request)
        if known is not None:
            if known.get("owner") != owner:
                raise self.unknown()
            if known["key"] != key:
                raise BadRequest(
                    f"the request '{called}' is there already, for the input '{known['key']}'",
                    "request_id",
                )
            now = self.store.head(key)
            if now is not None and now["ETag"] != known["etag"]:
                raise BadRequest(
                    f"the request '{called}' is there already, for '{key}' as it was then; "
                    "the object has changed since: use another request_id for its present content",
                    "request_id",
                )
            return dict(known)
        head = self.store.head(key)
        if head is None:
            raise BadRequest(f"there is no object '{key}'", "input")
        request = {
            "request_id": self.paths.request_id,
            "name": called,
            "owner": owner,
            "key": key,
            "etag": head["ETag"],
            "size": head["ContentLength"],
            "format": records.format_of(key, str(self.blueprint.batch.get("format", "auto"))),
            "column": self.blueprint.batch.get("column"),
            "delimiter": delimiter_of(self.blueprint),
            "id": self.blueprint.batch.get("id"),
            "types": dict(self.blueprint.batch.get("types") or {}),
            "started_by": started_by,
            "at": self.clock(),
        }
        # All attempts use the same model: two versions would mix their answers.
        model = self.model()
        if model is not None:
            request["model"] = model
        if self.store.put_once(self.paths.request, request):
            return request
        return self.register(key, owner, started_by, called)

    def unknown(self) -> UnknownRequest:
        """Return the error for a request that does not exist or has another owner."""
        return UnknownRequest(f"there is no request '{self.paths.request_id}' for '{self.blueprint.name}'")

    def begin(self, number: int) -> bool:
        """Claim the preparation of a large attempt; return whether this invocation has the claim."""
        now = self.clock()
        return self.store.put_once(self.paths.begun(number), {"at": now}) or not progress.being_prepared(
            self.store.read_json(self.paths.begun(number)), now
        )

    # ---- the first attempt --------------------------------------------------------------------------------------

    def start(self, request: Document) -> None:
        """Prepare the input and create its jobs, as far as not done yet."""
        attempt = self.store.read_json(self.paths.attempt(1))
        if attempt is None:
            attempt = self._prepared(request)
        self._ask(attempt, request)

    def _prepared(self, request: Document) -> Document:
        given = _given(request)
        total, good, first = self._counted(given)
        self._check(total, good, first, request)
        records_found = ((number, record) for number, record in self._read(given) if record.error is None)
        return self._write_attempt(1, records_found, good, total)

    def _counted(self, given: Input) -> tuple[int, int, str]:
        """Count all records and the valid ones; also return the first invalid one.

        Writes the errors of invalid records, and the caller's record ids.
        """
        total = bad = 0
        first = ""
        with Upload(self.store, self.paths.bad_records) as upload, Upload(self.store, self.paths.ids) as ids:
            for number, record in self._read(given):
                total += 1
                if record.id is not None:
                    ids.write({"record": number, "id": record.id})
                if record.error is not None:
                    bad += 1
                    first = first or f"record {number}: {record.error}"
                    upload.write({"record": number, "error": {"type": "BadRecord", "message": record.error}})
        return total, total - bad, first

    def _read(self, given: Input) -> Iterator[tuple[int, Record]]:
        def refused(value: Any) -> str:
            return self.jobs.refusal(value, self.blueprint)

        return enumerate(records.read(self.store, given, refused))

    def _check(self, total: int, good: int, first: str, request: Document) -> None:
        least, most = int(self.blueprint.batch["minimum_records"]), int(self.blueprint.batch["maximum_records"])
        if total == 0:
            raise BadRequest(f"'{request['key']}' has no records", "input")
        if good < least:
            bad = f"; {total - good} of {total} are not valid; the first, {first}" if good < total else ""
            raise BadRequest(
                f"'{request['key']}' has {good} records, fewer than the {least} that a job of this model takes{bad}",
                "input",
            )
        if good > most:
            raise PayloadTooLarge(f"'{request['key']}' has {good} records, more than the {most} of one request")
        self.blueprint.bounded(good)

    # ---- a further attempt --------------------------------------------------------------------------------------

    def retry(self, request: Document, last: int, result: Document) -> None:
        """Retry only the records without an answer that may get one."""
        attempt = self.store.read_json(self.paths.attempt(last + 1))
        if attempt is None:
            ranges = self._filled_up(self.left(request, last, result), int(result["records"]["total"]))
            chosen = _only(self._read(_given(request)), ranges)
            good = ((number, record) for number, record in chosen if record.error is None)
            attempt = self._write_attempt(last + 1, good, count(ranges), int(result["records"]["total"]))
        self._ask(attempt, request)

    def left(self, request: Document, last: int, result: Document) -> Ranges:
        """Return the records to retry. Raises `BadRequest` if there are none."""
        ranges: Ranges = [list(pair) for pair in result["again"]]
        if not ranges:
            raise BadRequest(f"no record of '{name_of(request)}' is left that another try could help", "retry")
        if last >= MOST_ATTEMPTS:
            raise BadRequest(f"'{name_of(request)}' was tried {last} times already", "retry")
        current = self.store.head(request["key"])
        if current is None or current["ETag"] != request["etag"]:
            raise BadRequest(f"'{request['key']}' is not what it was when the request was made", "input")
        return ranges

    def _filled_up(self, ranges: Ranges, total: int) -> Ranges:
        """Fill up to the minimum of a job with answered records, which keep the answers they have."""
        short = int(self.blueprint.batch["minimum_records"]) - count(ranges)
        if short <= 0:
            return ranges
        chosen, bad = set(numbers(ranges)), set(numbers(self._bad()))
        for number in range(total):
            if short > 0 and number not in chosen and number not in bad:
                chosen.add(number)
                short -= 1
        filled: Ranges = []
        for number in sorted(chosen):
            add(filled, number)
        return filled

    def _bad(self) -> Ranges:
        ranges: Ranges = []
        for line in self.store.lines(self.paths.bad_records):
            add(ranges, loads(line)["record"])
        return ranges

    # ---- all attempts -------------------------------------------------------------------------------------------

    def _write_attempt(self, number: int, records: Iterator[tuple[int, Record]], expected: int, total: int) -> Document:
        """Write parts of about equal size, so that the last one does not fall below the model's minimum."""
        parts = []
        sizes = _sizes(expected, self.blueprint.records_per_file)
        for index, size in enumerate(sizes):
            ranges: Ranges = []
            key = self.paths.part(number, index)
            with Upload(self.store, key) as upload:
                for _, (record_number, record) in zip(range(size), records, strict=False):
                    upload.write_line(self.jobs.line(record_number, record.input, self.blueprint))
                    add(ranges, record_number)
            if count(ranges) != size:
                raise Unavailable(f"'{key}' has {count(ranges)} of {size} records: the input changed while it was read")
            family = str(self.blueprint.batch.get("base_model_id", ""))
            parts.append({"key": key, "ranges": ranges, "family": family, "format": self.blueprint.format})
        groups = [list(range(len(parts)))] if self.jobs.together else [[index] for index in range(len(parts))]
        attempt = {
            "attempt": number,
            "at": self.clock(),
            "records": total,
            "parts": parts,
            "jobs": [
                {"name": self.paths.job(self.name_prefix, number, index), "parts": group}
                for index, group in enumerate(groups)
            ],
            "output": self.paths.raw(number),
        }
        if not self.store.put_once(self.paths.attempt(number), attempt):
            # A concurrent invocation wrote the same parts: equal input gives equal bytes.
            return dict(self.store.read_json(self.paths.attempt(number)) or attempt)
        return attempt

    def _ask(self, attempt: Document, request: Document) -> None:
        """Create the jobs that do not exist yet. A refused job has ended, with the service's reason."""
        # Requests from before releases of batch jobs name no model.
        model = (request.get("model") or {}).get("name") or self.blueprint.batch.get("model_name", "")
        for job in attempt["jobs"]:
            name = job["name"]
            if self.store.read_json(self.paths.created(name)) is not None:
                continue
            keys = [attempt["parts"][index]["key"] for index in job["parts"]]
            folder = self.paths.parts(int(attempt["attempt"]))
            job_request = JobRequest(name, keys, folder, attempt["output"], self.tags, str(model))
            try:
                identifier = self.jobs.create(job_request, self.blueprint)
            except JobRefused as refused:
                self.store.put_once(
                    self.paths.ended(name), {"status": "Refused", "reason": str(refused)[:1000], "seconds": 0}
                )
                identifier = ""
            self.store.put_once(self.paths.created(name), {"identifier": identifier, "at": self.clock()})

    def refuse(self, error: ServiceError) -> Document:
        """Record a refusal, which is final: repeating the request returns it."""
        document = {"code": error.type, "message": error.message, "at": self.clock()}
        if not self.store.put_once(self.paths.refusal, document):
            return dict(self.store.read_json(self.paths.refusal) or document)
        with Upload(self.store, self.paths.errors) as upload:
            upload.write({"error": {"type": error.type, "message": error.message}})
        return document


def _given(request: Document) -> Input:
    named = ("key", "etag", "size", "format", "column")
    # Requests from before rows as inputs have no types and no column of names.
    later = {name: request[name] for name in ("delimiter", "id", "types") if name in request}
    return Input(**{name: request[name] for name in named}, **later)


def delimiter_of(blueprint: Blueprint) -> str | None:
    """Return the CSV delimiter of the blueprint, if it sets one."""
    given = blueprint.batch.get("delimiter")
    delimiter = formats.delimiter_of(str(given)) if given else None
    if given and delimiter is None:
        raise InternalError(f"the route record of '{blueprint.name}' names no delimiter: {given}")
    return delimiter


def key_of(given: Any, blueprint: str, bucket: str) -> str:
    """Return the key of an input given as key or S3 URI, which must be in the blueprint's own folder."""
    if not isinstance(given, str) or not given:
        raise BadRequest("'input' must be a key or an S3 URI", "input")
    key = given.removeprefix(f"s3://{bucket}/")
    prefix = input_prefix(blueprint)
    if not key.startswith(prefix) or key.endswith("/") or ".." in key or key.startswith(f"{INPUT}{PARTS}/"):
        raise BadRequest(f"'input' must be an object below s3://{bucket}/{prefix}", "input")
    return key


def _sizes(expected: int, most: int) -> list[int]:
    """Split `expected` into the fewest parts of at most `most`, of about equal size."""
    parts = math.ceil(expected / most)
    return [expected // parts + (index < expected % parts) for index in range(parts)]


def _only(records: Iterator[tuple[int, Record]], ranges: Ranges) -> Iterator[tuple[int, Record]]:
    """Yield the records of an ordered stream whose numbers are in the ranges, reading no further than needed."""
    expected = iter(numbers(ranges))
    number = next(expected, None)
    if number is None:
        return
    for at, record in records:
        if at == number:
            yield at, record
            number = next(expected, None)
            if number is None:
                return
