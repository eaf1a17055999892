"""Read the progress of a request from its state objects."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from batch_submitter.object_keys import RequestPaths
from batch_submitter.ranges import describe
from batch_submitter.store import Store

Document = dict[str, Any]
PREPARING_SECONDS = 900
"""Maximum time to prepare an attempt: the function's timeout."""
GIVEN_UP_SECONDS = 2 * 3600
"""After this time no invocation is preparing the request any more: Lambda makes three attempts within an hour, each
limited by the function's timeout."""
GIVEN_UP = "the input could not be prepared: no attempt finished; submit it again with another request_id"


@dataclass(frozen=True)
class Progress:
    """The state of one request; `attempts` in order, `results` by attempt."""

    request: Document
    refusal: Document | None
    attempts: list[Document]
    ends: dict[str, Document]
    results: dict[int, Document]
    made: frozenset[str] = frozenset()
    """Names of the jobs whose creation the service has confirmed."""
    preparing: bool = False
    """Whether another attempt at a large input is being prepared."""
    given_up: bool = False
    """Whether preparation was abandoned without a job or a refusal."""

    @property
    def last(self) -> int:
        return len(self.attempts)

    @property
    def result(self) -> Document | None:
        """Return the result of the last attempt, if it has ended."""
        return self.results.get(self.last)

    def unfinished(self, number: int) -> list[str]:
        return [job["name"] for job in self.attempts[number - 1]["jobs"] if job["name"] not in self.ends]


def read(store: Store, paths: RequestPaths) -> Progress | None:
    """Read the state of a request; None if it does not exist."""
    request = store.read_json(paths.request)
    if request is None:
        return None
    attempts: list[Document] = []
    while (attempt := store.read_json(paths.attempt(len(attempts) + 1))) is not None:
        attempts.append(attempt)
    names = [job["name"] for attempt in attempts for job in attempt["jobs"]]
    ends = {name: end for name in names if (end := store.read_json(paths.ended(name))) is not None}
    numbers = range(1, len(attempts) + 1)
    results = {number: found for number in numbers if (found := store.read_json(paths.result(number))) is not None}
    made = frozenset(name for name in names if name in ends or store.read_json(paths.created(name)) is not None)
    # Another attempt can begin only after the last one has ended.
    begun = store.read_json(paths.begun(len(attempts) + 1)) if attempts and len(attempts) in results else None
    preparing = being_prepared(begun, time.time())
    refusal = store.read_json(paths.refusal)
    # A request must not stay `accepted` forever, even if its input crashes the function.
    given_up = not attempts and refusal is None and time.time() - float(request["at"]) > GIVEN_UP_SECONDS
    return Progress(request, refusal, attempts, ends, results, made, preparing, given_up=given_up)


def being_prepared(begun: Document | None, now: float) -> bool:
    """Return whether an invocation may be preparing the attempt now."""
    return begun is not None and now - float(begun["at"]) < PREPARING_SECONDS


def name_of(request: Document) -> str:
    """Return the owner's name for a request; requests from before owners have only an id."""
    return str(request.get("name", request["request_id"]))


def answer(progress: Progress, paths: RequestPaths, bucket: str) -> Document:
    """Build the status document for callers."""
    jobs = [
        {
            "name": job["name"],
            "status": progress.ends.get(job["name"], {}).get("status", _going(progress, job["name"])),
            "attempt": attempt["attempt"],
            **_why(progress.ends.get(job["name"], {})),
        }
        for attempt in progress.attempts
        for job in attempt["jobs"]
    ]
    document: Document = {
        "request_id": name_of(progress.request),
        "partition": paths.request_id,
        "blueprint": paths.blueprint,
        "status": status(progress),
        "input": f"s3://{bucket}/{progress.request['key']}",
        "jobs": jobs,
        "output": f"s3://{bucket}/{paths.results}",
        "errors": f"s3://{bucket}/{paths.errors}",
        "records": {},
    }
    version = (progress.request.get("model") or {}).get("version")
    if version:
        document["model_version"] = version
    result = progress.result
    if progress.attempts:
        document["records"] = {"total": progress.attempts[0]["records"]}
    if result:
        document["records"] = result["records"]
        for name in ("seconds", "records_per_hour", "cost_usd", "cost_unknown"):
            if result.get(name) is not None:
                document[name] = result[name]
        if result["missing"]:
            document["reason"] = f"without an answer: records {describe(result['missing'])}"
    if progress.refusal or progress.given_up:
        document["reason"] = progress.refusal["message"] if progress.refusal else GIVEN_UP
    return document


def status(progress: Progress) -> str:
    if progress.refusal or progress.given_up:
        return "failed"
    if not progress.attempts or progress.preparing:
        return "accepted"
    result = progress.result
    if result is None:
        begun = any(job["name"] in progress.made for job in progress.attempts[-1]["jobs"])
        return "running" if begun else "accepted"
    records = result["records"]
    if records["succeeded"] == records["total"]:
        return "completed"
    return "partly_failed" if records["succeeded"] else "failed"


def _going(progress: Progress, name: str) -> str:
    """Return the status of an unfinished job. Repeating the request creates unconfirmed jobs."""
    return "InProgress" if name in progress.made else "NotCreated"


def _why(end: Document) -> Document:
    return {"reason": end["reason"]} if end.get("reason") else {}
