"""Effects of a guardrail inside a model call on the prompt, the answer and the trace."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.bedrock import inline
from emulator.services.bedrock.text_model import Completion, Prompt

MADE = {
    "guardrailId": "g1",
    "guardrailArn": "arn:g1",
    "blockedInputMessaging": "input blocked",
    "blockedOutputsMessaging": "output blocked",
    "wordPolicy": {"words": [{"text": "secret"}]},
    "sensitiveInformationPolicy": {"piiEntities": [{"type": "EMAIL", "action": "ANONYMIZE"}]},
}


def guard(**more: Any) -> inline.Inline:
    return inline.Inline(MADE, **more)


def done(text: str) -> Completion:
    return Completion(text, 3, 4, "end_turn")


def test_a_blocked_prompt_is_answered_without_the_model() -> None:
    assert guard().ask(Prompt(("a secret",))) == Completion("input blocked", 0, 0, "guardrail_intervened")


def test_every_turn_is_judged_and_masked_but_not_the_system_text() -> None:
    seen = guard().ask(Prompt(("I am jo@example.org", "Hello", "Who am I?"), system="the secret"))
    assert seen == Prompt(("I am {EMAIL}", "Hello", "Who am I?"), system="the secret")


def test_marked_parts_alone_are_judged_and_masked() -> None:
    prompt = Prompt(("a secret of jo@example.org",))
    assert guard().ask(prompt, ["jo@example.org"]) == Prompt(("a secret of {EMAIL}",))
    assert isinstance(guard().ask(prompt, ["a secret"]), Completion)


@pytest.mark.parametrize(
    ("said", "given", "reason"),
    [
        ("fine", "fine", "end_turn"),
        ("my secret", "output blocked", "guardrail_intervened"),
        ("ask jo@example.org", "ask {EMAIL}", "guardrail_intervened"),
    ],
)
def test_an_answer_is_passed_masked_or_blocked(said: str, given: str, reason: str) -> None:
    assert guard().answer(done(said)) == Completion(given, 3, 4, reason)


def test_the_trace_is_returned_if_enabled() -> None:
    silent, traced = guard(), guard(trace=True)
    for each in (silent, traced):
        each.ask(Prompt(("fine",)))
        each.answer(done("my secret"))
    assert silent.converse_trace() == {}
    assert silent.invoke_members() == {"amazon-bedrock-guardrailAction": "INTERVENED"}
    trace = traced.converse_trace()["trace"]["guardrail"]
    assert (trace["modelOutput"], "inputAssessment" in trace) == (["my secret"], False)
    assert trace["outputAssessments"]["g1"][0]["wordPolicy"]["customWords"][0]["match"] == "secret"
    assert set(traced.invoke_members()["amazon-bedrock-trace"]["guardrail"]) == {"outputs"}


def test_the_evidence_reports_the_judgements() -> None:
    made = guard()
    made.ask(Prompt(("fine",)))
    assert made.detail() == {"arn": "arn:g1", "action": "NONE", "not_judged": []}
    assert made.stand_in is None


def test_marked_content_is_read_from_messages_and_the_system_text() -> None:
    marked = {"guardContent": {"text": {"text": "x"}}}
    assert inline.marked([{"content": [{"text": "y"}]}]) is None
    assert inline.marked([{"content": [{"text": "y"}, marked]}], [marked]) == ["x", "x"]
