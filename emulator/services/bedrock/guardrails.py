"""Guardrails, emulated: evaluate the policies of a guardrail by rules. Pure.

Words, regular expressions and personal data of a fixed form are judged as AWS judges them. AWS uses a model for topics
and harmful content; here shared words and short lists decide, which is a stand-in. What cannot be judged at all is
listed in `not_judged`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.services.bedrock import sensitive
from emulator.services.bedrock.text_model import STOP_WORDS, WORD

NAME = "word-guard-1"
UNIT = 1000
"""Characters of one text unit, the unit of billing."""
STRENGTHS = {"NONE": (), "LOW": ("HIGH",), "MEDIUM": ("HIGH", "MEDIUM"), "HIGH": ("HIGH", "MEDIUM", "LOW")}
"""Confidences that a filter blocks, by its strength."""
HARMFUL = {
    "INSULTS": "idiot idiots moron morons stupid imbecile loser losers pathetic",
    "HATE": "subhuman vermin inferior exterminate",
    "VIOLENCE": "kill murder stab shoot bomb massacre slaughter",
    "SEXUAL": "porn pornographic nude explicit",
    "MISCONDUCT": "launder counterfeit hack phishing malware smuggle",
}
ATTACK = re.compile(
    r"(ignore|disregard|forget)\s+(all\s+|any\s+)?(the\s+|your\s+)?(previous|prior|above|earlier)\s+"
    r"(instructions|prompts|rules)|reveal\s+(your|the)\s+system\s+prompt|pretend\s+you\s+have\s+no\s+(rules|limits)",
    re.IGNORECASE,
)
PROFANITY = frozenset(["damn", "crap", "shit", "fuck", "bitch", "bastard", "asshole"])
SHARED_WORDS = 2
"""Words of a topic that a text must share to be about it, unless it contains the topic's name."""


class BadPattern(Exception):
    """A regular expression of the guardrail that cannot be read."""


@dataclass
class Judgement:
    """The findings in all texts together."""

    blocked: bool = False
    masked: list[str] = field(default_factory=list)
    assessment: dict[str, Any] = field(default_factory=dict)
    not_judged: list[str] = field(default_factory=list)
    by_stand_in: bool = False
    """Whether a policy took part that AWS judges by a model."""

    @property
    def intervened(self) -> bool:
        return self.blocked or bool(self.assessment and _actions(self.assessment) & {"ANONYMIZED"})

    def note(self, policy: str, group: str, matches: list[dict[str, Any]]) -> None:
        if matches:
            self.assessment.setdefault(policy, {}).setdefault(group, []).extend(matches)
            self.blocked = self.blocked or any(each["action"] == "BLOCKED" for each in matches)


def judge(guardrail: Mapping[str, Any], source: str, texts: Sequence[str]) -> Judgement:
    """Judge texts. `guardrail` is GetGuardrail's output; `source` is INPUT or OUTPUT. Raise `BadPattern`."""
    result = Judgement(masked=list(texts))
    text = "\n".join(texts)
    _words(guardrail.get("wordPolicy") or {}, source, text, result)
    _topics(guardrail.get("topicPolicy") or {}, source, text, result)
    _content(guardrail.get("contentPolicy") or {}, source, text, result)
    _sensitive(guardrail.get("sensitiveInformationPolicy") or {}, source, result)
    if guardrail.get("contextualGroundingPolicy"):
        result.not_judged.append("contextualGroundingPolicy")
    return result


def response(guardrail: Mapping[str, Any], source: str, texts: Sequence[str], judgement: Judgement) -> dict[str, Any]:
    """Return ApplyGuardrail's output."""
    message = guardrail["blockedInputMessaging" if source == "INPUT" else "blockedOutputsMessaging"]
    outputs = [message] if judgement.blocked else judgement.masked if judgement.intervened else []
    return {
        "usage": usage(guardrail, texts),
        "action": "GUARDRAIL_INTERVENED" if judgement.intervened else "NONE",
        "actionReason": "Guardrail blocked." if judgement.blocked else "Guardrail masked." if outputs else "No action.",
        "outputs": [{"text": text} for text in outputs],
        "assessments": [judgement.assessment] if judgement.assessment else [],
    }


def usage(guardrail: Mapping[str, Any], texts: Sequence[str]) -> dict[str, int]:
    """Return text units by policy: a thousand characters each, at least one."""
    units = max(1, math.ceil(sum(map(len, texts)) / UNIT))
    data = guardrail.get("sensitiveInformationPolicy") or {}
    return {
        "topicPolicyUnits": units if guardrail.get("topicPolicy") else 0,
        "contentPolicyUnits": units if guardrail.get("contentPolicy") else 0,
        "wordPolicyUnits": units if guardrail.get("wordPolicy") else 0,
        "sensitiveInformationPolicyUnits": units if data.get("piiEntities") else 0,
        "sensitiveInformationPolicyFreeUnits": units if data.get("regexes") else 0,
        "contextualGroundingPolicyUnits": 0,
    }


