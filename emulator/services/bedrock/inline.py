"""A guardrail inside a model call, as Converse and InvokeModel take it: it judges what is asked, and what is answered.

The judge is ApplyGuardrail's. A text that is blocked never reaches the model; one that is masked reaches it masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.services.bedrock import guardrails
from emulator.services.bedrock.guardrails import Judgement
from emulator.services.bedrock.text_model import Completion, Prompt

STOP_REASON = "guardrail_intervened"
TAGGED = "amazon-bedrock-guardrailConfig"
"""Member of a body of InvokeModel that says which parts of the prompt to judge; not available here."""


@dataclass
class Inline:
    """One model call under a guardrail, which is what GetGuardrail shows."""

    guardrail: Mapping[str, Any]
    trace: bool = False
    asked: Judgement | None = None
    answered: Judgement | None = None
    said: str = field(default="", repr=False)
    """What the model answered before it was judged."""

    def ask(self, prompt: Prompt, marked: Sequence[str] | None = None) -> Prompt | Completion:
        """The prompt as the model may see it, or what the caller gets without the model.

        Args:
            prompt: the whole request.
            marked: parts to be judged alone; `None`: everything but the system's text is judged.
        """
        texts = list(prompt.turns if marked is None else marked)
        if not texts:
            return prompt
        self.asked = guardrails.judge(self.guardrail, "INPUT", texts)
        if self.asked.blocked:
            return Completion(str(self.guardrail["blockedInputMessaging"]), 0, 0, STOP_REASON)
        if marked is None:
            return replace(prompt, turns=tuple(self.asked.masked))
        turns = list(prompt.turns)
        for before, after in zip(texts, self.asked.masked, strict=True):
            turns = [turn.replace(before, after) for turn in turns]
        return replace(prompt, turns=tuple(turns))

    def answer(self, done: Completion) -> Completion:
        """What the caller gets of the model's answer."""
        self.said = done.text
        self.answered = guardrails.judge(self.guardrail, "OUTPUT", [done.text])
        if self.answered.blocked:
            return replace(done, text=str(self.guardrail["blockedOutputsMessaging"]), stop_reason=STOP_REASON)
        if self.answered.intervened:
            return replace(done, text=self.answered.masked[0], stop_reason=STOP_REASON)
        return done

    @property
    def intervened(self) -> bool:
        return any(each.intervened for each in self._judgements())

    @property
    def stand_in(self) -> str | None:
        """Name of the stand-in, where a policy took part that only a model could judge rightly."""
        taken_part = any(each.by_stand_in or each.not_judged for each in self._judgements())
        return guardrails.NAME if taken_part else None

    def detail(self) -> dict[str, Any]:
        """What the evidence says."""
        not_judged = sorted({kind for each in self._judgements() for kind in each.not_judged})
        action = "GUARDRAIL_INTERVENED" if self.intervened else "NONE"
        return {"arn": str(self.guardrail["guardrailArn"]), "action": action, "not_judged": not_judged}

    def converse_trace(self) -> dict[str, Any]:
        """Member `trace` of an answer of Converse, where one was asked for."""
        if not self.trace:
            return {}
        found = self._assessments()
        trace: dict[str, Any] = {}
        if "input" in found:
            trace["inputAssessment"] = {self._id: found["input"]}
        if "output" in found:
            trace["outputAssessments"] = {self._id: [found["output"]]}
        if self.answered is not None and self.answered.intervened:
            trace["modelOutput"] = [self.said]
        return {"trace": {"guardrail": trace}}

    def invoke_members(self) -> dict[str, Any]:
        """What InvokeModel adds to the body of the model's family."""
        members: dict[str, Any] = {"amazon-bedrock-guardrailAction": "INTERVENED" if self.intervened else "NONE"}
        if self.trace:
            found = self._assessments()
            trace: dict[str, Any] = {}
            if "input" in found:
                trace["input"] = {self._id: found["input"]}
            if "output" in found:
                trace["outputs"] = [{self._id: found["output"]}]
            members["amazon-bedrock-trace"] = {"guardrail": trace}
        return members

    @property
    def _id(self) -> str:
        return str(self.guardrail["guardrailId"])

    def _judgements(self) -> Iterable[Judgement]:
        return [each for each in (self.asked, self.answered) if each is not None]

    def _assessments(self) -> dict[str, dict[str, Any]]:
        sides = {"input": self.asked, "output": self.answered}
        return {side: each.assessment for side, each in sides.items() if each is not None and each.assessment}


def marked(messages: Sequence[Mapping[str, Any]], system: Sequence[Mapping[str, Any]] = ()) -> list[str] | None:
    """Texts of the blocks `guardContent` of Converse; `None` where there are none, and everything is judged."""
    blocks = [block for message in messages for block in message.get("content") or ()] + list(system)
    texts = [str(block["guardContent"]["text"]["text"]) for block in blocks if "guardContent" in block]
    return texts or None
