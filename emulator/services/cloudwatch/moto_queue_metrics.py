"""AWS/SQS metrics: the number of waiting messages of each queue that an alarm watches. Moto measures nothing.

AWS does so every minute; here it happens when a message arrives, at most once a second, and every minute for as long
as messages wait.
"""

from __future__ import annotations

import threading
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow
from moto.sqs.models import Queue

from emulator.core import clock
from emulator.core.settings import Settings
from emulator.moto.patching import wrap

NAMESPACE, METRIC = "AWS/SQS", "ApproximateNumberOfMessagesVisible"
EVERY_SECONDS = 60.0


def apply(settings: Settings) -> None:
    timer = clock.start(settings.time_scale)
    measuring: set[str] = set()
    lock = threading.Lock()

    @wrap(Queue, "__init__", after="emulator.services.lambda_.moto_event_sources")
    def init(original: Any, self: Any, *arguments: Any, **more: Any) -> None:
        original(self, *arguments, **more)
        self.emulator_meter = clock.Paced(timer, lambda: _measure(self))

    @wrap(Queue, "add_message", after="emulator.services.lambda_.moto_event_sources")
    def add_message(original: Any, self: Any, message: Any) -> None:
        original(self, message)
        if not _watched(self):
            return
        self.emulator_meter.request()
        with lock:
            if self.queue_arn in measuring:
                return
            measuring.add(self.queue_arn)
        timer.after(EVERY_SECONDS, lambda: again(self), scaled=False)

    def again(queue: Any) -> None:
        """Measure again, once more after the last message is gone: zero is a measurement too."""
        _measure(queue)
        if queue.messages and _watched(queue):
            timer.after(EVERY_SECONDS, lambda: again(queue), scaled=False)
        else:
            with lock:
                measuring.discard(queue.queue_arn)


def _watched(queue: Any) -> bool:
    alarms = cloudwatch_backends[queue.account_id][queue.region].alarms.values()
    return any(
        (alarm.namespace, alarm.metric_name) == (NAMESPACE, METRIC)
        and any(dimension.value == queue.name for dimension in alarm.dimensions)
        for alarm in list(alarms)
    )


def _measure(queue: Any) -> None:
    datum = {
        "MetricName": METRIC,
        "Value": len(queue.messages),
        "Unit": "Count",
        "Timestamp": utcnow(),
        "Dimensions": [{"Name": "QueueName", "Value": queue.name}],
    }
    cloudwatch_backends[queue.account_id][queue.region].put_metric_data(NAMESPACE, [datum])
