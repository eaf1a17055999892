"""A text model of a few dozen lines: it reads the prompt, weighs its words and writes about them.

The answer depends on the prompt (its sentiment, its key terms, its instructions) and, above temperature 0, on
chance. At temperature 0 the same prompt gets the same answer.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

NAME = "prompt-reader-1"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


POSITIVE = _words(
    """
    amazing beautiful best brilliant charming delightful easy enjoy enjoyed excellent fantastic fine
    fun good great happy impressed love loved lovely nice outstanding perfect pleased recommend
    reliable satisfied solid superb superior wonderful works worth
    """
)
NEGATIVE = _words(
    """
    annoying awful bad boring broke broken cheap defective disappointed disappointing dull fail
    failed fails frustrating garbage hate hated horrible mess poor poorly refund regret returned sad
    slow stopped terrible ugly unreliable useless waste wasted weak worse worst
    """
)
NEGATIONS = _words(
    """
    no not never hardly without isn't wasn't don't doesn't didn't can't cannot won't
    """
)
STOP_WORDS = _words(
    """
    a about after all also an and any are as at be because been but by can classify could did do
    does following for from give had has have how i if in into is it its just label me more most my
    of on one or our out please review reviews say sentence sentiment should so some sentences text
    than that the their them then there these they this to up us very was we were what when where
    whether which who why will with word words would write you your
    """
)
SENTENCES = {
    "positive": (
        "The text is positive: {evidence}.",
        "Overall this reads as positive; {evidence}.",
        "A positive text, judging by its words: {evidence}.",
    ),
    "negative": (
        "The text is negative: {evidence}.",
        "Overall this reads as negative; {evidence}.",
        "A negative text, judging by its words: {evidence}.",
    ),
    "neutral": (
        "The text takes no side; it is about {terms}.",
        "Nothing here is clearly positive or negative; the subject is {terms}.",
        "It is about {terms}, without a verdict.",
    ),
}
CLOSINGS = ("It mainly mentions {terms}.", "Its key terms are {terms}.", "What it dwells on: {terms}.")

TOKEN = re.compile(r"\w+|[^\w\s]")
WORD = re.compile(r"[^\W\d_][\w'-]*")
ONE_WORD = re.compile(r"\b(one|single) word\b|\bonly (positive|negative)\b|\bclassif(y|ication)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Prompt:
    """One request, from any API. `turns` are the texts of the conversation, oldest first."""

    turns: tuple[str, ...]
    system: str = ""
    max_tokens: int = 512
    temperature: float = 0.0
    stop_sequences: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Completion:
    text: str
    input_tokens: int
    output_tokens: int
    stop_reason: str
    """`end_turn`, `max_tokens` or `stop_sequence`; `guardrail_intervened` if a guardrail replaced the text."""


def count_tokens(text: str) -> int:
    return len(TOKEN.findall(text))


def complete(prompt: Prompt) -> Completion:
    """Answer the last turn."""
    last = prompt.turns[-1] if prompt.turns else ""
    everything = "\n".join((prompt.system, *prompt.turns))
    chosen = partial(_chance, everything, prompt.temperature)
    text, stop_reason = _limited(_answer(last, f"{prompt.system}\n{last}", chosen), prompt)
    return Completion(text, count_tokens(everything), count_tokens(text), stop_reason)


def sentiment(text: str) -> tuple[str, list[str]]:
    """Return `positive`, `negative` or `neutral`, and the words that show it. A negation inverts the next words."""
    balance, evidence = 0, []
    words = [word.lower() for word in WORD.findall(text)]
    for index, word in enumerate(words):
        value = (word in POSITIVE) - (word in NEGATIVE)
        if value:
            negated = next((before for before in words[max(0, index - 2) : index] if before in NEGATIONS), None)
            balance += -value if negated else value
            evidence.append(f"{negated} {word}" if negated else word)
    return ("positive" if balance > 0 else "negative" if balance < 0 else "neutral"), evidence


def key_terms(text: str, count: int = 3) -> list[str]:
    """Return the most frequent words that carry meaning, in the order of their first occurrence."""
    words = [word.lower() for word in WORD.findall(text)]
    counted = Counter(word for word in words if word not in STOP_WORDS and len(word) > 2)
    top = {word for word, _ in counted.most_common(count)}
    return [word for word in dict.fromkeys(words) if word in top]


def _answer(last: str, instructions: str, chosen: Callable[[], random.Random]) -> str:
    verdict, signals = sentiment(last)
    if ONE_WORD.search(instructions):
        return verdict
    chance = chosen()  # takes longer than all else, and a verdict leaves nothing to choose
    terms = ", ".join(key_terms(last)) or "nothing in particular"
    evidence = "it says " + ", ".join(f"'{word}'" for word in dict.fromkeys(signals)) if signals else ""
    first = chance.choice(SENTENCES[verdict]).format(evidence=evidence, terms=terms)
    return first if verdict == "neutral" else f"{first} {chance.choice(CLOSINGS).format(terms=terms)}"


def _chance(text: str, temperature: float) -> random.Random:
    if temperature > 0:
        return random.Random()
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def _limited(text: str, prompt: Prompt) -> tuple[str, str]:
    """Cut at the first stop sequence and at the token limit."""
    stop_reason = "end_turn"
    stops = [text.index(stop) for stop in prompt.stop_sequences if stop and stop in text]
    if stops:
        text, stop_reason = text[: min(stops)], "stop_sequence"
    tokens = list(TOKEN.finditer(text))
    if len(tokens) > prompt.max_tokens:
        text, stop_reason = text[: tokens[prompt.max_tokens - 1].end()], "max_tokens"
    return text, stop_reason
