"""Build metrics and log fields of a request; payloads only if configured. Pure."""

from __future__ import annotations

from typing import Any

from inference_common.emf import line
from inference_common.errors import ServiceError
from inference_common.logs import described
from inference_routing.request_context import RequestContext
from inference_routing.routes import Target


def metric_lines(
    ctx: RequestContext, namespace: str, seconds: float, error: ServiceError | None, now_ms: int
) -> list[str]:
    """Return metrics in the embedded metric format; none for unknown blueprints."""
    if ctx.route is None:
        return []
    about = {"request_id": ctx.request_id, "reason": ctx.outcome.reason}
    lines = []
    for attempt in ctx.outcome.attempts:
        failed = attempt.error
        metrics = {
            "TargetLatency": (round(attempt.seconds * 1000, 3), "Milliseconds"),
            "TargetErrors": (int(failed is not None and failed.transient), "Count"),
            "TargetThrottles": (int(failed is not None and failed.kind == "throttled"), "Count"),
        }
        fields = {**about, "error": failed.type if failed else None}
        lines.append(line(namespace, _dimensions(ctx, attempt.target), metrics, fields, now_ms=now_ms))
    target_seconds = sum(attempt.seconds for attempt in ctx.outcome.attempts)
    metrics = {
        "Requests": (1, "Count"),
        "Errors": (int(error is not None and error.status >= 424), "Count"),
        "Overhead": (round(max(0.0, seconds - target_seconds) * 1000, 3), "Milliseconds"),
        "StaleRoutes": (int(ctx.stale), "Count"),
    }
    fields = {**about, "error": error.type if error else None, "guardrail": ",".join(ctx.verdicts) or None}
    lines.append(line(namespace, {"blueprint": ctx.blueprint}, metrics, fields, now_ms=now_ms))
    return lines + _shadow_lines(ctx, namespace, about, now_ms)


def _shadow_lines(ctx: RequestContext, namespace: str, about: dict[str, Any], now_ms: int) -> list[str]:
    comparison = ctx.comparison
    if comparison is None:
        return []
    metrics: dict[str, tuple[float, str]] = {
        "ShadowFailures": (int(comparison.verdict == "failed"), "Count"),
        "ShadowUnfinished": (int(comparison.verdict == "unfinished"), "Count"),
    }
    if comparison.seconds is not None:
        metrics["ShadowAgreement"] = (int(comparison.verdict == "agrees"), "Count")
        metrics["ShadowLatency"] = (round(comparison.seconds * 1000, 3), "Milliseconds")
    fields = {**about, "error": comparison.error}
    return [line(namespace, _dimensions(ctx, comparison.target), metrics, fields, now_ms=now_ms)]


def _dimensions(ctx: RequestContext, target: Target) -> dict[str, str]:
    return {"blueprint": ctx.blueprint, "target": target.name, "source": target.source}


def failures(ctx: RequestContext) -> list[dict[str, Any]]:
    """Return the log fields of each failed attempt."""
    return [
        {"target": a.target.name, **described(a.error), "ms": round(a.seconds * 1000)}
        for a in ctx.outcome.attempts
        if a.error
    ]


def payload(ctx: RequestContext, setting: str) -> dict[str, Any] | None:
    """Return request and response for the log if the setting or the route record enables it."""
    if setting == "never" or not (setting == "always" or (ctx.route and ctx.route.log_payloads)):
        return None
    request, reply = ctx.request, ctx.reply
    return {
        "inputs": list(request.inputs) if request else None,
        "turns": list(request.turns) if request else None,
        "outputs": reply.outputs if reply else None,
    }
