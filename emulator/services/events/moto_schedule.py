"""Fire schedules: rules with a `rate` or `cron`, and EventBridge Scheduler. Moto only stores them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, events_backends
from moto.scheduler.exceptions import ValidationException as SchedulerValidation
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.utilities.arns import parse_arn

from emulator.core import clock
from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.services.events import moto_delivery, moto_resource_policies
from emulator.services.events.courier import DeliveryFailed, Letter
from emulator.services.events.moto_targets import SCHEDULER, Sender
from emulator.services.events.schedule import InvalidSchedule, next_time, rate_seconds
from emulator.services.events.transform import now_text


def apply(settings: Settings) -> None:
    timer = clock.start(settings.time_scale)
    _rules(timer)
    _scheduler(timer)


def _keep_firing(
    timer: clock.Clock, expression: str, zone: str, alive: Callable[[], bool], fire: Callable[[], None]
) -> None:
    """Call `fire` whenever the expression is due, while `alive`."""
    rate = rate_seconds(expression)
    due = None if rate else next_time(expression, datetime.now(UTC), zone)
    if not rate and due is None:
        return

    def ring() -> None:
        if alive():
            fire()
            _keep_firing(timer, expression, zone, alive, fire)

    if rate:
        timer.after(rate, ring)
    else:
        assert due is not None
        timer.after(max(0.0, (due - datetime.now(UTC)).total_seconds()), ring, scaled=False)


# ---- rules ---------------------------------------------------------------------------------------------------


def _rules(timer: clock.Clock) -> None:
    @wrap(EventsBackend, "put_rule")
    def put_rule(original: Any, self: Any, name: str, *args: Any, **options: Any) -> Any:
        expression = options.get("scheduled_expression")
        if expression:
            try:
                rate_seconds(expression) or next_time(expression, datetime.now(UTC))
            except InvalidSchedule as error:
                raise ValidationException(f"Parameter ScheduleExpression is not valid. ({error})") from error
        rule = original(self, name, *args, **options)
        if expression:
            bus = self.event_buses[rule.event_bus_name]
            # PutRule replaces the rule: the timer of the old one finds it replaced and ends.
            _keep_firing(timer, expression, "UTC", lambda: bus.rules.get(name) is rule, lambda: _tick(rule))
        return rule


def _tick(rule: Any) -> None:
    if rule.state == "DISABLED":
        return
    assert moto_delivery.delivery is not None
    moto_delivery.delivery.fire(
        rule,
        {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": rule.account_id,
            "time": now_text(),
            "region": rule.region_name,
            "resources": [rule.arn],
            "detail": {},
        },
    )


# ---- EventBridge Scheduler -----------------------------------------------------------------------------------


def _scheduler(timer: clock.Clock) -> None:
    @wrap(EventBridgeSchedulerBackend, "create_schedule")
    def create_schedule(original: Any, self: Any, *args: Any, **options: Any) -> Any:
        schedule = original(self, *args, **options)
        _start(timer, self, schedule)
        return schedule

    @wrap(EventBridgeSchedulerBackend, "update_schedule")
    def update_schedule(original: Any, self: Any, *args: Any, **options: Any) -> Any:
        schedule = original(self, *args, **options)
        _start(timer, self, schedule)
        return schedule


def _start(timer: clock.Clock, backend: Any, schedule: Any) -> None:
    group = backend.schedule_groups[schedule.group_name]
    version = schedule.emulator_version = object()

    def alive() -> bool:
        return group.schedules.get(schedule.name) is schedule and schedule.emulator_version is version

    def fire() -> None:
        if schedule.state != "DISABLED":
            _send(schedule)
        if schedule.schedule_expression.startswith("at(") and schedule.action_after_completion == "DELETE":
            group.schedules.pop(schedule.name, None)

    try:
        _keep_firing(timer, schedule.schedule_expression, schedule.schedule_expression_timezone, alive, fire)
    except InvalidSchedule as error:
        group.schedules.pop(schedule.name, None)
        raise SchedulerValidation(f"Invalid Schedule Expression {schedule.schedule_expression}. ({error})") from error


def _send(schedule: Any) -> None:
    delivery = moto_delivery.delivery
    assert delivery is not None
    target, account = schedule.target, parse_arn(schedule.arn).account
    sender = Sender(schedule.arn, account, service=SCHEDULER, session=schedule.name)
    body = _input(schedule)

    def send() -> None:
        if target.get("EventBridgeParameters"):
            _put_event(sender, target, body)
        else:
            delivery.targets.call(sender, target, body)

    def bury(failed: DeliveryFailed, retries: int, exhausted: str | None) -> str | None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return None
        moto_resource_policies.under_role(target["RoleArn"], SCHEDULER, "sqs:SendMessage", queue)
        arns = {"SCHEDULE_ARN": schedule.arn, "TARGET_ARN": target["Arn"]}
        delivery.targets.send(queue, body, attributes=arns | moto_delivery.dead_letter(failed, retries, exhausted))
        return str(queue)

    policy = target.get("RetryPolicy") or {}
    delivery.courier.carry(
        Letter(
            source=schedule.arn,
            target=target["Arn"],
            send=send,
            bury=bury,
            retries=int(policy.get("MaximumRetryAttempts", moto_delivery.DEFAULT_RETRIES)),
            maximum_age=float(policy.get("MaximumEventAgeInSeconds", moto_delivery.DEFAULT_AGE)),
        )
    )


def _input(schedule: Any) -> str:
    """Return the constant input with the scheduler's variables replaced."""
    text = str(schedule.target.get("Input") or "{}")
    variables = {
        "schedule-arn": schedule.arn,
        "scheduled-time": now_text(),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    for name, value in variables.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _put_event(sender: Sender, target: dict[str, Any], body: str) -> None:
    moto_resource_policies.under_role(target["RoleArn"], SCHEDULER, "events:PutEvents", target["Arn"])
    bus, parameters = parse_arn(target["Arn"]), target["EventBridgeParameters"]
    events_backends[bus.account][bus.region].put_events(
        [
            {
                "Source": parameters["Source"],
                "DetailType": parameters["DetailType"],
                "Detail": body,
                "EventBusName": bus.resource_id,
            }
        ]
    )
