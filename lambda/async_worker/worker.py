"""Process one request, from its message to its outcome. AWS access is injected.

recorded outcome? → input → router → result or failure → topic
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from async_worker import settlement
from async_worker.messages import Job
from async_worker.notifications import notification
from async_worker.settings import Settings
from async_worker.settlement import Outcome
from inference_common.errors import ServiceError
from inference_common.requests import parse_request
from inference_routing.callers import Access
from inference_routing.deadline import Deadline
from inference_routing.dispatch import Reply
from inference_routing.request_context import RequestContext

MAX_INPUTS = 1000
"""Inputs of one uploaded request; the synchronous API accepts 100."""


class RetryLater(Exception):
    """A transient failure: the message returns to its queue."""


class Store(settlement.Store, Protocol):
    def input(self, key: str, at_most: int) -> bytes: ...


class RequestRouter(Protocol):
    def answer(self, request: Any, access: Access, kinds: Any, deadline: Deadline, ctx: RequestContext) -> Reply: ...


@dataclass(frozen=True)
class Worker:
    settings: Settings
    region: str
    store: Store
    router: RequestRouter
    publish: Callable[[str, Mapping[str, Any]], None]
    now: Callable[[], datetime]

    def work(self, job: Job, deadline: Deadline, ctx: RequestContext) -> Outcome:
        """Settle one request and publish its outcome. Raises `RetryLater` for transient failures."""
        try:
            outcome = settlement.settled(self.store, job) or self._end(job, deadline, ctx)
            self._report(job, outcome, ctx)
        except ServiceError as error:
            # Raised by S3 or SNS; errors of the request itself are outcomes.
            raise RetryLater(f"{error.type}: {error.message}") from error
        return outcome

    def _end(self, job: Job, deadline: Deadline, ctx: RequestContext) -> Outcome:
        if job.given_up:
            return settlement.fail(self.store, job, "GivenUp", "no worker finished this request")
        if self._age(job) > self.settings.ttl_seconds:
            rule = f"the request waited longer than {self.settings.ttl_seconds} s"
            return settlement.fail(self.store, job, "Expired", rule)
        try:
            reply = self._ask(job, deadline, ctx)
        except ServiceError as error:
            if error.transient and job.received < self.settings.max_attempts:
                raise
            return settlement.fail(self.store, job, error.type, error.message)
        return settlement.complete(self.store, job, result_of(reply), metadata_of(reply))

    def _ask(self, job: Job, deadline: Deadline, ctx: RequestContext) -> Reply:
        body = self.store.input(job.input_key, self.settings.max_input_bytes)
        request = parse_request(body, MAX_INPUTS)
        return self.router.answer(request, Access(), ("async",), deadline, ctx)

    def _report(self, job: Job, outcome: Outcome, ctx: RequestContext) -> None:
        topic = self.settings.success_topic_arn if outcome.completed else self.settings.error_topic_arn
        target = ctx.outcome.answered_by
        model = target.address if target else ""
        self.publish(topic, notification(job, outcome, self.settings.bucket, self.region, model, self.now()))

    def _age(self, job: Job) -> float:
        return (self.now() - datetime.fromtimestamp(job.sent_ms / 1000, UTC)).total_seconds()


def result_of(reply: Reply) -> dict[str, Any]:
    """Return the result document, in the format of the platform's containers."""
    document: dict[str, Any] = {"outputs": reply.outputs, "model": reply.model}
    if reply.usage is not None:
        document["usage"] = reply.usage
    return document


def metadata_of(reply: Reply) -> dict[str, str]:
    """Return the fidelity of the response, if the backend reports one."""
    return {"fidelity": reply.fidelity} if reply.fidelity else {}