def _action(config: Mapping[str, Any], source: str, default: str = "BLOCK") -> str | None:
    """Return the policy's action on this side; `None` if the policy does not apply to it."""
    side = "input" if source == "INPUT" else "output"
    if config.get(f"{side}Enabled") is False:
        return None
    action = config.get(f"{side}Action") or config.get("action") or default
    return {"BLOCK": "BLOCKED", "ANONYMIZE": "ANONYMIZED"}.get(action, "NONE")


def _words(policy: Mapping[str, Any], source: str, text: str, result: Judgement) -> None:
    matches = []
    for word in policy.get("words") or ():
        action = _action(word, source)
        hit = re.search(rf"(?<!\w){re.escape(word['text'])}(?!\w)", text, re.IGNORECASE)
        if action and hit:
            matches.append({"match": hit[0], "action": action, "detected": True})
    result.note("wordPolicy", "customWords", matches)
    for words in policy.get("managedWordLists") or ():
        action = _action(words, source)
        result.by_stand_in = True
        if action:
            hits = dict.fromkeys(word for word in _lower_words(text) if word in PROFANITY)
            matches = [{"match": word, "type": words["type"], "action": action, "detected": True} for word in hits]
            result.note("wordPolicy", "managedWordLists", matches)


def _topics(policy: Mapping[str, Any], source: str, text: str, result: Judgement) -> None:
    for topic in policy.get("topics") or ():
        action = _action(topic, source)
        result.by_stand_in = True
        if action and _is_about(text, topic):
            match = {"name": topic["name"], "type": topic.get("type", "DENY"), "action": action, "detected": True}
            result.note("topicPolicy", "topics", [match])


def _is_about(text: str, topic: Mapping[str, Any]) -> bool:
    stems = _stems(text)
    name = _stems(re.sub(r"[_-]", " ", str(topic["name"])))
    description = " ".join([str(topic.get("definition", "")), *map(str, topic.get("examples") or ())])
    return bool(name and name <= stems) or len(_stems(description) & stems) >= SHARED_WORDS


def _content(policy: Mapping[str, Any], source: str, text: str, result: Judgement) -> None:
    for each in policy.get("filters") or ():
        kind, side = each["type"], "inputStrength" if source == "INPUT" else "outputStrength"
        strength, action = str(each.get(side, "NONE")), _action(each, source)
        if strength == "NONE" or action is None:
            continue
        result.by_stand_in = True
        if kind == "PROMPT_ATTACK":
            hits = 2 * len(ATTACK.findall(text))
        else:
            hits = sum(word in HARMFUL.get(kind, "").split() for word in _lower_words(text))
        confidence = "NONE" if not hits else "MEDIUM" if hits == 1 else "HIGH"
        if confidence in STRENGTHS[strength]:
            match = {"type": kind, "confidence": confidence, "filterStrength": strength}
            result.note("contentPolicy", "filters", [{**match, "action": action, "detected": True}])


def _sensitive(policy: Mapping[str, Any], source: str, result: Judgement) -> None:
    for entity in policy.get("piiEntities") or ():
        kind, action = entity["type"], _action(entity, source)
        if kind not in sensitive.FORMS:
            result.not_judged.append(kind)
        elif action:
            _mask(result, "piiEntities", {"type": kind}, kind, action, lambda text, k=kind: sensitive.find(k, text))
    for regex in policy.get("regexes") or ():
        action = _action(regex, source)
        try:
            pattern = re.compile(regex["pattern"])
        except re.error as error:
            raise BadPattern(f"the regular expression {regex['name']} cannot be read: {error}") from error
        if action:
            named = {"name": regex["name"], "regex": regex["pattern"]}
            _mask(
                result,
                "regexes",
                named,
                regex["name"],
                action,
                lambda text, p=pattern: (m[0] for m in p.finditer(text)),
            )


def _mask(result: Judgement, group: str, named: dict[str, Any], label: str, action: str, find: Any) -> None:
    """Note the matches of `find`, and replace them by the label if they are to be masked."""
    for index, text in enumerate(result.masked):
        matches = [match for match in dict.fromkeys(find(text)) if match]
        noted = [{"match": match, **named, "action": action, "detected": True} for match in matches]
        result.note("sensitiveInformationPolicy", group, noted)
        if action == "ANONYMIZED":
            for match in sorted(matches, key=len, reverse=True):
                text = text.replace(match, f"{{{label}}}")
            result.masked[index] = text


def _actions(assessment: Mapping[str, Any]) -> set[str]:
    return {match["action"] for policy in assessment.values() for group in policy.values() for match in group}


def _lower_words(text: str) -> Iterable[str]:
    return [word.lower() for word in WORD.findall(text)]


def _stems(text: str) -> set[str]:
    """Return the words that carry meaning, without their endings."""
    endings = re.compile(r"(ments?|ings?|ions?|ers?|ed|es|s)$")
    words = (word for word in _lower_words(text) if word not in STOP_WORDS and len(word) > 3)
    return {endings.sub("", word) if len(endings.sub("", word)) > 3 else word for word in words}
