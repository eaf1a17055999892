"""AWS/SageMaker metrics of the queues of asynchronous endpoints. Patches nothing.

AWS measures every minute; here it happens when something changes, at most once a second, and every minute for as long
as requests wait. Requests processed in between are reported as one set of statistics.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow
from moto.utilities.arns import parse_arn

from emulator.core.clock import Clock, Paced
from emulator.services.sagemaker.async_queue import State

NAMESPACE = "AWS/SageMaker"
EVERY_SECONDS = 60.0


class Meter:
    """The metrics of one endpoint. `look` returns the queue's state and the number of instances."""

    def __init__(self, arn: str, name: str, variant: str, look: Callable[[], tuple[State, int]], timer: Clock) -> None:
        self._arn, self._name, self._variant, self._look, self._timer = arn, name, variant, look, timer
        self._lock = threading.Lock()
        self._paced = Paced(timer, lambda: timer.soon(self._measure))
        self._minute = False
        self._done: dict[str, list[float]] = {}
        self.closed = False

    def note(self, **values: float) -> None:
        """Note counts, or durations in milliseconds."""
        with self._lock:
            for metric, value in values.items():
                self._done.setdefault(metric, []).append(value)
        self.changed()

    def changed(self) -> None:
        if not self.closed:
            self._paced.request()

    def _measure(self) -> None:
        with self._lock:
            done, self._done = self._done, {}
        if self.closed:
            return
        state, instances = self._look()
        now = utcnow()
        own = [{"Name": "EndpointName", "Value": self._name}]
        values = {
            "ApproximateBacklogSize": float(state.backlog),
            "HasBacklogWithoutCapacity": float(bool(state.backlog) and not instances),
            "ApproximateAgeOfOldestRequest": state.oldest,
            **({"ApproximateBacklogSizePerInstance": state.backlog / instances} if instances else {}),
        }
        data: list[dict[str, Any]] = [
            {"MetricName": name, "Value": value, "Timestamp": now, "Dimensions": own} for name, value in values.items()
        ]
        for dimensions in (own, [*own, {"Name": "VariantName", "Value": self._variant}]):
            data += [_statistics(name, noted, now, dimensions) for name, noted in done.items()]
        where = parse_arn(self._arn)
        cloudwatch_backends[where.account][where.region].put_metric_data(NAMESPACE, data)
        if state.backlog and not self._minute:
            self._minute = True
            self._timer.after(EVERY_SECONDS, self._again, scaled=False)

    def _again(self) -> None:
        self._minute = False
        self.changed()


def _statistics(name: str, values: list[float], now: Any, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    statistics = {
        "SampleCount": len(values),
        "Sum": sum(values),
        "Minimum": min(values),
        "Maximum": max(values),
    }
    return {"MetricName": name, "StatisticValues": statistics, "Timestamp": now, "Dimensions": dimensions}
