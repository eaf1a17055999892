"""Alarms, evaluated when their metric is measured (at most once a second) and when a period has passed.

Moto evaluates none. A change of state is an event on the bus and a message to the topics of its actions. Alarms on
metric math or anomaly bands stay at INSUFFICIENT_DATA with the reason; composite alarms are not evaluated.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, MetricAggregatedDatum, are_dimensions_same
from moto.utilities.arns import parse_arn

from emulator.core import clock
from emulator.core.aws import Aws
from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.services.cloudwatch.alarms import Datum, Threshold, can_evaluate, evaluate, stamp, window
from emulator.services.events import moto_bus, moto_resource_policies
from emulator.services.events.courier import Courier, DeliveryFailed, Letter
from emulator.services.sagemaker import moto_autoscaling

TOPICS, FUNCTIONS = "cloudwatch.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com"
SCALING = "autoscaling"
UNCHECKED = "Unchecked: Initial alarm creation"
UNKNOWN = "Unchecked: the local emulator evaluates thresholds on one metric only"


def apply(settings: Settings) -> None:
    watch = _Watch(Aws(settings), clock.start(settings.time_scale))

    @wrap(CloudWatchBackend, "put_metric_data")
    def put_metric_data(original: Any, self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        original(self, namespace, metric_data)
        names = {datum["MetricName"] for datum in metric_data}
        for alarm in list(self.alarms.values()):
            if alarm.namespace == namespace and alarm.metric_name in names:
                watch.measured(self, alarm)

    @wrap(CloudWatchBackend, "put_metric_alarm")
    def put_metric_alarm(original: Any, self: Any, name: str, *args: Any, **options: Any) -> Alarm:
        before = self.alarms.get(name)
        alarm: Alarm = original(self, name, *args, **options)
        if before:
            # A changed alarm keeps its state; moto resets it to OK.
            alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
            alarm.history = before.history
        else:
            alarm.state_value, alarm.state_reason = "INSUFFICIENT_DATA", UNCHECKED
        watch.check(self, alarm)
        return alarm

    @wrap(CloudWatchBackend, "set_alarm_state")
    def set_alarm_state(
        original: Any, self: Any, alarm_name: str, reason: str, reason_data: str, state_value: str
    ) -> None:
        alarm = self.alarms.get(alarm_name)
        before = alarm.state_value if alarm else None
        original(self, alarm_name, reason, reason_data, state_value)
        if alarm and before != state_value:
            watch.publish_change(self, alarm, str(before))


class _Watch:
    """Decides the state of alarms and reports changes."""

    def __init__(self, aws: Aws, timer: clock.Clock) -> None:
        self._aws, self._timer = aws, timer
        self._courier = Courier(timer)
        self._lock = threading.Lock()

    def measured(self, backend: Any, alarm: Alarm) -> None:
        """Check an alarm at most once a second: each check reads all data, which may grow by a thousand a second."""
        paced = alarm.__dict__.get("emulator_paced")
        if paced is None:
            paced = alarm.__dict__.setdefault(
                "emulator_paced", clock.Paced(self._timer, lambda: self.check(backend, alarm))
            )
        paced.request()

    def check(self, backend: Any, alarm: Alarm) -> None:
        if alarm.rule or backend.alarms.get(alarm.name) is not alarm:
            return
        threshold = _threshold(alarm)
        if threshold is None:
            alarm.state_reason = UNKNOWN
            return
        with self._lock:
            now = datetime.now(UTC)
            data = _data(backend, alarm, window(threshold, now))
            verdict = evaluate(threshold, data, now, alarm.state_value)
            before = alarm.state_value
            if verdict.state != before:
                alarm.update_state(verdict.reason, json.dumps(verdict.reason_data), verdict.state)
        if verdict.state != before:
            self.publish_change(backend, alarm, before)
        elif verdict.state == "ALARM" and alarm.actions_enabled:
            # Scaling actions are repeated while the alarm lasts; all others are notified of changes only.
            for arn in alarm.alarm_actions:
                if parse_arn(arn).service == SCALING:
                    self._act(backend, alarm, arn, before)
        if data:
            # Data expire: check again when their period is over.
            mark = alarm.__dict__["emulator_mark"] = object()
            self._timer.after(threshold.period_seconds, lambda: self._later(backend, alarm, mark), scaled=False)

    def _later(self, backend: Any, alarm: Alarm, mark: object) -> None:
        if alarm.__dict__.get("emulator_mark") is mark:
            self.check(backend, alarm)

    def publish_change(self, backend: Any, alarm: Alarm, before: str) -> None:
        moto_bus.emit(
            backend.account_id,
            backend.region_name,
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            _detail(alarm, before),
            [alarm.alarm_arn],
        )
        if not alarm.actions_enabled:
            return
        actions = {"OK": alarm.ok_actions, "ALARM": alarm.alarm_actions}
        for arn in actions.get(alarm.state_value, alarm.insufficient_data_actions):
            self._act(backend, alarm, arn, before)

    def _act(self, backend: Any, alarm: Alarm, arn: str, before: str) -> None:
        message = _message(backend.account_id, alarm, before)
        context = {"aws:SourceArn": alarm.alarm_arn, "aws:SourceAccount": backend.account_id}
        event = {
            "source": "aws.cloudwatch",
            "alarmArn": alarm.alarm_arn,
            "accountId": backend.account_id,
            "time": stamp(datetime.now(UTC)),
            "region": backend.region_name,
            "alarmData": _detail(alarm, before),
        }
        # The message holds the state of this moment; the alarm may change before it is delivered.
        state = alarm.state_value

        def send() -> None:
            target = parse_arn(arn)
            if target.service == "sns":
                moto_resource_policies.to_topic(arn, TOPICS, context)
                subject = f'{state}: "{alarm.name}" in {backend.region_name}'[:100]
                self._aws.client("sns", region=target.region).publish(TopicArn=arn, Message=message, Subject=subject)
            elif target.service == "lambda":
                moto_resource_policies.to_function(arn, FUNCTIONS, context)
                moto_resource_policies.function(arn).invoke(json.dumps(event), {"x-amz-invocation-type": "Event"}, {})
            elif target.service == SCALING and moto_autoscaling.act(arn, alarm):
                return
            else:
                raise DeliveryFailed("UNSUPPORTED", f"The local emulator does not run {arn}", retriable=False)

        # An alarm has no dead-letter queue: only its history records a failed delivery.
        self._courier.carry(
            Letter(alarm.alarm_arn, arn, send, lambda failed, retries, exhausted: None, detail={"state": state})
        )


def _threshold(alarm: Alarm) -> Threshold | None:
    statistic = alarm.extended_statistic or alarm.statistic
    if alarm.metric_data_queries or not statistic or not can_evaluate(alarm.comparison_operator, statistic):
        return None
    periods = int(alarm.evaluation_periods)
    return Threshold(
        comparison=alarm.comparison_operator,
        bound=float(alarm.threshold),
        statistic=statistic,
        period_seconds=int(alarm.period),
        periods=periods,
        datapoints=int(alarm.datapoints_to_alarm or periods),
        missing=alarm.treat_missing_data or "missing",
    )


def _data(backend: Any, alarm: Alarm, since: datetime) -> list[Datum]:
    data = []
    for datum in backend.metric_data:
        at = datum.timestamp if datum.timestamp.tzinfo else datum.timestamp.replace(tzinfo=UTC)
        if (
            at < since
            or (datum.namespace, datum.name) != (alarm.namespace, alarm.metric_name)
            or not are_dimensions_same(datum.dimensions, alarm.dimensions)
            or (alarm.unit and datum.unit != alarm.unit)
        ):
            continue
        if isinstance(datum, MetricAggregatedDatum):
            data.append(Datum(at, datum.min, datum.max, datum.sum, datum.sample_count))
        else:
            data.append(Datum(at, datum.value, datum.value, datum.value, 1))
    return data


def _detail(alarm: Alarm, before: str) -> dict[str, Any]:
    """Return the event's detail as CloudWatch writes it."""
    metric = {
        "id": "m1",
        "metricStat": {
            "metric": {
                "namespace": alarm.namespace,
                "name": alarm.metric_name,
                "dimensions": {dimension.name: dimension.value for dimension in alarm.dimensions},
            },
            "period": alarm.period,
            "stat": alarm.extended_statistic or alarm.statistic,
        },
        "returnData": True,
    }
    return {
        "alarmName": alarm.name,
        "state": {
            "value": alarm.state_value,
            "reason": alarm.state_reason,
            "reasonData": alarm.state_reason_data,
            "timestamp": stamp(datetime.now(UTC)),
        },
        "previousState": {"value": before},
        "configuration": {"description": alarm.description, "metrics": [metric]},
    }


def _message(account: str, alarm: Alarm, before: str) -> str:
    """Return the message for a topic."""
    statistic = alarm.extended_statistic or alarm.statistic or ""
    trigger = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "ExtendedStatistic" if alarm.extended_statistic else "Statistic",
        "ExtendedStatistic" if alarm.extended_statistic else "Statistic": statistic
        if alarm.extended_statistic
        else statistic.upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"value": dimension.value, "name": dimension.name} for dimension in alarm.dimensions],
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": account,
            "AlarmConfigurationUpdatedTimestamp": stamp(alarm.configuration_updated_timestamp.replace(tzinfo=UTC)),
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "StateChangeTime": stamp(datetime.now(UTC)),
            "Region": alarm.region_name,
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": before,
            "OKActions": alarm.ok_actions,
            "AlarmActions": alarm.alarm_actions,
            "InsufficientDataActions": alarm.insufficient_data_actions,
            "Trigger": trigger,
        }
    )
