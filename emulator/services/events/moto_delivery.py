"""EventBridge delivers. Moto fails PutEvents when a rule has most kinds of targets, and checks no permission.

Corrected as well: patterns are matched and checked as AWS documents them, TestEventPattern answers, customers
cannot send events of AWS's own sources, and S3's events go to the default bus only.
"""

from __future__ import annotations

import json
from typing import Any

from moto.events.exceptions import InvalidEventPatternException
from moto.events.models import EventPattern, EventPatternParser, EventsBackend, Rule, events_backends
from moto.events.responses import EventsHandler

from emulator.core import clock
from emulator.core.aws import Aws
from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.services.events import patterns
from emulator.services.events.courier import Courier, DeliveryFailed, Letter
from emulator.services.events.moto_bus import count
from emulator.services.events.moto_targets import Sender, Targets
from emulator.services.events.transform import target_input, time_text

ARCHIVE_RULE = "Events-Archive-"
DEFAULT_RETRIES, DEFAULT_AGE = 185, 86_400


delivery: Delivery | None = None
"""Made when the seam is applied; schedules use it too."""


def apply(settings: Settings) -> None:
    global delivery
    delivery = Delivery(Courier(clock.start(settings.time_scale)), Targets(Aws(settings)))

    @wrap(Rule, "send_to_targets")
    def send_to_targets(original: Any, self: Any, original_event: Any, transform_input: bool = True) -> None:
        event = {**original_event, "time": time_text(original_event.get("time"))}
        event.pop("ingestion-time", None)
        if (
            self.state.startswith("ENABLED")
            and self.event_pattern.get_pattern()
            and self.event_pattern.matches_event(event)
        ):
            assert delivery is not None
            delivery.fire(self, event)

    _patterns()
    _own_sources()


def shutdown() -> None:
    clock.shutdown()


class Delivery:
    """From a rule that matched to its targets."""

    def __init__(self, courier: Courier, targets: Targets) -> None:
        self.courier, self.targets = courier, targets

    def fire(self, rule: Any, event: dict[str, Any]) -> None:
        """Every target of the rule gets its input; returns before they have it."""
        if rule.managed_by and rule.name.startswith(ARCHIVE_RULE):
            _archive(rule, event)
            return
        count(rule.account_id, rule.region_name, "TriggeredRules", rule.name)
        for target in list(rule.targets):
            self.courier.carry(self._letter(rule, target, event))

    def _letter(self, rule: Any, target: dict[str, Any], event: dict[str, Any]) -> Letter:
        sender = Sender(rule.arn, rule.account_id, session=rule.name)
        body = target_input(target, event, {"name": rule.name, "arn": rule.arn})
        policy = target.get("RetryPolicy") or {}

        def send() -> None:
            count(rule.account_id, rule.region_name, "Invocations", rule.name)
            self.targets.call(sender, target, body)

        def bury(failed: DeliveryFailed, retries: int, exhausted: str | None) -> str | None:
            queue = (target.get("DeadLetterConfig") or {}).get("Arn")
            if not queue:
                return None
            told = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], **dead_letter(failed, retries, exhausted)}
            try:
                # The event as it came: a dead letter can be sent again.
                buried = self.targets.bury(sender, queue, json.dumps(event), told)
            except Exception:
                count(rule.account_id, rule.region_name, "InvocationsFailedToBeSentToDlq", rule.name)
                raise
            count(rule.account_id, rule.region_name, "InvocationsSentToDlq", rule.name)
            return buried

        def ended(delivered: bool) -> None:
            if not delivered:
                count(rule.account_id, rule.region_name, "FailedInvocations", rule.name)

        return Letter(
            source=rule.arn,
            target=target["Arn"],
            send=send,
            bury=bury,
            ended=ended,
            retries=int(policy.get("MaximumRetryAttempts", DEFAULT_RETRIES)),
            maximum_age=float(policy.get("MaximumEventAgeInSeconds", DEFAULT_AGE)),
            detail={
                "event_id": event.get("id"),
                "event_source": event.get("source"),
                "detail_type": event.get("detail-type"),
            },
        )


def dead_letter(failed: DeliveryFailed, retries: int, exhausted: str | None) -> dict[str, str]:
    """The attributes that EventBridge and its scheduler write on a dead letter."""
    told = {"ERROR_CODE": failed.code, "ERROR_MESSAGE": failed.message[:1024], "RETRY_ATTEMPTS": str(retries)}
    return told | ({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {})


def _archive(rule: Any, event: dict[str, Any]) -> None:
    archive = events_backends[rule.account_id][rule.region_name].archives.get(rule.name.removeprefix(ARCHIVE_RULE))
    if archive is not None:
        archive.events.append(event)  # type: ignore[arg-type]


def _patterns() -> None:
    @wrap(EventPattern, "matches_event")
    def matches_event(original: Any, self: Any, event: Any) -> bool:
        """Moto compares lists as a whole, and knows no matcher below `anything-but` but one."""
        pattern = self.get_pattern()
        return not pattern or patterns.matches(pattern, event)

    @wrap(EventPatternParser, "parse")
    def parse(original: Any, self: Any) -> dict[str, Any]:
        try:
            found = json.loads(self.pattern) if self.pattern else {}
            if found:
                patterns.check(found)
        except patterns.InvalidPattern as error:
            raise InvalidEventPatternException(reason=str(error)) from error
        except ValueError as error:
            raise InvalidEventPatternException(reason="Invalid JSON") from error
        return found  # type: ignore[no-any-return]

    @wrap(EventsHandler, "test_event_pattern")
    def test_event_pattern(original: Any, self: Any) -> Any:
        pattern = EventPattern.load(self._get_param("EventPattern"))
        event = json.loads(self._get_param("Event"))
        return self._create_response({"Result": pattern.matches_event(event)})


def _own_sources() -> None:
    @wrap(EventsBackend, "put_events")
    def put_events(original: Any, self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """`aws.` is AWS's: an entry that claims it is refused, the others go through."""
        refused = {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
        ours = [index for index, event in enumerate(events) if not str(event.get("Source", "")).startswith("aws.")]
        answers = iter(original(self, [events[index] for index in ours]))
        return [next(answers) if index in ours else dict(refused) for index in range(len(events))]
