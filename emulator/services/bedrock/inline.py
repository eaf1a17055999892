"""A guardrail inside a model call of Converse or InvokeModel: it judges the prompt and the answer.

It judges as ApplyGuardrail does. A blocked text never reaches the model, and a masked one reaches it masked.
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
"""Member of a body of InvokeModel that marks the parts of the prompt to judge; not supported here."""


@dataclass
class Inline:
    """One model call under a guardrail, which is GetGuardrail's output."""

    guardrail: Mapping[str, Any]
    trace: bool = False
    input: Judgement | None = None
    output: Judgement | None = None
    unguarded: str = field(default="", repr=False)
    """The model's answer before it was judged."""

    def ask(self, prompt: Prompt, marked: Sequence[str] | None = None) -> Prompt | Completion:
        """Return the prompt as the model may see it, or the completion for the caller if it is blocked.

        Args:
            prompt: the whole request.
            marked: parts to be judged alone; `None`: everything but the system's text is judged.
        """
        texts = list(prompt.turns if marked is None else marked)
        if not texts:
            return prompt
        self.input = guardrails.judge(self.guardrail, "INPUT", texts)
        if self.input.blocked:
            return Completion(str(self.guardrail["blockedInputMessaging"]), 0, 0, STOP_REASON)
        if marked is None:
            return replace(prompt, turns=tuple(self.input.masked))
        turns = list(prompt.turns)
        for before, after in zip(texts, self.input.masked, strict=True):
            turns = [turn.replace(before, after) for turn in turns]
        return replace(prompt, turns=tuple(turns))

    def answer(self, done: Completion) -> Completion:
        """Return the model's answer as the caller may see it."""
        self.unguarded = done.text
        self.output = guardrails.judge(self.guardrail, "OUTPUT", [done.text])
        if self.output.blocked:
            return replace(done, text=str(self.guardrail["blockedOutputsMessaging"]), stop_reason=STOP_REASON)
        if self.output.intervened:
            return replace(done, text=self.output.masked[0], stop_reason=STOP_REASON)
        return done

    @property
    def intervened(self) -> bool:
        return any(each.intervened for each in self._judgements())

    @property
    def stand_in(self) -> str | None:
        """Name of the stand-in, if a policy took part that AWS judges by a model."""
        taken_part = any(each.by_stand_in or each.not_judged for each in self._judgements())
        return guardrails.NAME if taken_part else None

    def detail(self) -> dict[str, Any]:
        """Return the detail for the evidence."""
        not_judged = sorted({kind for each in self._judgements() for kind in each.not_judged})
        action = "GUARDRAIL_INTERVENED" if self.intervened else "NONE"
        return {"arn": str(self.guardrail["guardrailArn"]), "action": action, "not_judged": not_judged}

    def converse_trace(self) -> dict[str, Any]:
        """Return the member `trace` of Converse's response, if the request enabled it."""
        if not self.trace:
            return {}
        assessments = self._assessments()
        trace: dict[str, Any] = {}
        if "input" in assessments:
            trace["inputAssessment"] = {self._id: assessments["input"]}
        if "output" in assessments:
            trace["outputAssessments"] = {self._id: [assessments["output"]]}
        if self.output is not None and self.output.intervened:
            trace["modelOutput"] = [self.unguarded]
        return {"trace": {"guardrail": trace}}

    def invoke_members(self) -> dict[str, Any]:
        """Return the members that InvokeModel adds to the body of the model's family."""
        members: dict[str, Any] = {"amazon-bedrock-guardrailAction": "INTERVENED" if self.intervened else "NONE"}
        if self.trace:
            assessments = self._assessments()
            trace: dict[str, Any] = {}
            if "input" in assessments:
                trace["input"] = {self._id: assessments["input"]}
            if "output" in assessments:
                trace["outputs"] = [{self._id: assessments["output"]}]
            members["amazon-bedrock-trace"] = {"guardrail": trace}
        return members

    @property
    def _id(self) -> str:
        return str(self.guardrail["guardrailId"])

    def _judgements(self) -> Iterable[Judgement]:
        return [each for each in (self.input, self.output) if each is not None]

    def _assessments(self) -> dict[str, dict[str, Any]]:
        sides = {"input": self.input, "output": self.output}
        return {side: each.assessment for side, each in sides.items() if each is not None and each.assessment}


def marked(messages: Sequence[Mapping[str, Any]], system: Sequence[Mapping[str, Any]] = ()) -> list[str] | None:
    """Return the texts of Converse's `guardContent` blocks; `None` if there are none, and everything is judged."""
    blocks = [block for message in messages for block in message.get("content") or ()] + list(system)
    texts = [str(block["guardContent"]["text"]["text"]) for block in blocks if "guardContent" in block]
    return texts or None
