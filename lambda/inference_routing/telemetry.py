"""What is told of a request: metrics per target, and log lines without a payload unless it is asked for. Pure."""

from __future__ import annotations

from typing import Any

from inference_common.emf import line
from inference_common.errors import ServiceError
from inference_common.logs import described
from inference_routing.request_context import Journey
from inference_routing.routes import Target


def metric_lines(
    journey: Journey, namespace: str, seconds: float, error: ServiceError | None, now_ms: int
) -> list[str]:
    """Lines in the embedded metric format. A name that nobody deployed must not become a dimension."""
    if journey.route is None:
        return []
    about = {"request_id": journey.request_id, "reason": journey.outcome.reason}
    lines = []
    for attempt in journey.outcome.attempts:
        failed = attempt.error
        metrics = {
            "TargetLatency": (round(attempt.seconds * 1000, 3), "Milliseconds"),
            "TargetErrors": (int(failed is not None and failed.transient), "Count"),
            "TargetThrottles": (int(failed is not None and failed.kind == "throttled"), "Count"),
        }
        fields = {**about, "error": failed.type if failed else None}
        lines.append(line(namespace, _dimensions(journey, attempt.target), metrics, fields, now_ms=now_ms))
    asked = sum(attempt.seconds for attempt in journey.outcome.attempts)
    metrics = {
        "Requests": (1, "Count"),
        "Errors": (int(error is not None and error.status >= 424), "Count"),
        "Overhead": (round(max(0.0, seconds - asked) * 1000, 3), "Milliseconds"),
        "StaleRoutes": (int(journey.stale), "Count"),
    }
    fields = {**about, "error": error.type if error else None, "guardrail": ",".join(journey.verdicts.told) or None}
    lines.append(line(namespace, {"blueprint": journey.blueprint}, metrics, fields, now_ms=now_ms))
    return lines + _shadow_lines(journey, namespace, about, now_ms)


def _shadow_lines(journey: Journey, namespace: str, about: dict[str, Any], now_ms: int) -> list[str]:
    seen = journey.comparison
    if seen is None:
        return []
    metrics: dict[str, tuple[float, str]] = {
        "ShadowFailures": (int(seen.verdict == "failed"), "Count"),
        "ShadowUnfinished": (int(seen.verdict == "unfinished"), "Count"),
    }
    if seen.seconds is not None:
        metrics["ShadowAgreement"] = (int(seen.verdict == "agrees"), "Count")
        metrics["ShadowLatency"] = (round(seen.seconds * 1000, 3), "Milliseconds")
    fields = {**about, "error": seen.error}
    return [line(namespace, _dimensions(journey, seen.target), metrics, fields, now_ms=now_ms)]


def _dimensions(journey: Journey, target: Target) -> dict[str, str]:
    return {"blueprint": journey.blueprint, "target": target.name, "source": target.source}


def failures(journey: Journey) -> list[dict[str, Any]]:
    """One log line's fields for each target that failed."""
    return [
        {"target": a.target.name, **described(a.error), "ms": round(a.seconds * 1000)}
        for a in journey.outcome.attempts
        if a.error
    ]


def payload(journey: Journey, wanted: str) -> dict[str, Any] | None:
    """What was asked and answered, where the setting and the route's record want it in the log."""
    if wanted == "never" or not (wanted == "always" or (journey.route and journey.route.log_payloads)):
        return None
    request, reply = journey.request, journey.reply
    return {
        "inputs": list(request.inputs) if request else None,
        "turns": list(request.turns) if request else None,
        "outputs": reply.outputs if reply else None,
    }
