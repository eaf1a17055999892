"""EventBridge delivery. Moto fails PutEvents if a rule has a target of most kinds, and checks no permission.

Also corrected: patterns are matched and validated as AWS documents them, TestEventPattern is implemented, customers
cannot send events of AWS's sources, and S3's events go to the default bus only.
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
"""Set when the patch is applied; schedules use it too."""


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


class Delivery:
    """Delivers events from a matching rule to its targets."""

    def __init__(self, courier: Courier, targets: Targets) -> None:
        self.courier, self.targets = courier, targets

    def fire(self, rule: Any, event: dict[str, Any]) -> None:
        """Start the delivery to every target of the rule and return."""
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
            attributes = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], **dead_letter(failed, retries, exhausted)}
            try:
                # The original event, so that a dead letter can be sent again.
                buried = self.targets.bury(sender, queue, json.dumps(event), attributes)
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
    """Return the attributes that EventBridge and its scheduler write on a dead letter."""
    attributes = {"ERROR_CODE": failed.code, "ERROR_MESSAGE": failed.message[:1024], "RETRY_ATTEMPTS": str(retries)}
    return attributes | ({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {})


def _archive(rule: Any, event: dict[str, Any]) -> None:
    archive = events_backends[rule.account_id][rule.region_name].archives.get(rule.name.removeprefix(ARCHIVE_RULE))
    if archive is not None:
        archive.events.append(event)  # type: ignore[arg-type]


def _patterns() -> None:
    @wrap(EventPattern, "matches_event")
    def matches_event(original: Any, self: Any, event: Any) -> bool:
        """Match as AWS does; moto compares lists as a whole, and supports only one matcher inside `anything-but`."""
        pattern = self.get_pattern()
        return not pattern or patterns.matches(pattern, event)

    @wrap(EventPatternParser, "parse")
    def parse(original: Any, self: Any) -> dict[str, Any]:
        try:
            pattern = json.loads(self.pattern) if self.pattern else {}
            if pattern:
                patterns.check(pattern)
        except patterns.InvalidPattern as error:
            raise InvalidEventPatternException(reason=str(error)) from error
        except ValueError as error:
            raise InvalidEventPatternException(reason="Invalid JSON") from error
        return pattern

    @wrap(EventsHandler, "test_event_pattern")
    def test_event_pattern(original: Any, self: Any) -> Any:
        pattern = EventPattern.load(self._get_param("EventPattern"))
        event = json.loads(self._get_param("Event"))
        return self._create_response({"Result": pattern.matches_event(event)})


def _own_sources() -> None:
    @wrap(EventsBackend, "put_events")
    def put_events(original: Any, self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Reject entries with a source that begins with `aws.`, and accept the others."""
        refused = {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
        ours = [index for index, event in enumerate(events) if not str(event.get("Source", "")).startswith("aws.")]
        answers = iter(original(self, [events[index] for index in ours]))
        return [next(answers) if index in ours else dict(refused) for index in range(len(events))]
