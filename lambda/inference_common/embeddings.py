"""Build and parse InvokeModel bodies of Bedrock's embedding models. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference_common.errors import BadRequest, MalformedAnswer
from inference_common.model_answers import vector


@dataclass(frozen=True)
class Embedder:
    """An embedding model; one call takes up to `batch` texts."""

    batch: int
    write: Callable[[Sequence[str], Mapping[str, Any]], dict[str, Any]]
    read: Callable[[Any], Any]
    parameters: tuple[str, ...] = ()


def of(model: str) -> Embedder:
    for marker, embedder in EMBEDDERS:
        if marker in model:
            return embedder
    raise BadRequest("the model behind this blueprint makes no embeddings", "model")


def makes(model: str) -> bool:
    """Return whether this is an embedding model."""
    return any(marker in model for marker, _ in EMBEDDERS)


def _titan(texts: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"inputText": texts[0], **({"dimensions": parameters["dimensions"]} if "dimensions" in parameters else {})}


def _from_titan(answer: Any) -> Any:
    return [answer["embedding"]]


def _cohere(texts: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"texts": list(texts), "input_type": parameters.get("input_type", "search_document")}


def _from_cohere(answer: Any) -> Any:
    embeddings = answer["embeddings"]
    return embeddings["float"] if isinstance(embeddings, Mapping) else embeddings


EMBEDDERS: tuple[tuple[str, Embedder], ...] = (
    ("amazon.titan-embed-text-v2", Embedder(1, _titan, _from_titan, ("dimensions",))),
    ("amazon.titan-embed", Embedder(1, _titan, _from_titan)),
    ("cohere.embed", Embedder(96, _cohere, _from_cohere, ("input_type",))),
)


def vectors(embedder: Embedder, answer: Any, expected: int) -> list[list[float]]:
    try:
        embeddings = embedder.read(answer)
    except (KeyError, IndexError, TypeError):
        raise MalformedAnswer("the model's answer holds no embedding") from None
    if not isinstance(embeddings, list) or len(embeddings) != expected:
        raise MalformedAnswer(f"the model did not answer with {expected} embeddings")
    return [vector(each) for each in embeddings]
