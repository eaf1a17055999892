"""How far a request is: read from the objects that it has left, and nowhere else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from batch_submitter.object_keys import RequestPaths
from batch_submitter.ranges import describe
from batch_submitter.store import Store

Document = dict[str, Any]
PREPARING_SECONDS = 900
"""What preparing an attempt can take at most: the function's own time."""
GIVEN_UP_SECONDS = 2 * 3600
"""After this nobody prepares a request any more. Lambda tries what was called without waiting three times, within an
hour, and the last try has the function's own time."""
GIVEN_UP = "the input could not be prepared: no try came to an end; ask again under another request_id"


@dataclass(frozen=True)
class Progress:
    """Everything that is known of one request; `attempts` in their order, `results` by attempt."""

    request: Document
    refusal: Document | None
    attempts: list[Document]
    ends: dict[str, Document]
    results: dict[int, Document]
    made: frozenset[str] = frozenset()
    """Names of the jobs that the service has told it made."""
    preparing: bool = False
    """A further attempt, of a large input."""
    given_up: bool = False
    """Nobody is at it any more, and there is neither a job nor a refusal."""

    @property
    def last(self) -> int:
        return len(self.attempts)

    @property
    def result(self) -> Document | None:
        """Of the last attempt, if that has ended."""
        return self.results.get(self.last)

    def unfinished(self, number: int) -> list[str]:
        return [job["name"] for job in self.attempts[number - 1]["jobs"] if job["name"] not in self.ends]


def read(store: Store, paths: RequestPaths) -> Progress | None:
    """None when nobody has made this request."""
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
    # Only where the last attempt has ended there may be another one.
    begun = store.read_json(paths.begun(len(attempts) + 1)) if attempts and len(attempts) in results else None
    preparing = being_prepared(begun, time.time())
    refusal = store.read_json(paths.refusal)
    # Whatever the input did to the function: a request is not `accepted` for ever.
    given_up = not attempts and refusal is None and time.time() - float(request["at"]) > GIVEN_UP_SECONDS
    return Progress(request, refusal, attempts, ends, results, made, preparing, given_up=given_up)


def being_prepared(begun: Document | None, now: float) -> bool:
    """Whether somebody may be at it at this moment, by what was left at the beginning."""
    return begun is not None and now - float(begun["at"]) < PREPARING_SECONDS


def name_of(request: Document) -> str:
    """Name a request as its owner does. Requests that are older than owners have no name but their id."""
    return str(request.get("name", request["request_id"]))


def answer(progress: Progress, paths: RequestPaths, bucket: str) -> Document:
    """What callers hear."""
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
    """A job that no service has told of is none: asking for it broke off, and whoever repeats the request asks on."""
    return "InProgress" if name in progress.made else "NotCreated"


def _why(end: Document) -> Document:
    return {"reason": end["reason"]} if end.get("reason") else {}
