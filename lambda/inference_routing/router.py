"""Route one request from blueprint to reply, for every API. Clients, clock and randomness are injected.

access → route (with references) → limits → guardrail → targets (and shadow) → guardrail
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference_common.errors import BadRequest, InternalError, NotReady, ServiceError, UnknownBlueprint
from inference_common.model_answers import checked
from inference_common.requests import InferenceRequest
from inference_common.sendable import check_sendable
from inference_routing.callers import Access
from inference_routing.circuit_breaker import CircuitBreaker
from inference_routing.deadline import Deadline
from inference_routing.dispatch import Backend, Dispatcher, PartialResponses, Reply
from inference_routing.references import resolve
from inference_routing.request_context import RequestContext
from inference_routing.request_parameters import check_any, prepared
from inference_routing.route_table import RouteTable
from inference_routing.routes import WAITED_FOR, Route, Target
from inference_routing.selection import choose, draw_for
from inference_routing.timeouts import within

if TYPE_CHECKING:
    from inference_routing.guardrail import Gate, Judge
    from inference_routing.shadow import ShadowCall

REFERENCE_SECONDS = 1.0
"""Time limit for looking up one stand-in, which the request may not need."""
SECONDS_AFTER = 2.0
"""Time reserved for checking the model's answer against the guardrail."""


@dataclass
class Router:
    """Answers requests; one instance serves all requests of an execution environment."""

    table: RouteTable
    backends: Mapping[str, Backend]
    judge: Judge
    breaker: CircuitBreaker
    clock: Callable[[], float]
    pause: Callable[[float], None]
    draw: Callable[[], float]
    shadow_wait_seconds: float

    def answer(
        self, request: InferenceRequest, access: Access, kinds: Collection[str], deadline: Deadline, ctx: RequestContext
    ) -> Reply:
        """Answer a request to the blueprint in `ctx`, and record there what happens."""
        try:
            return self._answer(request, access, kinds, deadline, ctx)
        except (BadRequest, InternalError, NotReady) as error:
            # A cached record whose model no longer exists fails like this too: the role may have lost its access.
            if error.charged or not ctx.outcome.attempts or not self._is_outdated(ctx, deadline):
                raise
        return self._answer(request, access, kinds, deadline, ctx)

    def _is_outdated(self, ctx: RequestContext, deadline: Deadline) -> bool:
        """Return whether the blueprint's record has changed since it was cached."""
        try:
            return self.table.renewed(ctx.blueprint, min(REFERENCE_SECONDS, deadline.call_timeout()))
        except ServiceError:
            return False  # report the first error

    def _answer(
        self, request: InferenceRequest, access: Access, kinds: Collection[str], deadline: Deadline, ctx: RequestContext
    ) -> Reply:
        access.check(ctx.blueprint)
        route = self._resolved(self.route(ctx, kinds, deadline), ctx, deadline)
        route.limits.check(len(request.inputs))
        check_any((*route.targets, *([route.shadow.target] if route.shadow else [])), request)
        gate = self._gate(route, ctx)
        if gate:
            request = gate.check_input(request, deadline.before(SECONDS_AFTER))
        ctx.request = request
        shadowed = self._start_shadow(route, request, deadline, ctx)
        reply = self._dispatch(route, request, deadline.before(SECONDS_AFTER) if gate else deadline, ctx)
        if shadowed:
            # Before the guardrail, so as to compare models, not masks. Never wait at the cost of the response.
            spare = deadline.remaining() - (SECONDS_AFTER if gate else 0)
            ctx.comparison = shadowed.compare(reply, min(self.shadow_wait_seconds, spare))
        if gate:
            reply = gate.check_output(reply, deadline)
        ctx.reply = reply
        return reply

    def route(self, ctx: RequestContext, kinds: Collection[str], deadline: Deadline) -> Route:
        """Return the route of a blueprint of one of these kinds, or of any synchronous kind if none are given."""
        entry = self.table.get(ctx.blueprint, deadline.call_timeout())
        ctx.route, ctx.stale = entry
        if kinds and entry.route.kind not in kinds:
            raise UnknownBlueprint(
                f"the blueprint '{ctx.blueprint}' is of kind '{entry.route.kind}', not {' or '.join(sorted(kinds))}"
            )
        if not kinds and entry.route.kind not in WAITED_FOR:
            raise UnknownBlueprint(
                f"the blueprint '{ctx.blueprint}' is of kind '{entry.route.kind}', which does not answer while the "
                f"caller waits: ask POST /{entry.route.kind}/{ctx.blueprint}"
            )
        return entry.route

    def _resolved(self, route: Route, ctx: RequestContext, deadline: Deadline) -> Route:
        """Resolve references. Access is checked for the requested blueprint, not for its stand-ins."""
        resolved = resolve(
            route, lambda name: self.table.referred(name, min(REFERENCE_SECONDS, deadline.call_timeout()))
        )
        ctx.outcome.skipped = resolved.skipped
        ctx.stale = ctx.stale or resolved.stale
        return resolved.route

    def _dispatch(self, route: Route, request: InferenceRequest, deadline: Deadline, ctx: RequestContext) -> Reply:
        unhealthy = {t.name for t in route.targets if not self.breaker.admits(t.key)}
        decision = choose(route.targets, unhealthy, draw_for(ctx.request_id))
        ctx.outcome.reason = decision.reason
        dispatcher = Dispatcher(self._call_target, self.breaker, self.pause, self.draw)
        return dispatcher.dispatch(route, decision, request, deadline, ctx.outcome)

    def _call_target(
        self, target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses
    ) -> Reply:
        prepared_request = prepared(target, request)
        return within(deadline.call_timeout(), lambda: self._call_backend(target, prepared_request, deadline, kept))

    def _call_backend(
        self, target: Target, prepared_request: InferenceRequest, deadline: Deadline, kept: PartialResponses
    ) -> Reply:
        """Call one target and check that its answer can be written as JSON; nothing downstream checks again."""
        backend = self.backends.get(target.source)
        if backend is None:
            raise InternalError(
                f"the target '{target.name}' is of the source {target.source}, which this function cannot call"
            )
        check_sendable(prepared_request)
        reply = backend.invoke(target, prepared_request, deadline, kept)
        checked({"outputs": reply.outputs, "model": reply.model})
        return reply

    def _start_shadow(
        self, route: Route, request: InferenceRequest, deadline: Deadline, ctx: RequestContext
    ) -> ShadowCall | None:
        if route.shadow is None:
            return None
        from inference_routing.shadow import is_shadowed, start_shadow

        if not is_shadowed(route, ctx.request_id):
            return None
        target = route.shadow.target

        def call_target() -> Reply:
            return self._call_backend(target, prepared(target, request), deadline, {})

        return start_shadow(target, call_target, self.clock)

    def _gate(self, route: Route, ctx: RequestContext) -> Gate | None:
        if route.guardrail is None:
            return None
        from inference_routing.guardrail import Gate, patiently

        judge = patiently(self.judge, route.guardrail, within, route.retry, self.pause, self.draw)
        return Gate(route.guardrail, judge, ctx.verdicts)
