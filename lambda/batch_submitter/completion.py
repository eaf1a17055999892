"""Complete requests: record ended jobs and, after the last one, join, catalogue and publish the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from batch_submitter import progress
from batch_submitter.joining import Joiner
from batch_submitter.ranges import describe
from batch_submitter.submission import Work
from inference_common import emf
from inference_common.errors import Unavailable
from inference_common.json_output import dumps

Document = dict[str, Any]


@dataclass(frozen=True)
class Sinks:
    """Where results are reported. `crawl` starts a crawler by name; `publish` sends subject and text to the topic."""

    crawl: Callable[[str], None]
    publish: Callable[[str, str], None]
    namespace: str
    emit: Callable[[Sequence[str]], None] = emf.emit
    now_ms: Callable[[], int] = emf.milliseconds


class Completion:
    """Completes requests. Safe to repeat in any order and concurrently, since events are delivered at least once."""

    def __init__(self, work: Work, sinks: Sinks) -> None:
        self._work = work
        self._sinks = sinks

    def job_ended(self, name: str) -> None:
        """Check a job that may have ended, and finish the attempt if it was the last one."""
        work, paths = self._work, self._work.paths
        state = progress.read(work.store, paths)
        number = (
            next((a["attempt"] for a in state.attempts for job in a["jobs"] if job["name"] == name), 0) if state else 0
        )
        if state is None or number == 0:
            # The event overtook the response that created the job; a retry will find it.
            raise Unavailable(f"there is no record of the job {name}")
        if name not in state.ends:
            created = work.store.read_json(paths.created(name))
            if created is None:
                raise Unavailable(f"there is no record of the job {name}")
            end = work.jobs.poll(created["identifier"])
            if end.status is None:
                return
            seconds = round(end.seconds, 3)
            work.store.put_once(paths.ended(name), {"status": end.status, "reason": end.reason, "seconds": seconds})
        self.finish(number, name)

    def finish(self, number: int, owner: str) -> None:
        """Join an attempt whose jobs have all ended. Only one of several concurrent invocations does it."""
        work, paths = self._work, self._work.paths
        state = progress.read(work.store, paths)
        if state is None or state.unfinished(number):
            return
        if not work.store.put_once(paths.claim(number), {"owner": owner}):
            claim = work.store.read_json(paths.claim(number)) or {}
            if claim.get("owner") != owner:
                return
        if number not in state.results:
            result = self._joined(state, number)
            if work.store.put_once(paths.result(number), result):
                self._sinks.emit(self._metrics(result))
            state.results[number] = result
        crawler = work.blueprint.batch.get("crawler")
        if crawler:
            self._sinks.crawl(str(crawler))
        self._notify(state)

    def _joined(self, state: progress.Progress, number: int) -> Document:
        work = self._work
        attempts = state.attempts[:number]
        tally = Joiner(work.store, work.jobs, work.paths).join(attempts)
        ends = [state.ends[job["name"]] for attempt in attempts for job in attempt["jobs"]]
        seconds = sum(float(end["seconds"]) for end in ends)
        longest = max((float(end["seconds"]) for end in ends), default=0.0)
        return {
            "attempt": number,
            "records": tally.document(),
            "missing": tally.missing,
            "again": tally.again,
            "tokens": tally.tokens,
            "seconds": round(seconds, 3),
            "records_per_hour": round(tally.succeeded / longest * 3600) if longest else None,
            **tally.cost(work.blueprint.batch, seconds),
            "jobs_failed": sum(end["status"] != "Completed" for end in ends),
        }

    def _metrics(self, result: Document) -> list[str]:
        records = result["records"]
        lost = records["total"] - records["succeeded"]
        metrics: dict[str, tuple[float, str]] = {
            "Requests": (1, "Count"),
            "Records": (records["succeeded"], "Count"),
            "RecordsWithoutOutput": (lost, "Count"),
            "RecordsWithoutOutputShare": (100 * lost / records["total"], "Percent"),
            "JobsFailed": (result["jobs_failed"], "Count"),
            "JobSeconds": (result["seconds"], "Seconds"),
        }
        if result["records_per_hour"]:
            metrics["RecordsPerHour"] = (result["records_per_hour"], "None")
        if result["cost_usd"] is not None:
            metrics["EstimatedCost"] = (result["cost_usd"], "None")
        return [self._line(metrics)]

    def _line(self, metrics: emf.Metrics) -> str:
        paths = self._work.paths
        fields = {"request_id": paths.request_id}
        return emf.line(
            self._sinks.namespace, {"Blueprint": paths.blueprint}, metrics, fields, now_ms=self._sinks.now_ms()
        )

    def refused(self, refusal: Document) -> None:
        """Report a refused request that has no waiting caller."""
        paths = self._work.paths
        self._sinks.emit([self._line({"Requests": (1, "Count"), "RequestsRefused": (1, "Count")})])
        self._publish("failed", {"request_id": paths.request_id, "status": "failed", "reason": refusal["message"]})

    def _notify(self, state: progress.Progress) -> None:
        # A repeated notification reports this attempt, even if another one is being prepared.
        answer = progress.answer(replace(state, preparing=False), self._work.paths, self._work.store.bucket)
        result = state.result or {}
        if result.get("missing"):
            answer["missing"] = describe(result["missing"], most=50)
        self._publish(str(answer["status"]), answer)

    def _publish(self, status: str, document: Document) -> None:
        subject = f"Batch {self._work.blueprint.name}: {status}"
        self._sinks.publish(subject[:100], dumps({"blueprint": self._work.blueprint.name, **document}, indent=2))
