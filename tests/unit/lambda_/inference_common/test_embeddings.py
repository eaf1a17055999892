"""Build and parse bodies of Bedrock's embedding models."""

from __future__ import annotations

import pytest

from inference_common import embeddings, errors


def test_cohere_embeds_many_texts_at_once() -> None:
    embedder = embeddings.of("cohere.embed-multilingual-v3")
    assert embedder.batch == 96
    assert embedder.write(["a", "b"], {}) == {"texts": ["a", "b"], "input_type": "search_document"}
    assert embeddings.vectors(embedder, {"embeddings": [[1.0], [2.0]]}, 2) == [[1.0], [2.0]]
    assert embeddings.vectors(embedder, {"embeddings": {"float": [[1.0]]}}, 1) == [[1.0]]
    for broken in ({}, {"embeddings": [[1.0]]}, {"embeddings": [["x"], [1.0]]}):
        with pytest.raises(errors.MalformedAnswer):
            embeddings.vectors(embedder, broken, 2)
