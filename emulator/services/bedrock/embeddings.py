"""Emulated embeddings: words and parts of words, hashed into a vector. Declared as a stand-in.

Texts that share words are close to each other, the same text always gets the same vector, and its length is 1.
The meaning of words has no influence.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.services.bedrock.conversation import InvalidRequest
from emulator.services.bedrock.text_model import STOP_WORDS, WORD, count_tokens

NAME = "word-hasher-1"
PART = 4
"""Letters of a part of a word; parts make `battery` and `batteries` similar."""
WORD_WEIGHT, PART_WEIGHT, STOP_WEIGHT = 1.0, 0.3, 0.1
MOST_CHARACTERS = 50_000
COHERE_TEXTS = 96
COHERE_TYPES = ("search_document", "search_query", "classification", "clustering")
TITAN_V2_DIMENSIONS = (256, 512, 1024)

Vector = list[float]


@dataclass(frozen=True)
class Embedded:
    body: dict[str, Any]
    tokens: int


@dataclass(frozen=True)
class Family:
    embed: Callable[[Mapping[str, Any]], Embedded]


def of(model_id: str) -> Family | None:
    """Return the family of a model; `None` if it makes no embeddings."""
    return next((family for marker, family in FAMILIES if marker in model_id), None)


def vector(text: str, dimensions: int, *, normalize: bool = True) -> Vector:
    values = [0.0] * dimensions
    for word in WORD.findall(text.lower()) or [text]:
        weight = STOP_WEIGHT if word in STOP_WORDS else WORD_WEIGHT
        _add(values, word, weight)
        padded = f"^{word}$"
        for start in range(len(padded) - PART + 1):
            _add(values, padded[start : start + PART], weight * PART_WEIGHT)
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [value / length for value in values] if normalize else values


def _add(values: Vector, feature: str, weight: float) -> None:
    digest = hashlib.sha256(feature.encode()).digest()
    place = int.from_bytes(digest[:4], "big") % len(values)
    values[place] += weight if digest[4] & 1 else -weight


def _titan_v2(body: Mapping[str, Any]) -> Embedded:
    text = _text(body.get("inputText"), "inputText")
    _no_others(body, ("inputText", "dimensions", "normalize", "embeddingTypes"))
    dimensions = body.get("dimensions", 1024)
    if isinstance(dimensions, bool) or dimensions not in TITAN_V2_DIMENSIONS:
        allowed = ", ".join(map(str, TITAN_V2_DIMENSIONS))
        raise InvalidRequest(f"Malformed input request: #/dimensions: {dimensions} is not one of {allowed}")
    made = vector(text, dimensions, normalize=body.get("normalize", True) is not False)
    by_type: dict[str, Any] = {"float": made, "binary": [int(value > 0) for value in made]}
    types = body.get("embeddingTypes", ["float"])
    if not isinstance(types, list) or not types or not set(types) <= set(by_type):
        raise InvalidRequest("Malformed input request: #/embeddingTypes: known are float, binary")
    tokens = count_tokens(text)
    answer: dict[str, Any] = {"embeddingsByType": {name: by_type[name] for name in types}}
    answer["inputTextTokenCount"] = tokens
    return Embedded({"embedding": made, **answer} if "float" in types else answer, tokens)


def _titan_v1(body: Mapping[str, Any]) -> Embedded:
    text = _text(body.get("inputText"), "inputText")
    _no_others(body, ("inputText",))
    tokens = count_tokens(text)
    return Embedded({"embedding": vector(text, 1536), "inputTextTokenCount": tokens}, tokens)


def _cohere(body: Mapping[str, Any]) -> Embedded:
    _no_others(body, ("texts", "input_type", "truncate", "embedding_types"))
    texts = body.get("texts")
    if not isinstance(texts, list) or not 0 < len(texts) <= COHERE_TEXTS:
        raise InvalidRequest(f"Malformed input request: #/texts: expected 1 to {COHERE_TEXTS} texts")
    if body.get("input_type") not in COHERE_TYPES:
        raise InvalidRequest(f"Malformed input request: #/input_type: must be one of {', '.join(COHERE_TYPES)}")
    made = [vector(_text(text, "texts"), 1024) for text in texts]
    answer = {"id": _name(texts), "texts": list(texts)}
    tokens = sum(map(count_tokens, texts))
    kinds = body.get("embedding_types")
    if kinds is None:
        return Embedded({**answer, "response_type": "embeddings_floats", "embeddings": made}, tokens)
    by_type = {"float": made, "binary": [[int(value > 0) for value in one] for one in made]}
    if not isinstance(kinds, list) or not kinds or not set(kinds) <= set(by_type):
        raise InvalidRequest("Malformed input request: #/embedding_types: known here are float, binary")
    chosen = {kind: by_type[kind] for kind in kinds}
    return Embedded({**answer, "response_type": "embeddings_by_type", "embeddings": chosen}, tokens)


def _name(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]


def _text(value: Any, member: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"Malformed input request: #/{member}: expected minLength: 1, actual: 0")
    if len(value) > MOST_CHARACTERS:
        raise InvalidRequest(f"Malformed input request: expected maxLength: {MOST_CHARACTERS}, actual: {len(value)}")
    return value


def _no_others(body: Mapping[str, Any], known: tuple[str, ...]) -> None:
    others = sorted(set(body) - set(known))
    if others:
        raise InvalidRequest(f"Malformed input request: extraneous key [{others[0]}] is not permitted")


FAMILIES: tuple[tuple[str, Family], ...] = (
    ("amazon.titan-embed-text-v2", Family(_titan_v2)),
    ("amazon.titan-embed-text-v1", Family(_titan_v1)),
    ("cohere.embed-english", Family(_cohere)),
    ("cohere.embed-multilingual", Family(_cohere)),
)
