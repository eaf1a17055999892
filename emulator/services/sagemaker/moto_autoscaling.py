"""Application Auto Scaling of SageMaker's variants: step scaling by alarms, and target tracking of a backlog.

Moto only stores targets and policies. Step scaling follows AWS's rules. Target tracking is emulated by state: it
creates no alarms, follows only ApproximateBacklogSizePerInstance, scales out once that is above the target, and in
once the queue has been empty for as long as AWS's alarm would take.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, applicationautoscaling_backends
from moto.sagemaker.models import FakeEndpoint, sagemaker_backends
from moto.utilities.arns import parse_arn

from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.services.sagemaker import moto_capacity

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
TRACKED = "ApproximateBacklogSizePerInstance"
IDLE_SECONDS = 900.0
"""Fifteen periods of a minute, after which AWS's alarm below the target scales in."""

FOLLOWERS: list[Callable[[FakeEndpoint], None]] = []
"""Called with an endpoint that has a new policy, which requires its metrics."""

_scale = 1.0
_lock = threading.Lock()
_last: dict[str, float] = {}
"""Time of each policy's last action."""


def apply(settings: Settings) -> None:
    global _scale
    _scale = settings.time_scale

    @wrap(ApplicationAutoscalingBackend, "register_scalable_target")
    def register_scalable_target(original: Any, self: Any, *args: Any, **options: Any) -> Any:
        """Bring a capacity outside the new bounds inside at once."""
        target = original(self, *args, **options)
        match = _endpoint(target)
        if match:
            endpoint, variant = match
            moto_capacity.change(endpoint, variant, _within(target, moto_capacity.of(endpoint, variant)))
        return target

    @wrap(ApplicationAutoscalingBackend, "put_scaling_policy")
    def put_scaling_policy(original: Any, self: Any, *args: Any, **options: Any) -> Any:
        policy = original(self, *args, **options)
        target = self.targets.get(policy.scalable_dimension, {}).get(policy.resource_id)
        match = _endpoint(target) if target else None
        if match:
            for follower in FOLLOWERS:
                follower(match[0])
        return policy


def idle_seconds() -> float:
    """Return the idle time of this emulator, in seconds."""
    return IDLE_SECONDS * _scale


def act(policy_arn: str, alarm: Any) -> bool:
    """Execute a step scaling policy for an alarm; return whether there is such a policy."""
    # The action may have the name of its creator behind the policy's ARN.
    arn = policy_arn.partition(":createdBy/")[0]
    parsed = parse_arn(arn)
    backend = applicationautoscaling_backends[parsed.account][parsed.region]
    policy = next((each for each in backend.policies.values() if each.policy_arn == arn), None)
    if policy is None or policy.policy_type != "StepScaling":
        return False
    target = backend.targets.get(policy.scalable_dimension, {}).get(policy.resource_id)
    where = _endpoint(target) if target else None
    if not where:
        return False
    endpoint, variant = where
    steps = policy.step_scaling_policy_configuration or {}
    with _lock:
        now = time.monotonic()
        if now < _last.get(arn, -math.inf) + float(steps.get("Cooldown") or 0) * _scale:
            return True
        count = _within(target, stepped(steps, moto_capacity.of(endpoint, variant), _breach(alarm)))
        if moto_capacity.change(endpoint, variant, count):
            _last[arn] = now
    return True


def track(endpoint: FakeEndpoint, variant: str, backlog: int, idle_for: float) -> None:
    """Apply the target tracking policies of a variant to its backlog."""
    account, region = parse_arn(endpoint.arn).account, parse_arn(endpoint.arn).region
    backend = applicationautoscaling_backends[account][region]
    resource = f"endpoint/{endpoint.endpoint_name}/variant/{variant}"
    target = backend.targets.get(DIMENSION, {}).get(resource)
    policy = next((each for each in backend.policies.values() if _tracks(each, resource)), None)
    count = moto_capacity.of(endpoint, variant)
    # Without instances there is no backlog per instance: a step scaling policy must start the first one.
    if target is None or policy is None or not count:
        return
    goal = float((policy.target_tracking_scaling_policy_configuration or {})["TargetValue"])
    if backlog / count > goal:
        moto_capacity.change(endpoint, variant, _within(target, max(count, math.ceil(backlog / goal))))
    elif not backlog and idle_for >= idle_seconds():
        moto_capacity.change(endpoint, variant, _within(target, 0))


def stepped(steps: Mapping[str, Any], count: int, breach: float) -> int:
    """Return the capacity after the step whose interval contains the breach."""
    for step in steps.get("StepAdjustments") or ():
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if (low is None or breach >= float(low)) and (high is None or breach < float(high)):
            by = int(step["ScalingAdjustment"])
            if steps.get("AdjustmentType") == "ExactCapacity":
                return by
            if steps.get("AdjustmentType") == "PercentChangeInCapacity":
                change = count * by / 100
                return count + (math.floor(change) if change < 0 else math.ceil(change))
            return count + by
    return count


def _tracks(policy: Any, resource: str) -> bool:
    configuration = policy.target_tracking_scaling_policy_configuration or {}
    metric = (configuration.get("CustomizedMetricSpecification") or {}).get("MetricName")
    return bool(policy.resource_id == resource and metric == TRACKED)


def _within(target: Any, count: int) -> int:
    return int(min(int(target.max_capacity), max(int(target.min_capacity), count)))


def _breach(alarm: Any) -> float:
    """Return the distance of the metric from the alarm's threshold."""
    recent = (json.loads(alarm.state_reason_data or "{}") or {}).get("recentDatapoints") or []
    known = [float(value) for value in recent if value is not None]
    return (known[-1] if known else float(alarm.threshold)) - float(alarm.threshold)


def _endpoint(target: Any) -> tuple[FakeEndpoint, str] | None:
    parts = str(target.resource_id).split("/")
    if target.service_namespace != "sagemaker" or len(parts) != 4:
        return None
    parsed = parse_arn(target.arn)
    endpoint = sagemaker_backends[parsed.account][parsed.region].endpoints.get(parts[1])
    return (endpoint, parts[3]) if endpoint else None
