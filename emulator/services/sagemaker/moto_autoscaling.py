"""Application Auto Scaling changes the instances of SageMaker's variants: steps of an alarm, and a tracked backlog.

Moto keeps targets and policies, and does nothing with them. Step scaling follows AWS's rules. Target tracking is
emulated by state: it makes no alarms of its own, follows ApproximateBacklogSizePerInstance only, scales out as soon as
that is above the target and in when the queue was empty for as long as AWS's alarm would take.
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
"""Fifteen periods of a minute: after so long below its target AWS's alarm scales in."""

FOLLOWERS: list[Callable[[FakeEndpoint], None]] = []
"""Called with an endpoint that has a policy now, which wants measurements."""

_scale = 1.0
_lock = threading.Lock()
_last: dict[str, float] = {}
"""When each policy acted last."""


def apply(settings: Settings) -> None:
    global _scale
    _scale = settings.time_scale

    @wrap(ApplicationAutoscalingBackend, "register_scalable_target")
    def register_scalable_target(original: Any, self: Any, *args: Any, **options: Any) -> Any:
        """Capacity that lies outside the new bounds is brought inside at once."""
        target = original(self, *args, **options)
        found = _endpoint(target)
        if found:
            endpoint, variant = found
            moto_capacity.change(endpoint, variant, _within(target, moto_capacity.of(endpoint, variant)))
        return target

    @wrap(ApplicationAutoscalingBackend, "put_scaling_policy")
    def put_scaling_policy(original: Any, self: Any, *args: Any, **options: Any) -> Any:
        policy = original(self, *args, **options)
        target = self.targets.get(policy.scalable_dimension, {}).get(policy.resource_id)
        found = _endpoint(target) if target else None
        if found:
            for follower in FOLLOWERS:
                follower(found[0])
        return policy


def idle_seconds() -> float:
    """Of this machine."""
    return IDLE_SECONDS * _scale


def act(policy_arn: str, alarm: Any) -> bool:
    """An alarm calls a step scaling policy; whether there is such a policy."""
    # The action may bear the name of who made it behind the policy's own ARN.
    arn = policy_arn.partition(":createdBy/")[0]
    found = parse_arn(arn)
    backend = applicationautoscaling_backends[found.account][found.region]
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
        wanted = _within(target, stepped(steps, moto_capacity.of(endpoint, variant), _breach(alarm)))
        if moto_capacity.change(endpoint, variant, wanted):
            _last[arn] = now
    return True


def track(endpoint: FakeEndpoint, variant: str, backlog: int, idle_for: float) -> None:
    """What the target tracking policies of a variant do about its backlog."""
    account, region = parse_arn(endpoint.arn).account, parse_arn(endpoint.arn).region
    backend = applicationautoscaling_backends[account][region]
    resource = f"endpoint/{endpoint.endpoint_name}/variant/{variant}"
    target = backend.targets.get(DIMENSION, {}).get(resource)
    policy = next((each for each in backend.policies.values() if _tracks(each, resource)), None)
    count = moto_capacity.of(endpoint, variant)
    # Without instances there is no backlog per instance: a step scaling policy has to make the first one.
    if target is None or policy is None or not count:
        return
    goal = float((policy.target_tracking_scaling_policy_configuration or {})["TargetValue"])
    if backlog / count > goal:
        moto_capacity.change(endpoint, variant, _within(target, max(count, math.ceil(backlog / goal))))
    elif not backlog and idle_for >= idle_seconds():
        moto_capacity.change(endpoint, variant, _within(target, 0))


def stepped(steps: Mapping[str, Any], count: int, breach: float) -> int:
    """The capacity after the step whose interval the breach lies in."""
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
    """How far the metric is from the alarm's threshold."""
    recent = (json.loads(alarm.state_reason_data or "{}") or {}).get("recentDatapoints") or []
    known = [float(value) for value in recent if value is not None]
    return (known[-1] if known else float(alarm.threshold)) - float(alarm.threshold)


def _endpoint(target: Any) -> tuple[FakeEndpoint, str] | None:
    parts = str(target.resource_id).split("/")
    if target.service_namespace != "sagemaker" or len(parts) != 4:
        return None
    found = parse_arn(target.arn)
    endpoint = sagemaker_backends[found.account][found.region].endpoints.get(parts[1])
    return (endpoint, parts[3]) if endpoint else None
